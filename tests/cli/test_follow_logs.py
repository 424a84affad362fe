"""`logs --follow`: what is printed, as it is, until what is followed is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.state.environments import BUILDING, READY, EnvironmentState
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.daemon.daemon_process import DaemonProcess
from tests.daemon.origin import Origin, pipeline

from .conftest import Followed
from .program import Answer, reconciler
from .watched import WatchedVerb


class Gates:
    """Files that steps wait for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wait(self, name: str) -> str:
        """The command that waits."""
        return f"until test -e '{self._folder / name}'; do sleep 0.02; done"

    def open(self, *names: str) -> None:
        for name in names:
            (self._folder / name).touch()


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Gates]:
    gates = Gates(tmp_path)
    yield gates
    gates.open("a", "b", "c")


@pytest.fixture
def running(tmp_path: Path, gates: Gates) -> Iterator[Path]:
    """The state of a daemon with a run of two steps: the first waits for `a` and `b`, the second for `c`."""
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    first = f"echo one; {gates.wait('a')}; echo two; {gates.wait('b')}; printf three"
    origin.push({"greet.yaml": pipeline(first, f"echo begun; {gates.wait('c')}; echo end")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("started greet")
        yield state
        gates.open("a", "b", "c")


class TestARun:
    def test_all_its_steps_are_told_as_they_print_and_it_ends_with_the_run(self, running: Path, gates: Gates) -> None:
        with WatchedVerb("logs", "greet", "-f", "--state", running) as watched:
            watched.until_told("step_0 | one")
            assert len(watched.lines) == 1
            gates.open("a", "b")
            watched.until_told("step_1 | begun")
            gates.open("c")
            assert watched.ended() == (0, "")
        assert watched.lines == [
            "step_0 | one",
            "step_0 | two",
            "step_0 | three",
            "step_1 | begun",
            "step_1 | end",
        ]

    def test_ctrl_c_ends_it_and_not_the_run(self, running: Path, gates: Gates) -> None:
        with WatchedVerb("logs", "greet-1", "--follow", "--state", running) as watched:
            watched.until_told("one")
            assert watched.interrupt() == (0, "")
        with WatchedVerb("logs", "greet-1", "--follow", "--state", running) as again:
            again.until_told("one")
            gates.open("a", "b", "c")
            assert again.ended() == (0, "")
        assert "step_1 | end" in again.lines

    def test_one_that_is_over_is_told_as_without_following(self, followed: Followed) -> None:
        for arguments in (("lending-1",), ("lending-2", "train"), ("lending", "split", "--tail", "2")):
            assert _logs(followed, *arguments, "-f").out == _logs(followed, *arguments).out


class TestAStep:
    def test_it_is_waited_for_and_ends_before_its_run(self, running: Path, gates: Gates) -> None:
        with (
            WatchedVerb("logs", "greet", "step_0", "-f", "--state", running) as first,
            WatchedVerb("logs", "greet", "step_1", "-f", "--state", running) as second,
        ):
            first.until_told("one")
            gates.open("a", "b")
            assert first.ended() == (0, "")
            assert first.lines == ["one", "two", "three"]
            second.until_told("begun")
            gates.open("c")
            assert second.ended() == (0, "")
            assert second.lines == ["begun", "end"]

    def test_only_the_last_lines_of_what_is_there_and_all_that_follows(self, running: Path, gates: Gates) -> None:
        with WatchedVerb("logs", "greet", "step_0", "-f", "--state", running) as before:
            gates.open("a")
            before.until_told("two")
            with WatchedVerb("logs", "greet", "step_0", "-f", "--tail", "1", "--state", running) as watched:
                watched.until_told("two")
                gates.open("b")
                assert watched.ended() == (0, "")
        assert watched.lines == ["two", "three"]

    def test_a_log_that_is_taken_away_ends_nothing(self, running: Path, gates: Gates) -> None:
        with WatchedVerb("logs", "greet", "-f", "--state", running) as watched:
            watched.until_told("one")
            for log in (running / "logs").rglob("*step_0*"):
                log.unlink()
            gates.open("a", "b", "c")
            assert watched.ended() == (0, "")
        assert "step_1 | end" in watched.lines

    def test_one_that_there_is_not(self, running: Path) -> None:
        with WatchedVerb("logs", "greet", "step_0", "-f", "--state", running) as watched:
            watched.until_told("one")
        answer = reconciler("logs", "greet", "step_9", "-f", "--state", running)
        assert (answer.code, "greet-1 has no step `step_9`" in answer.err) == (1, True)


class TestSince:
    def test_what_had_ended_by_then_is_left_out(self, followed: Followed) -> None:
        assert _logs(followed, "lending-1", "--since", "2100-01-01").out == ""
        assert _logs(followed, "lending-1", "--since", "1d").out == _logs(followed, "lending-1").out


def test_the_build_of_an_environment_is_followed_to_its_end(tmp_path: Path) -> None:
    state = State(StateFolder(tmp_path / "state"))
    log = tmp_path / "build.log"
    log.write_text("fetching\n", encoding="utf-8")
    build = EnvironmentState("process", "d1", "tools", "1.0.0", BUILDING, log=str(log), started=1.0)
    state.environments.save(build)
    with WatchedVerb("logs", "environment", "tools", "-f", "--state", tmp_path / "state") as watched:
        watched.until_told("fetching")
        with log.open("a", encoding="utf-8") as file:
            file.write("building\ndone")
        state.environments.save(EnvironmentState("process", "d1", "tools", "1.0.0", READY, log=str(log), started=1.0))
        assert watched.ended() == (0, "")
    state.close()
    assert watched.lines == ["fetching", "building", "done"]


def _logs(followed: Followed, *arguments: str) -> Answer:
    answer = reconciler("logs", *arguments, "--state", followed.state)
    assert answer.code == 0
    return answer
