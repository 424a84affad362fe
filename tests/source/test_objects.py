"""Objects by their ids: read in any number, in pieces, from many threads, through a process that may die."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import SourceError
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git

from .git_repository import Repository

LARGE = os.urandom(1 << 20) * 5


@pytest.fixture
def objects(origin: Repository) -> Iterator[Objects]:
    with Objects(Git(origin.path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[tuple[str, bytes]], Objects]]:
    """Five hundred blobs, most of them small."""
    origin = Repository(tmp_path_factory.mktemp("objects") / "origin.git")
    contents = [f"content {number}\n".encode() * (number % 50) for number in range(1, 501)]
    origin.commit({f"file-{number:03}": content for number, content in enumerate(contents)})
    ids = [line.split()[2] for line in origin.git("ls-tree", "main").splitlines()]
    with Objects(Git(origin.path)) as opened:
        yield list(zip(ids, contents, strict=True)), opened


@pytest.mark.parametrize("content", [b"", b"\n", b"text", b"\0\xff" * 1000, b"a missing\n" * 100, LARGE])
def test_the_content_comes_byte_by_byte_as_it_was_given(origin: Repository, objects: Objects, content: bytes) -> None:
    oid = origin.blob(content)
    assert objects.read(oid) == content
    pieces: list[bytes] = []
    objects.copy(oid, pieces.append)
    assert b"".join(pieces) == content


def test_a_large_object_is_copied_in_pieces(origin: Repository, objects: Objects) -> None:
    sizes: list[int] = []
    objects.copy(origin.blob(LARGE), lambda piece: sizes.append(len(piece)))
    assert sum(sizes) == len(LARGE)
    assert max(sizes) <= 1 << 20


@settings(max_examples=30, deadline=None)
@given(picked=st.lists(st.integers(0, 499), max_size=700))
def test_any_number_of_objects_is_read_at_once(
    shared: tuple[list[tuple[str, bytes]], Objects], picked: list[int]
) -> None:
    blobs, objects = shared
    wanted = [blobs[place] for place in picked]
    assert objects.read_many(oid for oid, _ in wanted) == dict(wanted)


def test_one_process_answers_all_and_ends_with_close(origin: Repository, objects: Objects) -> None:
    objects.read(origin.blob(b"1"))
    (first,) = _readers(origin)
    objects.read(origin.blob(b"2"))
    assert _readers(origin) == [first]
    objects.close()
    assert _readers(origin) == []


def test_reading_after_close_works_again(origin: Repository, objects: Objects) -> None:
    oid = origin.blob(b"1")
    objects.read(oid)
    objects.close()
    assert objects.read(oid) == b"1"


def test_an_object_that_is_not_there_is_named_and_the_next_is_read(origin: Repository, objects: Objects) -> None:
    oids = [origin.blob(b"1"), "0" * 40, origin.blob(b"2")]
    with pytest.raises(SourceError, match=f"the repository has no object {'0' * 40}"):
        objects.read_many(oids)
    assert objects.read(oids[2]) == b"2"


@pytest.mark.parametrize("oid", ["", "HEAD", "main:a", "0" * 39, "0" * 40 + "\n", "-p", "0" * 40 + "\nHEAD"])
def test_only_ids_of_objects_are_asked_for(objects: Objects, oid: str) -> None:
    with pytest.raises(SourceError, match="is not an object id"):
        objects.read(oid)


def test_an_object_beyond_the_limit_is_refused_before_it_is_read(origin: Repository, objects: Objects) -> None:
    oids = [origin.blob(b"12345"), origin.blob(b"123456"), origin.blob(b"1")]
    with pytest.raises(SourceError, match=f"the object {oids[1]} has 6 bytes, more than the 5 allowed"):
        objects.read_many(oids, limit=5)
    assert objects.read_many([oids[0], oids[2]], limit=5) == {oids[0]: b"12345", oids[2]: b"1"}


def test_a_reader_that_was_killed_is_started_again(origin: Repository, objects: Objects) -> None:
    oid = origin.blob(b"1")
    objects.read(oid)
    for reader in _readers(origin):
        reader.kill()
    assert objects.read(oid) == b"1"


def test_a_reader_that_dies_in_the_midst_of_a_copy_is_an_error_of_the_source(
    origin: Repository, objects: Objects
) -> None:
    def kill(_: bytes) -> None:
        for reader in _readers(origin):
            reader.kill()
            reader.wait()

    oid = origin.blob(LARGE)
    with pytest.raises(SourceError, match="git ended while objects were read"):
        objects.copy(oid, kill)
    assert objects.read(oid) == LARGE


def test_a_damaged_object_is_an_error_of_the_source_and_others_are_still_read(
    origin: Repository, objects: Objects
) -> None:
    damaged, whole = origin.blob(LARGE), origin.blob(b"whole")
    loose = origin.path / "objects" / damaged[:2] / damaged[2:]
    loose.chmod(0o644)
    content = loose.read_bytes()
    loose.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError):
        objects.read(damaged)
    assert objects.read(whole) == b"whole"


def test_who_fails_to_write_a_copy_does_not_disturb_the_next_reading(origin: Repository, objects: Objects) -> None:
    def full(_: bytes) -> None:
        raise OSError("no space left")

    oid = origin.blob(LARGE)
    with pytest.raises(OSError, match="no space left"):
        objects.copy(oid, full)
    assert objects.read(origin.blob(b"1")) == b"1"


def test_threads_do_not_get_each_others_answers(shared: tuple[list[tuple[str, bytes]], Objects]) -> None:
    blobs, objects = shared
    together = threading.Barrier(4)

    def read(part: int) -> bool:
        together.wait()
        mine = blobs[part * 100 : part * 100 + 100]
        return all(objects.read(oid) == content for oid, content in mine) and objects.read_many(
            oid for oid, _ in mine
        ) == dict(mine)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(4)))


def _readers(origin: Repository) -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [process for process in found if f"--git-dir={origin.path}" in process.cmdline()]
