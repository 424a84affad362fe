"""`reconcile`: the running daemon looks now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from tests.daemon.daemon_process import DaemonProcess, statuses, until
from tests.daemon.origin import Origin, pipeline

from .program import reconciler

FLAKY = "flaky.yaml"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """A file without which the pipeline fails."""
    return tmp_path / "mended"


@pytest.fixture
def daemon(origin: Origin, state: Path, flag: Path) -> Iterator[DaemonProcess]:
    """A daemon whose only pipeline has failed once."""
    origin.push({FLAKY: pipeline(f"test -e {flag}", name="flaky")})
    with DaemonProcess(origin.url, state) as daemon:
        until(lambda: statuses(state) == [RunStatus.FAILED])
        yield daemon


def test_it_says_what_the_source_is_at(daemon: DaemonProcess, origin: Origin, state: Path) -> None:
    answer = reconciler("reconcile", "--state", state)
    assert (answer.code, answer.out, answer.err) == (0, f"reconciled main@sha1:{origin.git('rev-parse', 'HEAD')}\n", "")


def test_a_failed_pipeline_is_tried_again_and_waited_for(daemon: DaemonProcess, state: Path, flag: Path) -> None:
    failed = reconciler("reconcile", "--state", state, "--wait")
    assert failed.code == 1
    assert "flaky-2: failed in" in failed.out
    flag.touch()
    mended = reconciler("reconcile", "--state", state, "--wait")
    assert mended.code == 0
    assert "flaky-3: succeeded in" in mended.out


def test_a_revision_that_is_refused_is_refused_each_time(daemon: DaemonProcess, origin: Origin, state: Path) -> None:
    origin.push({FLAKY: "type: pipeline\njobs: 7\n"})
    for _ in range(2):
        answer = reconciler("reconcile", "--state", state)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith("refused: flaky.yaml:2:1: error: ")


def test_a_source_that_is_away_is_an_error(daemon: DaemonProcess, origin: Origin, state: Path, tmp_path: Path) -> None:
    origin.url.rename(tmp_path / "away")
    answer = reconciler("reconcile", "--state", state)
    assert answer.code == 1
    assert "is it a Git repository?" in answer.err
