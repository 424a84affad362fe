"""`run`: a run because somebody asks for it, with a daemon and without one."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.person import caller
from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from tests.daemon.daemon_process import DaemonProcess, runs, statuses, to_its_end, until
from tests.daemon.origin import Origin, pipeline
from tests.daemon.waiting import Waiting
from tests.web.serving import asking

from .program import Answer, reconciler

GREET = "greet.yaml"
MANIFEST = """\
type: pipeline
name: greet
inputs: {rate: 0.1}
jobs:
  say:
    command: echo rate ${{inputs.rate}}
    inputs: {rate: '${{parent.inputs.rate}}'}
    environment: {image: python}
"""


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def applied(origin: Origin, state: Path) -> Path:
    """A state in which the pipeline ran once, without a daemon."""
    origin.push({GREET: MANIFEST})
    assert to_its_end(origin.url, state, "--once").code == 0
    return state


def asked(state: Path, *arguments: str) -> Answer:
    return reconciler("run", *arguments, "--state", state, "--tracking", "none", "--engine", "process")


def told(state: Path, run_id: str) -> dict[str, Any]:
    (found,) = reconciler("runs", run_id, "--state", state, "-o", "json").data
    return dict(found)


class TestWithoutDaemon:
    def test_it_runs_here_and_is_waited_for(self, applied: Path) -> None:
        answer = asked(applied, "greet", "--set", "rate=0.2")
        assert (answer.code, answer.out.splitlines()[0]) == (0, "started greet@run-1")
        run = told(applied, "greet@run-1")
        assert (run["trigger"], run["status"], run["source"]) == (f"run by {caller()}", "succeeded", "main")
        assert run["reasons"] == [f"asked for by {caller()}", "input rate: 0.1 → 0.2"]
        assert "rate 0.2" in reconciler("logs", "greet@run-1", "--state", applied).out

    def test_what_ran_already_is_left_alone_without_force(self, applied: Path) -> None:
        answer = asked(applied, "greet")
        assert (answer.code, len(runs(applied))) == (0, 1)
        assert answer.out == "nothing to do: greet-1 was exactly this; `--force` runs it all the same\n"
        assert asked(applied, "greet", "--force").code == 0
        assert [run.id for run in runs(applied)] == ["greet-1", "greet-2"]

    def test_how_it_stands_is_told_and_all_else_is_left_as_it_was(self, origin: Origin, applied: Path) -> None:
        nightly = "trigger: {type: cron, expression: 0 6 * * *}\ncreate_job: ./greet.yaml\n"
        origin.push({"nightly.yaml": nightly})
        to_its_end(origin.url, applied, "--once")
        before = {row["NAME"]: row["MESSAGE"] for row in reconciler("get", "--state", applied).table}
        asked(applied, "greet", "--force")
        after = {row["NAME"]: row["MESSAGE"] for row in reconciler("get", "--state", applied).table}
        assert after == {**before, "greet": "greet-2 is current"}

    def test_one_that_fails_says_so_by_its_exit_status(self, origin: Origin, applied: Path) -> None:
        origin.push({GREET: MANIFEST.replace("echo", "exit 3; echo")})
        to_its_end(origin.url, applied, "--once")
        assert asked(applied, "greet").code == 1
        assert statuses(applied)[-1] is RunStatus.FAILED

    @pytest.mark.parametrize(
        ("arguments", "message", "hint"),
        [
            (["gret"], "no applied revision has a pipeline `gret`", "did you mean `greet`?"),
            (["greet", "--set", "rate"], "`--set rate` gives no input a value", "write `--set input=value`"),
            (["greet", "--set", "rat=1"], "greet.yaml: pipeline `greet` has no input `rat`", "did you mean `rate`?"),
        ],
    )
    def test_what_cannot_be_is_refused(self, applied: Path, arguments: list[str], message: str, hint: str) -> None:
        answer = asked(applied, *arguments)
        assert (answer.code, answer.err) == (1, f"error: {message}\nhint: {hint}\n")

    def test_one_that_is_suspended_is_refused_unless_overridden(self, applied: Path) -> None:
        reconciler("suspend", "pipeline", "greet", "--state", applied)
        refused = asked(applied, "greet", "--force")
        assert refused.code == 1
        assert refused.err.splitlines()[-1] == "hint: start it all the same with `--override`"
        assert asked(applied, "greet", "--force", "--override").code == 0


class TestWithDaemon:
    def test_the_daemon_runs_it(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: MANIFEST})
        with DaemonProcess(origin.url, state) as daemon:
            daemon.until_said("greet-1 succeeded")
            answer = asked(state, "greet", "--set", "rate=0.3", "--wait")
            assert (answer.code, answer.out.splitlines()[0]) == (0, "started greet@run-1")
            assert statuses(state) == [RunStatus.SUCCEEDED] * 2
            refused = asked(state, "greet", "--set", "rat=0.3")
            assert (refused.code, "did you mean `rate`?" in refused.err) == (1, True)
            assert asked(state, "greet").out.startswith("nothing to do: greet-1")
            daemon.until_said("greet@run-1 succeeded")

    def test_without_waiting_it_is_only_started(self, origin: Origin, state: Path, tmp_path: Path) -> None:
        waiting = Waiting(tmp_path)
        origin.push({GREET: waiting.manifest + "suspended: true\n"})
        with DaemonProcess(origin.url, state) as daemon:
            daemon.until_said("applied")
            assert asked(state, "greet", "--override").out == "started greet-1\n"
            assert statuses(state) == [RunStatus.RUNNING]
            waiting.go_on()
            daemon.until_said("greet-1 succeeded")

    def test_what_is_asked_again_with_the_same_key_starts_once(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: MANIFEST})
        wish, key = {"inputs": {"rate": 0.4}}, {"Idempotency-Key": "a key of my own"}
        for _ in range(2):
            with DaemonProcess(origin.url, state) as daemon:
                daemon.until_said("applied")
                until(lambda: statuses(state)[:1] == [RunStatus.SUCCEEDED])
                with asking(f"unix:{StateFolder(state).socket}") as asker:
                    told = asker.post("/api/v1/run/greet", json=wish, headers=key).json()
                assert told == {"run": "greet@run-1", "message": "started greet@run-1"}
                until(lambda: statuses(state) == [RunStatus.SUCCEEDED] * 2)
                daemon.end(signal.SIGKILL)
        assert [run.id for run in runs(state)] == ["greet-1", "greet@run-1"]


def test_a_pipeline_of_schedules_own_is_none_to_be_asked_for(origin: Origin, state: Path) -> None:
    origin.push({"other.yaml": pipeline("true", name="other")})
    to_its_end(origin.url, state, "--once")
    answer = asked(state, "other@nightly")
    assert (answer.code, "no applied revision has a pipeline `other@nightly`" in answer.err) == (1, True)
