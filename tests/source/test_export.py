"""Trees and files written to disk: exactly, at once, and never outside their folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git

from .git_repository import Content, Executable, Link, Repository, Submodule
from .trees import files


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("export") / "origin.git")


@pytest.fixture(scope="module")
def objects(repository: Repository) -> Iterator[Objects]:
    with Objects(Git(repository.path)) as opened:
        yield opened


@settings(max_examples=40, deadline=None)
@given(content=files())
def test_what_is_written_is_what_the_tree_holds(
    repository: Repository, objects: Objects, content: dict[str, Content]
) -> None:
    tree = repository.tree(repository.commit(content))
    with tempfile.TemporaryDirectory() as folder:
        destination = Path(folder) / "code" / "tree"
        objects.export_tree(tree, destination)
        expected = {path: wanted for path, wanted in content.items() if not isinstance(wanted, Submodule)}
        assert _written(destination) == {
            path: wanted.encode() if isinstance(wanted, str) else wanted for path, wanted in expected.items()
        }
        assert os.listdir(destination.parent) == ["tree"]  # noqa: PTH208 - hidden files count


def test_files_are_read_only_and_programs_can_be_run(repository: Repository, objects: Objects, tmp_path: Path) -> None:
    tree = repository.tree(repository.commit({"text": "1", "program": Executable(b"2")}))
    objects.export_tree(tree, tmp_path / "code")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "code").iterdir()}
    assert modes == {"text": 0o444, "program": 0o555}


def test_a_file_is_written_read_only_with_the_folders_above_it(
    repository: Repository, objects: Objects, tmp_path: Path
) -> None:
    destination = tmp_path / "a" / "b" / "file"
    objects.export_file(repository.blob(b"1"), destination)
    assert destination.read_bytes() == b"1"
    assert destination.stat().st_mode & 0o777 == 0o444
    assert [path.name for path in destination.parent.iterdir()] == ["file"]


def test_what_is_there_already_is_left_as_it_is(repository: Repository, objects: Objects, tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("mine")
    objects.export_tree(repository.tree(repository.commit({"a": "1"})), folder)
    objects.export_file(repository.blob(b"1"), file)
    assert list(folder.iterdir()) == []
    assert file.read_text() == "mine"


def test_threads_that_write_the_same_tree_all_find_it_whole(
    repository: Repository, objects: Objects, tmp_path: Path
) -> None:
    content = {f"folder/{number}": str(number) for number in range(50)}
    tree = repository.tree(repository.commit(content))

    def export(_: int) -> int:
        objects.export_tree(tree, tmp_path / "code")
        return len(list((tmp_path / "code" / "folder").iterdir()))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(export, range(4))) == [50] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["code"]


@pytest.mark.parametrize("target", ["b", "./b", "folder/../b", "folder", "missing", "folder/missing"])
def test_links_within_the_tree_are_kept(repository: Repository, objects: Objects, tmp_path: Path, target: str) -> None:
    tree = repository.tree(repository.commit({"b": "1", "folder/c": "2", "link": Link(target)}))
    objects.export_tree(tree, tmp_path / "code")
    assert os.readlink(tmp_path / "code" / "link") == target  # noqa: PTH115 - as it is written


@pytest.mark.parametrize(
    "links",
    [
        {"link": "/etc/passwd"},
        {"link": "../secret"},
        {"link": ".."},
        {"link": "folder/../../secret"},
        {"folder/link": "../../secret"},
        {"folder/up": "..", "link": "folder/up/../secret"},
        {"folder/up": "..", "b": "folder/up", "link": "b/../secret"},
        {"a/b/up": "../..", "c/up": "../a/b/up/a/b/up", "link": "a/b/up/../../secret"},
    ],
)
def test_links_that_lead_outside_are_refused_and_nothing_is_written(
    repository: Repository, objects: Objects, tmp_path: Path, links: dict[str, str]
) -> None:
    (tmp_path / "secret").write_text("not theirs")
    inside: dict[str, Content] = {"folder/file": "1", "a/b/file": "2", "c/file": "3"}
    tree = repository.tree(repository.commit(inside | {path: Link(target) for path, target in links.items()}))
    with pytest.raises(SourceError, match="link` leads out of the tree, to `") as refused:
        objects.export_tree(tree, tmp_path / "code")
    assert refused.value.hint == "links may only lead to files of the same folder"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_links_in_a_circle_lead_nowhere_and_do_no_harm(
    repository: Repository, objects: Objects, tmp_path: Path
) -> None:
    tree = repository.tree(repository.commit({"a": Link("b"), "b": Link("a"), "c": "1"}))
    objects.export_tree(tree, tmp_path / "code")
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "../b", "/b", "a/b"])
def test_names_that_git_itself_would_not_check_out_are_refused(
    repository: Repository, objects: Objects, tmp_path: Path, name: str
) -> None:
    inner = repository.crafted_tree(("100644", "config", repository.blob(b"1")))
    tree = repository.crafted_tree(("40000", name, inner))
    with pytest.raises(SourceError, match="leads out of the tree"):
        objects.export_tree(tree, tmp_path / "folder" / "code")
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize("link_comes_first", [True, False])
def test_a_folder_that_is_also_a_link_is_not_written_through(
    repository: Repository, objects: Objects, tmp_path: Path, link_comes_first: bool
) -> None:
    """Git never makes such a tree, but a crafted one can be pushed."""
    (tmp_path / "outside").mkdir()
    inner = repository.crafted_tree(("100644", "written", repository.blob(b"1")))
    link = ("120000", "a", repository.blob(str(tmp_path / "outside").encode()))
    folder = ("40000", "a", inner)
    tree = repository.crafted_tree(*((link, folder) if link_comes_first else (folder, link)))
    if link_comes_first:
        objects.export_tree(tree, tmp_path / "code")
        assert (tmp_path / "code" / "a" / "written").read_bytes() == b"1"
    else:
        with pytest.raises(SourceError, match="the path `a/written` leads out of the tree"):
            objects.export_tree(tree, tmp_path / "code")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_tree_that_cannot_be_read_leaves_nothing(repository: Repository, objects: Objects, tmp_path: Path) -> None:
    tree = repository.crafted_tree(("100644", "a", repository.blob(b"1")), ("100644", "b", "1" * 40))
    for unreadable in (tree, "0" * 40):
        with pytest.raises(SourceError):
            objects.export_tree(unreadable, tmp_path / "code")
    with pytest.raises(SourceError):
        objects.export_file("0" * 40, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def _written(folder: Path) -> dict[str, Content]:
    found: dict[str, Content] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = Link(str(path.readlink()))
        elif path.is_file():
            content = path.read_bytes()
            found[name] = Executable(content) if path.stat().st_mode & 0o100 else content
    return found


def test_files_of_several_trees_are_written_into_one_folder(
    repository: Repository, objects: Objects, tmp_path: Path
) -> None:
    blobs = {text: repository.blob(text.encode()) for text in ("a", "b")}
    entries = {
        "run.sh": Entry(blobs["a"], EntryKind.FILE, is_executable=True),
        "common": Entry("", EntryKind.TREE),
        "common/b.py": Entry(blobs["b"], EntryKind.FILE),
    }
    objects.export_entries(entries, tmp_path / "code")
    assert (tmp_path / "code" / "run.sh").stat().st_mode & 0o777 == 0o555
    assert (tmp_path / "code" / "common" / "b.py").read_text() == "b"


def test_no_entry_is_written_outside_of_it(repository: Repository, objects: Objects, tmp_path: Path) -> None:
    entries = {"..": Entry("", EntryKind.TREE), "../b.py": Entry(repository.blob(b"1"), EntryKind.FILE)}
    with pytest.raises(SourceError, match="leads out of the tree"):
        objects.export_entries(entries, tmp_path / "code")
    assert list(tmp_path.iterdir()) == []
