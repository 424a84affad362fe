"""The store of outputs: under the digest of their content, read-only, whole or absent."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.errors import StepError
from reconciler.state.outputs import Outputs, digest_of_path, remove, size_of


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    (tmp_path / "outputs").mkdir()
    return Outputs(tmp_path / "outputs")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Where a step writes its output."""
    folder = tmp_path / "work" / "out"
    folder.mkdir(parents=True)
    return folder


def fill(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_taken_over_under_the_hash_of_its_bytes(outputs: Outputs, made: Path) -> None:
    (made / "model").write_bytes(b"weights")
    digest = outputs.store(made / "model")
    assert digest == hashlib.sha256(b"weights").hexdigest()
    assert outputs.has(digest)
    assert outputs.path(digest).read_bytes() == b"weights"
    assert not (made / "model").exists()


def test_a_folder_is_taken_over_as_a_whole(outputs: Outputs, made: Path) -> None:
    files = {"a": b"1", "b/c": b"2", "b/d/e": b""}
    digest = outputs.store(fill(made, files))
    assert read(outputs.path(digest)) == files
    assert not made.exists()


def test_what_is_stored_is_read_only_and_programs_can_be_run(outputs: Outputs, made: Path) -> None:
    fill(made, {"a/b": b"1", "program": b"2"})
    (made / "program").chmod(0o755)
    stored = outputs.path(outputs.store(made))
    modes = {path: path.stat().st_mode & 0o777 for path in (stored, *stored.rglob("*"))}
    assert modes == {stored: 0o555, stored / "a": 0o555, stored / "a/b": 0o444, stored / "program": 0o555}


def test_the_same_content_is_kept_once_and_the_second_copy_is_gone(outputs: Outputs, tmp_path: Path) -> None:
    digests = {outputs.store(fill(tmp_path / name, {"a/b": b"1"})) for name in ("one", "other")}
    assert len(digests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]


def test_an_output_that_is_empty_is_an_output(outputs: Outputs, made: Path) -> None:
    (made.parent / "file").touch()
    file, folder = outputs.store(made.parent / "file"), outputs.store(made)
    assert outputs.path(file).read_bytes() == b""
    assert list(outputs.path(folder).iterdir()) == []
    assert outputs.store(fill(made, {})) == folder


def test_what_was_never_stored_is_not_there(outputs: Outputs) -> None:
    assert not outputs.has("0" * 64)


def test_steps_that_give_the_same_content_at_once_all_find_it_whole(outputs: Outputs, tmp_path: Path) -> None:
    files = {f"folder/{number}": str(number).encode() for number in range(50)}
    folders = [fill(tmp_path / str(number), files) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(outputs.store, folders))
    assert len(digests) == 1
    (digest,) = digests
    assert read(outputs.path(digest)) == files
    assert os.listdir(outputs.path(digest).parent) == [digest]  # noqa: PTH208 - hidden files count


_NAME = st.sampled_from(["a", "b", "ü", "a b", "new\nline"])
_FILES = st.dictionaries(
    st.one_of(_NAME, st.tuples(st.sampled_from(["f", "g"]), _NAME).map("/".join)), st.binary(max_size=2), max_size=4
)


@settings(max_examples=60)
@given(one=_FILES, other=_FILES)
def test_digests_are_equal_exactly_where_contents_are(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = fill(Path(folder) / "one", one), fill(Path(folder) / "other", other)
        assert (digest_of_path(first) == digest_of_path(second)) == (one == other)


def test_storing_changes_nothing_of_the_digest(outputs: Outputs, made: Path) -> None:
    fill(made, {"a/b": b"1", "c": b"2"})
    (made / "link").symlink_to("a/b")
    before = digest_of_path(made)
    assert outputs.store(made) == before
    assert digest_of_path(outputs.path(before)) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "b"), ("folder-a", "folder-b"), ("a", "missing"), ("folder-a", "a")],
    ids=["files", "folders", "nowhere", "kinds"],
)
def test_links_are_content_by_where_they_lead(tmp_path: Path, one: str, other: str) -> None:
    digests = set()
    for name, target in (("one", one), ("other", other)):
        folder = fill(tmp_path / name, {"a": b"1", "b": b"1", "folder-a/x": b"1", "folder-b/x": b"1"})
        (folder / "latest").symlink_to(target)
        digests.add(digest_of_path(folder))
    assert len(digests) == 2


def test_an_empty_folder_within_is_content(tmp_path: Path) -> None:
    without, within = fill(tmp_path / "one", {"a": b"1"}), fill(tmp_path / "other", {"a": b"1"})
    (within / "empty").mkdir()
    assert digest_of_path(without) != digest_of_path(within)


def test_a_file_and_a_folder_that_holds_it_differ(tmp_path: Path) -> None:
    folder = fill(tmp_path / "folder", {"a": b"1"})
    assert digest_of_path(folder) != digest_of_path(folder / "a")


def test_links_within_the_output_lead_to_the_same_content_afterwards(outputs: Outputs, made: Path) -> None:
    fill(made, {"checkpoints/1": b"weights"})
    (made / "best").symlink_to("checkpoints/1")
    (made / "latest").symlink_to("checkpoints")
    stored = outputs.path(outputs.store(made))
    assert (stored / "best").read_bytes() == (stored / "latest" / "1").read_bytes() == b"weights"


