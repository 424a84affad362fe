"""Files in Git LFS: fetched in one go, checked, and never taken for what their pointers say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.followed import Access, Fetching
from reconciler.source.large_files import LargeFiles, Pointer, pointer_in
from reconciler.source.mirror import Mirror
from reconciler.source.plumbing import Git
from reconciler.source.worktree import worktree_snapshot

from .git_lfs import LfsServer, large, pointer, serving_lfs
from .git_repository import Repository, git

ONE, TWO = b"1" * 5000, b"two"
WITH = Fetching(has_large_files=True)


@pytest.fixture
def lfs(user_settings: Path) -> Iterator[LfsServer]:
    """A server that git-lfs goes to for whatever repository."""
    with serving_lfs() as server:
        user_settings.write_text(f"{user_settings.read_text()}[lfs]\n\turl = {server.address}/store\n")
        yield server


@pytest.fixture
def commit(origin: Repository) -> str:
    return origin.commit(large({"code/one.bin": ONE, "code/two.bin": TWO, "code/run.py": "print()"}))


@pytest.fixture
def opened() -> Iterator[list[Mirror]]:
    mirrors: list[Mirror] = []
    yield mirrors
    for mirror in mirrors:
        mirror.close()


def _fetched(
    url: str, folder: Path, opened: list[Mirror], fetching: Fetching = WITH, access: Access | None = None
) -> Mirror:
    opened.append(Mirror(url, "main", folder / "mirror.git", access=access, fetching=fetching))
    opened[-1].fetch()
    return opened[-1]


def _code(mirror: Mirror, commit: str) -> str:
    return mirror.snapshot(commit).entries["code"].oid


def test_content_is_fetched_with_one_question_and_exported_in_the_place_of_pointers(
    origin: Repository, commit: str, lfs: LfsServer, tmp_path: Path, opened: list[Mirror]
) -> None:
    lfs.hold(ONE, TWO)
    mirror = _fetched(origin.url, tmp_path, opened)
    mirror.objects.bring([_code(mirror, commit)])
    mirror.objects.export_tree(_code(mirror, commit), tmp_path / "code")
    assert (tmp_path / "code" / "one.bin").read_bytes() == ONE
    assert (tmp_path / "code" / "two.bin").read_bytes() == TWO
    assert (tmp_path / "code" / "run.py").read_text() == "print()"
    assert lfs.batches == [2]
    mirror.objects.export_file(mirror.snapshot(commit).entries["code/one.bin"].oid, tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == ONE
    assert lfs.batches == [2]


def test_what_is_exported_is_fetched_first(
    origin: Repository, commit: str, lfs: LfsServer, tmp_path: Path, opened: list[Mirror]
) -> None:
    lfs.hold(ONE, TWO)
    mirror = _fetched(origin.url, tmp_path, opened)
    mirror.objects.export_tree(_code(mirror, commit), tmp_path / "code")
    assert (tmp_path / "code" / "two.bin").read_bytes() == TWO


def test_the_id_of_a_large_file_is_that_of_its_pointer(
    origin: Repository, commit: str, tmp_path: Path, opened: list[Mirror]
) -> None:
    mirror = _fetched(origin.url, tmp_path, opened)
    assert mirror.snapshot(commit).entries["code/one.bin"].oid == origin.blob(pointer(ONE).encode())


def test_content_that_the_server_has_not_got_is_named(
    origin: Repository, commit: str, lfs: LfsServer, tmp_path: Path, opened: list[Mirror]
) -> None:
    lfs.hold(ONE)
    mirror = _fetched(origin.url, tmp_path, opened)
    with pytest.raises(SourceError) as refused:
        mirror.objects.bring([_code(mirror, commit)])
    assert refused.value.place == origin.url
    sha256 = pointer(TWO).partition("sha256:")[2][:64]
    assert refused.value.message == f"Git LFS there does not give the content sha256:{sha256}"
    lfs.hold(TWO)
    mirror.objects.bring([_code(mirror, commit)])
    assert lfs.batches[-1] == 1


def test_a_pointer_is_never_exported_as_if_it_were_the_content(
    origin: Repository, commit: str, tmp_path: Path, mirror: Mirror
) -> None:
    mirror.fetch()
    entries = mirror.snapshot(commit).entries
    with pytest.raises(SourceError, match="is in Git LFS, and its content is not here") as refused:
        mirror.objects.export_tree(entries["code"].oid, tmp_path / "code")
    assert "`lfs: true`" in (refused.value.hint or "")
    assert not (tmp_path / "code").exists()
    absent = mirror.objects.absent(entry.oid for entry in entries.values())
    assert absent.keys() == {entries["code/one.bin"].oid, entries["code/two.bin"].oid}


def test_content_in_a_folder_beside_a_repository_of_this_machine_is_found(
    origin: Repository, commit: str, tmp_path: Path, opened: list[Mirror]
) -> None:
    for content in (ONE, TWO):
        sha256 = pointer(content).partition("sha256:")[2][:64]
        path = origin.path / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    mirror = _fetched(origin.url, tmp_path, opened)
    mirror.objects.export_tree(_code(mirror, commit), tmp_path / "code")
    assert (tmp_path / "code" / "one.bin").read_bytes() == ONE


def test_the_token_opens_the_server_of_its_source_too(
    origin: Repository, commit: str, tmp_path: Path, opened: list[Mirror]
) -> None:
    with serving_lfs("robot:secret") as server:
        server.hold(ONE, TWO)
        access = Access("robot", "secret")
        mirror = Mirror(f"{server.address}/origin.git", "main", tmp_path / "mirror.git", access=access, fetching=WITH)
        opened.append(mirror)
        mirror.fetcher.prepare(commit)
        mirror.git.run("fetch", "--quiet", origin.url, "main")
        mirror.objects.export_tree(_code(mirror, commit), tmp_path / "code")
    assert (tmp_path / "code" / "one.bin").read_bytes() == ONE
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in files if b"secret" in file.read_bytes()]


def test_what_the_repository_says_of_its_server_does_not_count(
    origin: Repository, lfs: LfsServer, user_settings: Path, tmp_path: Path, opened: list[Mirror]
) -> None:
    user_settings.write_text("")
    lfs.hold(ONE)
    commit = origin.commit({**large({"code/one.bin": ONE}), ".lfsconfig": f"[lfs]\n\turl = {lfs.address}/store\n"})
    mirror = _fetched(origin.url, tmp_path, opened)
    with pytest.raises(SourceError):
        mirror.objects.bring([_code(mirror, commit)])
    assert lfs.batches == []


def test_without_git_lfs_it_is_said_what_to_install(
    origin: Repository, commit: str, tmp_path: Path, opened: list[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = _fetched(origin.url, tmp_path, opened)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "sh"):
        found = next(path for folder in os.get_exec_path() if (path := Path(folder) / name).exists())
        (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(SourceError, match="git-lfs is not installed") as refused:
        mirror.objects.bring([_code(mirror, commit)])
    assert refused.value.hint == "install git-lfs for the daemon, or take `lfs:` away"


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        pointer(ONE).encode()[:-20],
        pointer(ONE).encode() + b"more\n",
        b"x" + pointer(ONE).encode(),
        pointer(ONE).encode().replace(b"sha256", b"sha512"),
        pointer(ONE).encode().replace(b"oid", b"ext-0-x y\n" * 200 + b"oid"),
    ],
)
def test_what_is_no_pointer_is_content(blob: bytes) -> None:
    assert pointer_in(blob) is None


def test_content_of_another_length_is_not_here(tmp_path: Path) -> None:
    found = pointer_in(pointer(ONE).encode())
    assert found == Pointer(pointer(ONE).partition("sha256:")[2][:64], 5000)
    files = LargeFiles(Git(tmp_path), tmp_path)
    path = tmp_path / "objects" / found.sha256[:2] / found.sha256[2:4] / found.sha256
    path.parent.mkdir(parents=True)
    path.write_bytes(ONE[:-1])
    assert files.path(found) is None
    path.write_bytes(ONE)
    assert files.path(found) == path


def test_in_a_work_tree_content_is_what_git_lfs_keeps_beside_the_repository(
    origin: Repository, commit: str, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    git("clone", "--quiet", origin.url, str(work))
    (tmp_path / "scratch").mkdir()
    found = worktree_snapshot(work, tmp_path / "scratch")
    one, two = (found.snapshot.entries[f"code/{name}.bin"].oid for name in ("one", "two"))
    assert found.objects.absent([one, two]).keys() == {one, two}
    sha256 = pointer(ONE).partition("sha256:")[2][:64]
    path = work / ".git" / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
    path.parent.mkdir(parents=True)
    path.write_bytes(ONE)
    assert found.objects.absent([one, two]).keys() == {two}
    found.objects.export_file(one, tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == ONE
    found.objects.close()
