"""What is said of each resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.cli.contract import condition_text
from reconciler.daemon.conditions import environment_conditions, pipeline_conditions
from reconciler.execution.site import Site
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Condition, Trouble, ready, reconciling, stalled, transient, waits
from reconciler.state.environments import EnvironmentState

from .following import Following
from .origin import Origin, environment_manifest, pipeline


@pytest.fixture
def ran(site: Site) -> Callable[..., None]:
    """Notes a run of the pipeline `greet`."""

    def note(status: RunStatus, error: str = "", restored_from: str = "") -> None:
        run = Run("", "greet", "main", "main@sha1:0", "c", status, "push", 1.0, error=error)
        site.state.runs.start(replace(run, restored_from=restored_from))

    return note


def test_a_pipeline_that_never_ran_is_about_to(site: Site) -> None:
    assert pipeline_conditions(site.state, "greet", "") == reconciling("Waiting", "its first run is about to start")


@pytest.mark.parametrize(
    ("status", "error", "waiting", "conditions"),
    [
        (RunStatus.RUNNING, "", "", reconciling("Running", "greet-1 is running")),
        (RunStatus.SUCCEEDED, "", "", ready("RunSucceeded", "greet-1 is current")),
        (RunStatus.FAILED, "step a: lost\nits log", "", stalled("RunFailed", "greet-1: step a: lost")),
        (RunStatus.FAILED, "", "", stalled("RunFailed", "greet-1: a step failed")),
        (RunStatus.FAILED, "lost", "suspended by ada", waits("Retrying", "greet-1: lost (suspended by ada)")),
        (RunStatus.CANCELLED, "by hand", "", stalled("RunCancelled", "greet-1 was cancelled: by hand")),
    ],
)
def test_a_pipeline_is_as_its_newest_run_is(
    site: Site,
    ran: Callable[..., None],
    status: RunStatus,
    error: str,
    waiting: str,
    conditions: tuple[Condition, ...],
) -> None:
    ran(status, error)
    assert pipeline_conditions(site.state, "greet", waiting) == conditions


def test_a_failed_pipeline_says_how_often_it_was_tried_and_when_it_is_again(
    site: Site, ran: Callable[..., None]
) -> None:
    ran(RunStatus.FAILED, "lost")
    said = pipeline_conditions(site.state, "greet", "attempt 2 follows", 1_800_000_000.0)
    assert said == transient("Retrying", "greet-1: lost (attempt 2 follows)", 1, 1_800_000_000.0)
    assert condition_text(said[0]) == "greet-1: lost (attempt 2 follows); tried 1 time, next at 2027-01-15T08:00:00Z"
    assert condition_text(ready("A", "as in Git")[0]) == "as in Git"


def test_each_trouble_is_of_one_class() -> None:
    assert {each.trouble for each in stalled("A", "b")} == {Trouble.STALLING}
    assert {each.trouble for each in waits("A", "b")} == {Trouble.WAITING}
    assert {each.trouble for each in transient("A", "b")} == {Trouble.TRANSIENT}
    assert {each.trouble for each in (*ready("A", "b"), *reconciling("A", "b"))} == {None}


def test_an_environment_that_is_gone_is_said_to_be_rebuilt_only_where_it_is() -> None:
    gone = EnvironmentState("process", "0" * 64, "tools", "1.0.0", "gone")
    assert environment_conditions(gone)[0].message.endswith("; it is built again")
    assert environment_conditions(gone, heals_itself=False)[0].message.endswith(
        "; it is built again when a step needs it"
    )
    assert len(environment_conditions(gone, heals_itself=False)) == 1


def test_a_restored_run_says_which_one_is_back(site: Site, ran: Callable[..., None]) -> None:
    ran(RunStatus.SUCCEEDED)
    ran(RunStatus.FAILED)
    ran(RunStatus.RESTORED, restored_from="greet-1")
    assert pipeline_conditions(site.state, "greet", "") == ready("RunRestored", "greet-3 restored greet-1")


@pytest.mark.parametrize(
    ("environment", "conditions"),
    [
        (None, ready("NotNeeded", "is built when a step needs it")),
        (
            EnvironmentState("process", "0" * 64, "tools", "1.0.0", "building", log="/log"),
            reconciling("Building", "log: /log"),
        ),
        (EnvironmentState("process", "0" * 64, "tools", "1.0.0", "ready"), ready("Built", "digest 000000000000")),
        (
            EnvironmentState("process", "0" * 64, "tools", "1.0.0", "failed", error="no such package\nthe log"),
            stalled("BuildFailed", "no such package\nthe log"),
        ),
        (EnvironmentState("process", "0" * 64, "tools", "1.0.0", "failed"), stalled("BuildFailed", "the build failed")),
    ],
)
def test_an_environment_is_as_its_last_build_is(
    environment: EnvironmentState | None, conditions: tuple[Condition, ...]
) -> None:
    assert environment_conditions(environment) == conditions


def test_a_condition_that_is_true_is_never_ready_and_stalled_at_once() -> None:
    for conditions in (ready("A", "b"), reconciling("A", "b"), stalled("A", "b")):
        statuses = {str(condition.type): condition.status for condition in conditions}
        assert statuses["Ready"] is not (statuses.get("Stalled", False) or statuses.get("Reconciling", False))


def test_every_kind_of_manifest_is_a_resource_at_the_applied_revision(following: Following, origin: Origin) -> None:
    component = "name: split\nversion: 2.1.0\ntype: command\ncommand: 'true'\nenvironment: azureml:tools@latest\n"
    data = "name: loans\nversion: 1.0.0\ntype: uri_file\npath: loans.csv\n"
    origin.push(
        {
            "greet.yaml": pipeline("true"),
            "tools.yaml": environment_manifest("tools").replace("image: python", "image: debian"),
            "split/component.yaml": component,
            "data/loans.yaml": data,
            "data/loans.csv": "amount\n1\n",
        }
    )
    revision = following.turn().revision
    said = {
        name: (resource.version, resource.revision == revision, following.reason(name)[0])
        for name, resource in following.resources.items()
    }
    assert said == {
        "pipeline/greet": (None, True, "RunSucceeded"),
        "environment/tools": ("1.0.0", True, "NotNeeded"),
        "component/split": ("2.1.0", True, "Applied"),
        "data/loans": ("1.0.0", True, "Applied"),
    }
