"""The daemon's log: a line for each thing that happened, whoever reads it, and no secret in any."""

from __future__ import annotations

import json
import logging
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.cli.daemon_log import begin_log
from reconciler.cli.output import LogFormat, LogLevel
from reconciler.log_facts import about
from reconciler.model.redaction import Redaction

from .program import log_as_before

log = logging.getLogger("reconciler")
SECRET = 'to"ken-of-loans'


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """Logging belongs to the whole process."""
    with log_as_before():
        yield


def begin(form: LogFormat = LogFormat.JSON, level: LogLevel = LogLevel.INFO) -> Redaction:
    redaction = Redaction([SECRET])
    begin_log(form, level, redaction)
    return redaction


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_tells_when_how_grave_what_and_of_what(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    with about(source="loans", revision="main@sha1:1", pipeline="lending", run="lending-7", step="train[2]"):
        log.warning("%s is gone", "it")
    (line,) = lines(capsys)
    assert list(line) == ["time", "level", "event", "source", "revision", "pipeline", "run", "step"]
    moment = datetime.fromisoformat(line.pop("time"))
    assert moment.tzinfo is not None
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert line == {
        "level": "warning",
        "event": "it is gone",
        "source": "loans",
        "revision": "main@sha1:1",
        "pipeline": "lending",
        "run": "lending-7",
        "step": "train[2]",
    }


def test_other_libraries_come_in_the_same_format_once_it_is_grave(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    logging.getLogger("apscheduler.scheduler").info("tick")
    logging.getLogger("apscheduler.scheduler").error("no tick")
    warnings.warn("old", UserWarning, stacklevel=1)
    told = lines(capsys)
    assert [line["level"] for line in told] == ["error", "warning"]
    assert told[0]["event"] == "no tick"
    assert "UserWarning: old" in told[1]["event"]


@pytest.mark.parametrize("form", list(LogFormat))
def test_nothing_secret_is_shown(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    redaction = begin(form)
    redaction.learn(["learnt-later"])
    try:
        raise RuntimeError(f"{SECRET} and learnt-later")
    except RuntimeError:
        log.exception("https://me:pw@host/x %s Authorization: Bearer abcdef", SECRET)
    with about(source="https://me:pw@host"):
        log.info("x")
    said = capsys.readouterr().err
    assert not any(secret in said for secret in ("pw@", "ken-of-loans", "learnt-later", "abcdef"))
    assert "https://***@host/x *** Authorization: Bearer ***" in said
    assert "RuntimeError: *** and ***" in said


def test_a_fault_comes_with_its_traceback_on_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("broke")
    (line,) = lines(capsys)
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: bad")


def test_a_thread_that_ends_with_a_fault_is_told_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    thread = threading.Thread(target=lambda: int("none"), name="lost")
    thread.start()
    thread.join()
    (line,) = lines(capsys)
    assert (line["level"], line["event"]) == ("critical", "the thread `lost` ended")
    assert "ValueError" in line["exception"]


def test_the_level_is_the_least_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    begin(level=LogLevel.ERROR)
    log.warning("no")
    log.error("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_for_a_person_the_text_comes_first_and_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    begin(LogFormat.CONSOLE)
    with about(source="loans"):
        log.info("pushed \x1b[2J2 upgrades\nto main")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.partition(" ")[2] == r"[info] pushed \x1b[2J2 upgrades\nto main source=loans"


def test_json_is_one_line_whatever_stands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    log.info("a\nb\u2028c \x9b \u202e Ü")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not {"\u2028", "\x9b", "\u202e"} & set(said)
    assert "Ü" in said
    assert json.loads(said)["event"] == "a\nb\u2028c \x9b \u202e Ü"


def test_it_is_begun_anew_rather_than_twice(capsys: pytest.CaptureFixture[str]) -> None:
    begin()
    begin()
    log.info("once")
    assert len(lines(capsys)) == 1