@pytest.mark.parametrize("name", ["link", "folder/link"])
@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "../secret", "../../secret", "{made}/a", "../out/a"])
def test_links_that_lead_outside_or_would_after_the_move_are_refused(
    outputs: Outputs, made: Path, name: str, target: str
) -> None:
    fill(made, {"a": b"1", "folder/b": b"2"})
    up = "../" if "/" in name and target.startswith("..") else ""
    (made / name).symlink_to(up + target.format(made=made))
    with pytest.raises(StepError, match="the output holds a link that leads out of it: link") as refused:
        outputs.store(made)
    assert (refused.value.place, refused.value.hint) == ("out", "write the content itself")
    assert (made / "a").read_bytes() == b"1"


def test_a_link_that_leads_outside_through_another_is_refused(outputs: Outputs, made: Path) -> None:
    fill(made, {"folder/a": b"1"})
    (made / "folder" / "up").symlink_to("..")
    (made / "link").symlink_to("folder/up/../secret")
    with pytest.raises(StepError, match="the output holds a link that leads out of it: link"):
        outputs.store(made)


def test_links_in_a_circle_do_no_harm(outputs: Outputs, made: Path) -> None:
    (made / "a").symlink_to("b")
    (made / "b").symlink_to("a")
    assert outputs.has(outputs.store(made))


def test_an_output_that_is_a_link_itself_is_refused(outputs: Outputs, made: Path) -> None:
    (made / "a").write_bytes(b"1")
    (made / "link").symlink_to("a")
    with pytest.raises(StepError, match="the output is a symbolic link"):
        outputs.store(made / "link")


def test_what_is_neither_file_nor_folder_is_refused_at_once(outputs: Outputs, made: Path) -> None:
    """Reading a pipe would wait for ever."""
    os.mkfifo(made / "pipe")
    for path in (made, made / "pipe"):
        with pytest.raises(StepError, match="pipe`, which is no file"):
            outputs.store(path)


def test_file_names_that_are_no_text_are_content_as_well(outputs: Outputs, tmp_path: Path) -> None:
    digests: set[str] = set()
    for number, name in enumerate((b"donn\xe9es", b"donn\xe8es")):
        folder = fill(tmp_path / str(number), {os.fsdecode(name): b"1"})
        (folder / "link").symlink_to(os.fsdecode(name))
        digests.add(outputs.store(folder))
    assert len(digests) == 2


def test_read_only_outputs_can_be_removed(outputs: Outputs, made: Path) -> None:
    folder = outputs.path(outputs.store(fill(made, {"a/b": b"1"})))
    (made.parent / "file").touch()
    file = outputs.path(outputs.store(made.parent / "file"))
    for path in (folder, file, file):
        remove(path)
        assert not path.exists()


def test_removing_a_link_leaves_what_it_leads_to(made: Path) -> None:
    fill(made, {"folder/a": b"1"})
    (made / "link").symlink_to("folder")
    remove(made / "link")
    assert read(made) == {"folder/a": b"1"}


def _stored(outputs: Outputs, made: Path, name: str) -> str:
    return outputs.store(fill(made / name, {"a.txt": name.encode()}))


def test_all_that_is_stored_is_told_and_what_is_being_stored_is_not(outputs: Outputs, made: Path) -> None:
    digests = {_stored(outputs, made, name) for name in ("one", "two")}
    (outputs.path(min(digests)).parent / ".unfinished").mkdir()
    assert {digest: outputs.path(digest) for digest in digests} == dict(outputs.all())


def test_what_is_discarded_is_gone_wholly_and_others_stay(outputs: Outputs, made: Path) -> None:
    kept, gone = (_stored(outputs, made, name) for name in ("kept", "gone"))
    outputs.discard(gone)
    assert not outputs.has(gone)
    assert [digest for digest, _ in outputs.all()] == [kept]
    assert list(outputs.path(gone).parent.glob(".*")) == []


def test_what_a_killed_process_left_is_removed_when_it_is_old(outputs: Outputs, made: Path) -> None:
    digest = _stored(outputs, made, "kept")
    left = outputs.path(digest).parent / ".12345678-left"
    left.mkdir()
    outputs.remove_unfinished(left.lstat().st_ctime - 1)
    assert left.exists()
    outputs.remove_unfinished(left.lstat().st_ctime + 1)
    assert not left.exists()
    assert outputs.has(digest)


def test_what_is_set_aside_is_in_the_store_no_more_and_can_be_looked_at(
    outputs: Outputs, made: Path, tmp_path: Path
) -> None:
    digest = _stored(outputs, made, "spoilt")
    aside = outputs.set_aside(digest, tmp_path / "spoilt")
    assert not outputs.has(digest)
    assert (aside / "a.txt").read_text() == "spoilt"
    assert _stored(outputs, made, "spoilt") == digest  # and there is place for the right one
    assert outputs.set_aside(digest, tmp_path / "spoilt") != aside


def test_the_size_of_a_content_is_that_of_its_files(outputs: Outputs, made: Path) -> None:
    folder = outputs.store(fill(made / "folder", {"a": b"12345", "b/c": b"123"}))
    (made / "file").write_bytes(b"1234567")
    file = outputs.store(made / "file")
    assert [size_of(outputs.path(digest)) for digest in (folder, file)] == [8, 7]
