"""The end of a log, as messages show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.state.log_tail import log_tail


@pytest.mark.parametrize(
    ("content", "tail"),
    [
        (b"", ""),
        (b"one\ntwo\nthree\n", "two\nthree"),
        (b"one\ntwo", "one\ntwo"),
        (b"one\n\n", "one\n"),
        (b"\xff\xfe\n", "\ufffd\ufffd"),
    ],
)
def test_the_tail_is_the_last_lines_as_text_whatever_the_bytes_are(tmp_path: Path, content: bytes, tail: str) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    assert log_tail(log, lines=2) == tail


def test_a_log_that_was_never_written_has_an_empty_tail(tmp_path: Path) -> None:
    assert log_tail(tmp_path / "log") == ""


def test_of_one_endless_line_only_its_end_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 5_000_000 + b" the end\n")
    tail = log_tail(log, limit_bytes=1000)
    assert tail.endswith("x the end")
    assert len(tail) < 1000


def test_a_tail_that_begins_within_a_character_is_still_text(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("é" * 100, encoding="utf-8")
    assert log_tail(log, limit_bytes=7) == "\ufffdééé"
