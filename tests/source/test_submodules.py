"""Submodules in the places of folders, with the ids of their content; and where they may lead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.followed import Access, Fetch, Fetching
from reconciler.model.snapshot import EntryKind
from reconciler.source.mirror import Mirror
from reconciler.source.submodules import addresses_in, resolved

from .git_over_http import serving
from .git_repository import Content, Repository, Submodule, git

WITH = Fetching(has_submodules=True)


@pytest.fixture
def library(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "library.git")


@pytest.fixture
def opened() -> Iterator[list[Mirror]]:
    mirrors: list[Mirror] = []
    yield mirrors
    for mirror in mirrors:
        mirror.close()


def _listed(url: str, path: str = "vendor/lib") -> str:
    return f'[submodule "lib"]\n\tpath = {path}\n\turl = {url}\n'


def _files(commit: str, url: str = "../library.git") -> dict[str, Content]:
    return {".gitmodules": _listed(url), "vendor/lib": Submodule(commit), "a": "1"}


def _followed(
    url: str, folder: Path, opened: list[Mirror], fetching: Fetching = WITH, access: Access | None = None
) -> Mirror:
    opened.append(Mirror(url, "main", folder / "mirror.git", access=access, fetching=fetching))
    return opened[-1]


def test_a_submodule_is_a_folder_with_the_ids_of_its_content(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    inner = library.commit({"src/run.py": "print()", "README": "read"})
    commit = origin.commit(_files(inner))
    mirror = _followed(origin.url, tmp_path, opened)
    assert mirror.fetch() == commit
    snapshot = mirror.snapshot(commit)
    assert snapshot.revision == f"main@sha1:{commit}"
    assert snapshot.entries["vendor/lib"].kind is EntryKind.TREE
    assert snapshot.entries["vendor/lib"].oid == library.tree()
    assert snapshot.entries["vendor/lib/src"].oid == library.git("rev-parse", "main:src")
    same = origin.commit(
        {
            ".gitmodules": _listed("../library.git"),
            "a": "1",
            "vendor/lib/src/run.py": "print()",
            "vendor/lib/README": "read",
        },
        branch="copied",
    )
    assert snapshot.tree == origin.tree(same)
    mirror.objects.export_tree(snapshot.tree, tmp_path / "exported")
    assert (tmp_path / "exported" / "vendor" / "lib" / "src" / "run.py").read_text() == "print()"


def test_what_differs_between_two_commits_of_a_submodule_is_listed(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    mirror = _followed(origin.url, tmp_path, opened)
    first = origin.commit(_files(library.commit({"x": "1", "y": "1"})))
    mirror.fetch()
    before = mirror.snapshot(first)
    second = origin.commit(_files(library.commit({"x": "2", "y": "1"})))
    mirror.fetch()
    after = mirror.snapshot(second, before)
    assert after.entries == mirror.snapshot(second).entries
    assert after.paths_changed_since(before) == {"", "vendor", "vendor/lib", "vendor/lib/x"}


def test_submodules_are_left_alone_where_nobody_asks_for_them(
    origin: Repository, library: Repository, mirror: Mirror
) -> None:
    commit = origin.commit(_files(library.commit({"x": "1"})))
    mirror.fetch()
    assert mirror.snapshot(commit).entries["vendor/lib"].kind is EntryKind.SUBMODULE


def test_a_submodule_outlives_its_remote_and_the_removal_of_garbage(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    commit = origin.commit(_files(library.commit({"x": "1"})))
    mirror = _followed(origin.url, tmp_path, opened)
    mirror.fetch()
    library.path.rename(tmp_path / "away.git")
    for folder in (tmp_path / "mirror.git", *(tmp_path / "mirror.git" / "modules").iterdir()):
        git("gc", "--quiet", "--prune=now", folder=folder)
    again = _followed(origin.url, tmp_path, opened)
    again.fetch()
    assert again.objects.read(again.snapshot(commit).entries["vendor/lib/x"].oid) == b"1"


def test_submodules_of_submodules_are_there_too(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    deepest = Repository(tmp_path / "deepest.git")
    middle = library.commit(
        {".gitmodules": _listed("./../deepest.git", "deep"), "deep": Submodule(deepest.commit({"z": "1"}))}
    )
    commit = origin.commit(_files(middle))
    mirror = _followed(origin.url, tmp_path, opened)
    mirror.fetch()
    assert mirror.objects.read(mirror.snapshot(commit).entries["vendor/lib/deep/z"].oid) == b"1"


def test_a_submodule_that_holds_itself_comes_to_an_end(
    origin: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    commit = origin.commit({"a": "1"})
    for _ in range(6):
        commit = origin.commit({".gitmodules": _listed("../origin.git", "self"), "self": Submodule(commit)})
    with pytest.raises(SourceError, match="more submodules than 4 levels of them"):
        _followed(origin.url, tmp_path, opened).fetch()


def test_a_gitlink_without_an_address_stays_one(origin: Repository, tmp_path: Path, opened: list[Mirror]) -> None:
    commit = origin.commit({"lost": Submodule("1" * 40), "a": "1"})
    mirror = _followed(origin.url, tmp_path, opened)
    mirror.fetch()
    assert mirror.snapshot(commit).entries["lost"].kind is EntryKind.SUBMODULE


def test_a_submodule_whose_commit_is_nowhere_is_named(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    library.commit({"x": "1"})
    origin.commit(_files("1" * 40))
    with pytest.raises(SourceError, match=r"submodule `vendor/lib`: .*has no commit 1111") as refused:
        _followed(origin.url, tmp_path, opened).fetch()
    assert refused.value.place == library.url


def test_over_http_a_submodule_is_fetched_with_the_same_token_and_blobs_as_needed(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    for repository in (origin, library):
        repository.git("config", "uploadpack.allowFilter", "true")
    commit = origin.commit(_files(library.commit({"x": "2"})))
    with serving(tmp_path, credentials="robot:secret") as host:
        url = f"http://{host}/origin.git"
        mirror = _followed(url, tmp_path, opened, access=Access("robot", "secret"))
        mirror.fetch()
        entries = mirror.snapshot(commit).entries
        assert mirror.fetcher.missing(entry.oid for entry in entries.values()) == [entries["a"].oid]
        assert mirror.objects.read_many([entries["a"].oid, entries["vendor/lib/x"].oid])
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"secret" in file.read_bytes()]


def test_another_server_is_told_no_token(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror]
) -> None:
    with serving(tmp_path, credentials="robot:secret") as host, serving(tmp_path, credentials="robot:secret") as other:
        origin.commit(_files(library.commit({"x": "1"}), f"http://{other}/library.git"))
        mirror = _followed(f"http://{host}/origin.git", tmp_path, opened, access=Access("robot", "secret"))
        with pytest.raises(SourceError, match="may not name") as refused:
            mirror.fetch()
    assert refused.value.hint == "write an https:// or ssh:// address, or a relative one"


@pytest.mark.parametrize(
    "url",
    [
        *("file:///srv/secret.git", "/srv/secret.git", "ext::sh -c 'touch x'", "--upload-pack=touch x", "git://a/b"),
        "ftp://a/b",
    ],
)
def test_a_repository_on_another_machine_names_nothing_of_this_one_and_no_program(
    origin: Repository, library: Repository, tmp_path: Path, opened: list[Mirror], url: str
) -> None:
    origin.commit(_files(library.commit({"x": "1"}), f'"{url}"'))
    with serving(tmp_path) as host, pytest.raises(SourceError, match="submodule `vendor/lib`"):
        _followed(f"http://{host}/origin.git", tmp_path, opened, Fetching(Fetch.FULL, has_submodules=True)).fetch()
    assert not (tmp_path / "mirror.git" / "modules").exists()


@pytest.mark.parametrize(
    ("base", "url", "address"),
    [
        ("https://h/team/a.git", "../b.git", "https://h/team/b.git"),
        ("https://u:p@h/team/a", "../../x/b.git", "https://u:p@h/x/b.git"),
        ("https://h/a.git", "../../../b.git", "https://h/b.git"),
        ("ssh://git@h:22/team/a.git/", "../b.git", "ssh://git@h:22/team/b.git"),
        ("git@h:team/a.git", "../b.git", "git@h:team/b.git"),
        ("file:///srv/a.git", "./../b.git", "file:///srv/b.git"),
        ("/srv/a.git", "../b.git", "/srv/b.git"),
        ("/srv/a.git", "https://h/b.git", "https://h/b.git"),
    ],
)
def test_relative_addresses_start_at_that_of_the_repository(base: str, url: str, address: str) -> None:
    assert resolved(base, url) == address


def test_a_relative_address_does_not_leave_its_server() -> None:
    with pytest.raises(SourceError, match="leads out of the server"):
        resolved("git@h:a.git", "../../b.git")


def test_a_file_that_nobody_can_read_is_an_error() -> None:
    with pytest.raises(SourceError, match="nobody can read it"):
        list(addresses_in(b"path = x\n[submodule"))


def test_addresses_include_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_text(_listed("https://h/b.git"))
    assert list(addresses_in(f"[include]\n\tpath = {tmp_path}/other\n".encode())) == []
