"""Many blobs at once, with those that come later read when they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.reading_ahead import ReadAhead
from tests.daemon.origin import Origin


def _repository(folder: Path, texts: list[str]) -> tuple[Git, list[str]]:
    origin = Origin(folder)
    origin.push({f"{number}.txt": text for number, text in enumerate(texts)})
    oids = [origin.git("rev-parse", f"HEAD:{number}.txt") for number in range(len(texts))]
    return Git(origin.work_tree / ".git"), oids


def test_blobs_are_read_at_once_and_later_ones_when_they_are_asked_for(tmp_path: Path) -> None:
    git, oids = _repository(tmp_path, ["one\n", "", "three"])
    with Objects(git) as objects:
        ahead = ReadAhead(objects)
        assert ahead.read_ahead(git, oids[:2], 100) == {oids[0]: b"one\n", oids[1]: b""}
        assert ahead.read_many(oids) == dict(zip(oids, [b"one\n", b"", b"three"], strict=True))
        assert ahead.read(oids[2]) == b"three"


def test_what_is_too_large_is_left_out_of_them(tmp_path: Path) -> None:
    git, oids = _repository(tmp_path, ["x" * 3_000_000, "small"])
    with Objects(git) as objects:
        assert dict(ReadAhead(objects).read_ahead(git, oids, 1000)) == {oids[1]: b"small"}


def test_an_object_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    git, _ = _repository(tmp_path, ["one"])
    with Objects(git) as objects, pytest.raises(SourceError, match="no object"):
        ReadAhead(objects).read_ahead(git, ["0" * 40], 100)
