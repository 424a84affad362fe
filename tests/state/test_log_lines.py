"""Logs line by line: while they grow, when they are cut off or replaced, and from near their end."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.state.log_lines import LogLines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "step.log"


def append(path: Path, text: str) -> None:
    with path.open("ab") as file:
        file.write(text.encode())


def test_lines_are_told_once_they_are_whole(path: Path) -> None:
    log = LogLines(path)
    assert (list(log.whole()), log.is_there) == ([], False)
    append(path, "one\ntw")
    assert (list(log.whole()), log.is_there) == (["one"], True)
    append(path, "o\nthr")
    assert list(log.whole()) == ["two"]
    assert list(log.rest()) == ["thr"]
    assert list(log.rest()) == []


def test_line_ends_of_all_kinds_and_letters_cut_in_the_middle(path: Path) -> None:
    log = LogLines(path)
    append(path, "a\r\nb\rc\r")
    told = list(log.whole())
    with path.open("ab") as file:
        file.write(b"\nd\xc3")
        file.flush()
        told += list(log.whole())
        file.write(b"\xa4\n\xff\n")
    assert [*told, *log.rest()] == ["a", "b", "c", "dä", "�"]


def test_a_log_that_is_cut_off_is_told_from_its_beginning(path: Path) -> None:
    log = LogLines(path)
    append(path, "one\ntwo\n")
    assert list(log.whole()) == ["one", "two"]
    path.write_text("new\n", encoding="utf-8")
    assert list(log.whole()) == ["new"]


def test_a_log_that_is_replaced_is_told_to_its_end_and_then_the_new_one(path: Path) -> None:
    log = LogLines(path)
    append(path, "one\n")
    assert list(log.whole()) == ["one"]
    append(path, "two\n")
    path.rename(path.with_suffix(".1"))
    append(path, "three\n")
    assert list(log.whole()) == ["two", "three"]


def test_a_log_that_goes_away_is_told_to_its_end(path: Path) -> None:
    log = LogLines(path)
    append(path, "one\n")
    assert list(log.whole()) == ["one"]
    append(path, "two\n")
    path.unlink()
    assert list(log.whole()) == ["two"]
    assert list(log.rest()) == []


@settings(deadline=None)
@given(text=st.text(st.sampled_from("ab\n"), max_size=40), count=st.integers(1, 12))
def test_the_last_lines_are_those_at_the_end(tmp_path_factory: pytest.TempPathFactory, text: str, count: int) -> None:
    path = tmp_path_factory.mktemp("tail") / "log"
    append(path, text)
    assert list(LogLines(path, count).rest()) == list(LogLines(path).rest())[-count:]


def test_a_big_log_is_never_in_memory_as_a_whole(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(40):
            file.write(b"x" * 99 * 10_000 + b"\n" + b"a line\n" * 10_000)
    tracemalloc.start()
    count = sum(1 for _ in LogLines(path).rest())
    last = list(LogLines(path, 3).rest())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, last) == (40 * 10_001, ["a line"] * 3)
    assert peak < 8_000_000
