"""`daemon --once`: its exit status says whether the newest revision is applied and its runs went well."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import remove
from reconciler.state.store import State

from .daemon_process import DaemonProcess, runs, statuses, to_its_end
from .origin import Origin, pipeline
from .waiting import Waiting

GREET = "greet.yaml"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_run_that_succeeds_is_waited_for_and_shown(origin: Origin, state: Path) -> None:
    origin.push({GREET: pipeline("sleep 0.2", "true")})
    ended = to_its_end(origin.url, state, "--once")
    assert ended.code == 0, ended.said
    assert "greet-1: succeeded in" in ended.said
    assert [line.split()[:2] for line in ended.said.splitlines() if line.startswith("step_")] == [
        ["step_0", "succeeded"],
        ["step_1", "succeeded"],
    ]


def test_nothing_to_do_is_good(origin: Origin, state: Path) -> None:
    origin.push({GREET: pipeline("true")})
    to_its_end(origin.url, state, "--once")
    again = to_its_end(origin.url, state, "--once")
    assert again.code == 0
    assert "greet-2" not in again.said


def test_a_run_that_fails_is_an_error_each_time(origin: Origin, state: Path) -> None:
    origin.push({GREET: pipeline("echo no memory; exit 3")})
    first = to_its_end(origin.url, state, "--once")
    assert first.code == 1
    assert "greet-1 failed" in first.said
    assert "no memory" in first.said
    second = to_its_end(origin.url, state, "--once")
    assert second.code == 1
    assert "greet-2 failed" in second.said


def test_a_broken_manifest_is_an_error_with_its_place(origin: Origin, state: Path) -> None:
    commit = origin.push({GREET: "type: pipeline\njobs: 7\n"})
    ended = to_its_end(origin.url, state, "--once")
    assert ended.code == 1
    assert f"refused main@sha1:{commit}: greet.yaml:2:1: error: " in ended.said


@pytest.mark.parametrize(
    ("branch", "said"),
    [("production", "has no branch `production` yet"), ("-x", "has no branch `-x` yet")],
)
def test_a_branch_that_is_not_there_is_an_error(origin: Origin, state: Path, branch: str, said: str) -> None:
    origin.push({GREET: pipeline("true")})
    ended = to_its_end(origin.url, state, "--once", "--branch", branch)
    assert ended.code == 1
    assert said in ended.said
    assert "Traceback" not in ended.said


def test_a_source_that_is_no_repository_is_an_error_with_a_hint(state: Path, tmp_path: Path) -> None:
    ended = to_its_end(tmp_path, state, "--once")
    assert ended.code == 1
    assert f"{tmp_path}: " in ended.said
    assert "is it a Git repository?" in ended.said
    assert "Traceback" not in ended.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_its_runs_to_the_next_one(
    origin: Origin, state: Path, waiting: Waiting, number: signal.Signals
) -> None:
    origin.push({GREET: waiting.manifest})
    with DaemonProcess(origin.url, state, "--once") as daemon:
        waiting.until_second()
        ended = daemon.end(number)
    assert ended.code == 130
    assert "Traceback" not in ended.said
    assert statuses(state) == [RunStatus.RUNNING]
    waiting.go_on()
    assert to_its_end(origin.url, state, "--once").code == 0
    assert statuses(state) == [RunStatus.SUCCEEDED]
    assert waiting.begun() == ["first", "second"]


class TestLookingForDrift:
    @pytest.fixture
    def output(self, origin: Origin, state: Path) -> Path:
        """What the first of two steps wrote, which the second one reads."""
        origin.push({GREET: pipeline("true", "true")})
        to_its_end(origin.url, state, "--once")
        opened = State(StateFolder(state))
        try:
            steps = opened.runs.step_summaries("greet-1")
            return opened.outputs.path(steps["step_0"].outputs["text"])
        finally:
            opened.close()

    def test_what_is_lost_is_made_again(self, origin: Origin, state: Path, output: Path) -> None:
        remove(output)
        assert to_its_end(origin.url, state, "--once").code == 0
        assert not output.exists()
        ended = to_its_end(origin.url, state, "--once", "--drift")
        assert (ended.code, output.exists()) == (0, True), ended.said
        assert [(run.id, run.trigger) for run in runs(state)] == [("greet-1", "once"), ("greet-2", "drift")]
        assert "greet-2: succeeded in" in ended.said
        assert "drifted" not in ended.said

    def test_where_nothing_differs_nothing_runs(self, origin: Origin, state: Path, output: Path) -> None:
        assert output.exists()
        assert to_its_end(origin.url, state, "--once", "--drift").code == 0
        assert [run.id for run in runs(state)] == ["greet-1"]

    def test_what_cannot_be_mended_is_told_and_is_an_error(
        self, origin: Origin, state: Path, output: Path, tmp_path: Path
    ) -> None:
        remove(output)
        config = tmp_path / "config.yaml"
        config.write_text(f"self_heal: false\nsources: [{{name: main, url: {origin.url}}}]\n")
        ended = to_its_end(None, state, "--config", str(config), "--once", "--drift")
        assert ended.code == 1
        assert "pipeline greet has drifted: output step_0.text is gone, not as greet-1 wrote it" in ended.said
        assert [run.id for run in runs(state)] == ["greet-1"]

    def test_a_daemon_that_goes_on_looks_by_itself(self, origin: Origin, state: Path) -> None:
        ended = to_its_end(origin.url, state, "--drift")
        assert ended.code == 2
        assert "reconciler reconcile --drift" in ended.said
