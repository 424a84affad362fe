"""`reconcile`: the running daemon looks now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.outputs import remove
from reconciler.state.store import State
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


def test_one_source_or_all_of_them_are_looked_at(tmp_path: Path, state: Path) -> None:
    origins = {name: Origin(tmp_path / name) for name in ("loans", "fraud")}
    for name, origin in origins.items():
        origin.push({f"{name}.yaml": pipeline("true", name=name)})
    config = tmp_path / "config.yaml"
    listed = "".join(f"- {{name: {name}, url: {origin.url}}}\n" for name, origin in origins.items())
    config.write_text(f"sources:\n{listed}")
    at = {name: f"main@sha1:{origin.git('rev-parse', 'HEAD')}" for name, origin in origins.items()}
    with DaemonProcess(None, state, "--config", str(config)):
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED] * 2)
        one = reconciler("reconcile", "fraud", "--state", state)
        assert (one.code, one.out) == (0, f"reconciled {at['fraud']}\n")
        every = reconciler("reconcile", "--state", state, "--wait")
        assert (every.code, every.out) == (
            0,
            f"loans: reconciled {at['loans']}\nfraud: reconciled {at['fraud']}\n",
        )
        unknown = reconciler("reconcile", "frod", "--state", state)
        assert (unknown.code, unknown.out) == (1, "")
        assert unknown.err.startswith("error: no source `frod` is followed\nhint: did you mean `fraud`?")
        origins["fraud"].url.rename(tmp_path / "away")
        mixed = reconciler("reconcile", "--state", state)
        assert (mixed.code, mixed.out) == (1, f"loans: reconciled {at['loans']}\n")
        assert mixed.err.startswith("fraud: refused: ")
        rows = reconciler("get", "pipelines", "--state", state).table
        assert [(row["NAME"], row["SOURCE"]) for row in rows] == [("fraud", "fraud"), ("loans", "loans")]


def test_a_revision_that_takes_away_everything_is_confirmed(daemon: DaemonProcess, origin: Origin, state: Path) -> None:
    origin.push({FLAKY: None})
    refused = reconciler("reconcile", "--state", state)
    assert refused.code == 1
    assert refused.err.startswith("refused: it takes away everything that is applied: pipeline flaky; ")
    assert "`reconciler reconcile main --confirm-prune`" in refused.err
    assert reconciler("reconcile", "--state", state, "--confirm-prune").code == 0
    assert [each["kind"] for each in reconciler("get", "--state", state, "-o", "json").data] == ["source"]


def test_drift_is_looked_for_and_what_is_lost_is_made_again(
    daemon: DaemonProcess, origin: Origin, state: Path, flag: Path
) -> None:
    flag.touch()
    alike = pipeline("true", "true", name="flaky").split("echo ${{inputs.before}} >")
    origin.push({FLAKY: f"{alike[0]}echo one >{alike[1]}echo two >{alike[2]}"})
    until(lambda: statuses(state)[-1:] == [RunStatus.SUCCEEDED])
    opened = State(StateFolder(state))
    lost = opened.outputs.path(opened.runs.step_summaries("flaky-2")["step_0"].outputs["text"])
    remove(lost)
    assert reconciler("reconcile", "--state", state, "--drift").code == 0
    until(lambda: opened.runs.get("flaky-3") is not None and statuses(state)[-1:] == [RunStatus.SUCCEEDED])
    steps = opened.runs.step_summaries("flaky-3")
    opened.close()
    assert lost.exists()
    assert {name: str(step.status) for name, step in steps.items()} == {"step_0": "succeeded", "step_1": "reused"}
