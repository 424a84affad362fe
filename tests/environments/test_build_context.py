"""Build contexts: what goes to the engine, and that equal content goes there as equal bytes."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.environments.build_context import write_context


@pytest.fixture
def context(tmp_path: Path) -> Path:
    return _folder(tmp_path / "context", {"Dockerfile": "FROM debian:12\n", "src/run.py": "print()", "notes.txt": "x"})


def _folder(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _archive(folder: Path | None, extra: Mapping[str, bytes | Path] | None = None) -> bytes:
    archive = BytesIO()
    write_context(archive, folder, extra or {})
    return archive.read()


def _entries(folder: Path | None, extra: Mapping[str, bytes | Path] | None = None) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=BytesIO(_archive(folder, extra))) as tar:
        return {entry.name: entry for entry in tar}


def _files(folder: Path | None, extra: Mapping[str, bytes | Path] | None = None) -> dict[str, bytes]:
    """What the files of an archive hold; a name that is there twice is an error."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=BytesIO(_archive(folder, extra))) as tar:
        for entry in tar:
            assert entry.name not in found
            content = tar.extractfile(entry) if entry.isfile() else None
            if content is not None:
                found[entry.name] = content.read()
    return found


def test_the_whole_folder_is_in_it(context: Path) -> None:
    assert _files(context) == {"Dockerfile": b"FROM debian:12\n", "src/run.py": b"print()", "notes.txt": b"x"}
    assert _entries(context)["src"].isdir()


def test_a_folder_that_is_empty_is_kept(context: Path) -> None:
    (context / "data").mkdir()
    assert _entries(context)["data"].isdir()


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("*.txt", {"Dockerfile", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"}),
        ("**/*.txt", {"Dockerfile", "src/run.py", "src/deep/run.py"}),
        ("src", {"Dockerfile", "notes.txt"}),
        ("src/deep/", {"Dockerfile", "notes.txt", "src/run.py"}),
        ("/notes.txt", {"Dockerfile", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"}),
        ("*.txt\n!notes.txt", {"Dockerfile", "notes.txt", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"}),
        ("src\n!src/deep/run.py", {"Dockerfile", "notes.txt", "src/deep/run.py"}),
        ("!notes.txt\n*.txt", {"Dockerfile", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"}),
        (
            "# *\n\n   # src\n",
            {"Dockerfile", "notes.txt", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"},
        ),
        ("nothing-of-the-kind", {"Dockerfile", "notes.txt", "src/run.py", "src/deep/notes.txt", "src/deep/run.py"}),
    ],
)
def test_what_the_ignore_file_names_is_left_out_and_what_it_excepts_is_not(
    context: Path, ignored: str, left: set[str]
) -> None:
    _folder(context, {"src/deep/notes.txt": "y", "src/deep/run.py": "", ".dockerignore": ignored})
    assert _files(context).keys() - {".dockerignore"} == left


def test_files_are_readable_by_all_and_programs_can_be_run_whatever_the_export_made_of_them(context: Path) -> None:
    (context / "run.sh").write_text("true")
    for name, mode in {"run.sh": 0o500, "notes.txt": 0o400, "Dockerfile": 0o666, "src/run.py": 0o640}.items():
        (context / name).chmod(mode)
    (context / "src").chmod(0o700)
    modes = {name: entry.mode for name, entry in _entries(context).items()}
    assert modes == {"run.sh": 0o755, "src": 0o755, "notes.txt": 0o644, "Dockerfile": 0o644, "src/run.py": 0o644}


def test_times_and_owners_say_nothing(context: Path) -> None:
    program = context / "src" / "run.py"
    entries = _entries(context, {"install.sh": b"true", "uv": program})
    assert {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries.values()} == {
        (0, 0, 0, "", "")
    }


def test_a_link_stays_a_link(context: Path) -> None:
    (context / "latest").symlink_to("src/run.py")
    (context / "folder").symlink_to("src")
    (context / "nowhere").symlink_to("missing")
    entries = _entries(context)
    assert {name: entry.linkname for name, entry in entries.items() if entry.issym()} == {
        "latest": "src/run.py",
        "folder": "src",
        "nowhere": "missing",
    }


def test_a_link_out_of_the_folder_brings_nothing_of_the_machine_along(context: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    (context / "out").symlink_to(tmp_path / "secret")
    (context / "up").symlink_to("../secret")
    assert b"a secret" not in _archive(context)


def test_a_file_beside_the_folder_is_taken_instead_of_one_of_the_same_name_in_it(context: Path) -> None:
    assert _files(context, {"Dockerfile": b"FROM pinned\n", "more.txt": b"more"}) == {
        "Dockerfile": b"FROM pinned\n",
        "src/run.py": b"print()",
        "notes.txt": b"x",
        "more.txt": b"more",
    }


def test_a_file_beside_the_folder_is_there_even_where_its_name_is_ignored(context: Path) -> None:
    _folder(context, {".dockerignore": "*"})
    assert _files(context, {"Dockerfile": b"FROM pinned\n"}) == {".dockerignore": b"*", "Dockerfile": b"FROM pinned\n"}


def test_a_context_without_a_folder_holds_the_files_that_it_is_given(tmp_path: Path) -> None:
    program = tmp_path / "a program"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    extra: dict[str, bytes | Path] = {"Dockerfile": b"FROM debian:12\n", "uv": program}
    assert _files(None, extra) == {"Dockerfile": b"FROM debian:12\n", "uv": b"\x7fELF"}
    assert _entries(None, extra)["uv"].mode == 0o755
    assert _entries(None) == {}


def test_another_content_gives_other_bytes(context: Path) -> None:
    before = _archive(context)
    (context / "notes.txt").write_text("y")
    assert _archive(context) != before


_NAME = st.text("abcd", min_size=1, max_size=3)
_TREE = st.dictionaries(st.builds("{}/{}.txt".format, _NAME, _NAME), st.text(max_size=20), min_size=1, max_size=6)


@given(files=_TREE, order=st.randoms(use_true_random=False), is_read_only=st.booleans())
def test_equal_content_gives_equal_bytes_whenever_and_by_whomever_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], order: Random, is_read_only: bool
) -> None:
    shuffled = dict(sorted(files.items(), key=lambda _: order.random()))
    one = _folder(tmp_path_factory.mktemp("one"), files)
    other = _folder(tmp_path_factory.mktemp("other"), shuffled)
    for path in other.rglob("*.txt"):
        os.utime(path, (1, 1))
        if is_read_only:
            path.chmod(0o444)
    assert _archive(one, {"Dockerfile": b"FROM a\n"}) == _archive(other, {"Dockerfile": b"FROM a\n"})
