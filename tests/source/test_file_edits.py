"""Files with other contents: all of them, or none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.file_edits import replace_contents


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "file.yaml").write_text(f"{name}: 1\n")
    return tmp_path


def test_contents_are_replaced_and_modes_stay(top: Path) -> None:
    (top / "a/file.yaml").chmod(0o750)
    replace_contents(top, {"a/file.yaml": b"a: 2\r\n", "b/file.yaml": b""})
    assert (top / "a/file.yaml").read_bytes() == b"a: 2\r\n"
    assert (top / "b/file.yaml").read_bytes() == b""
    assert stat.S_IMODE((top / "a/file.yaml").stat().st_mode) == 0o750
    assert sorted(path.name for path in top.rglob("*") if path.is_file()) == ["file.yaml", "file.yaml"]


def test_where_one_cannot_be_written_all_stay_as_they_were(top: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written") as raised:
        replace_contents(top, {"a/file.yaml": b"a: 2\n", "missing/file.yaml": b"b: 2\n"})
    assert raised.value.place == "missing/file.yaml"
    assert (top / "a/file.yaml").read_text() == "a: 1\n"
    assert sorted(path.name for path in top.rglob("*") if path.is_file()) == ["file.yaml", "file.yaml"]


def test_where_one_cannot_be_put_in_place_the_others_are_put_back(top: Path) -> None:
    (top / "b/file.yaml").unlink()
    (top / "b/file.yaml").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        replace_contents(top, {"a/file.yaml": b"a: 2\n", "b/file.yaml": b"b: 2\n"})
    assert (top / "a/file.yaml").read_text() == "a: 1\n"
    assert [path.name for path in (top / "a").iterdir()] == ["file.yaml"]
