"""What a schedule runs when it fires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.model.problems import Code, Severity
from reconciler.model.schedules import TRIGGER_TIME
from reconciler.model.steps import Graph
from reconciler.planning.firing import Firing, fire, firings
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.resolve import Registry

from .history import History

TIME = "2026-01-01T06:00:00"
JOB = {
    "command": "echo ${{inputs.seed}} ${{inputs.day}}",
    "environment": {"image": "python"},
    "inputs": {"seed": "${{parent.inputs.seed}}", "day": "${{parent.inputs.day}}"},
}
LENDING: dict[str, Any] = {
    "type": "pipeline",
    "name": "lending",
    "inputs": {"seed": {"type": "integer", "value": 1}, "day": "none"},
    "jobs": {"greet": JOB},
}


def fired(create_job: object, time: str = TIME, files: Mapping[str, dict[str, Any]] | None = None) -> Firing:
    """What a schedule runs that fires in a repository with the pipeline `lending`."""
    schedule = {"name": "nightly", "trigger": {"type": "cron", "expression": "0 6 * * *"}, "create_job": create_job}
    desired = History().revision({"lending.yaml": LENDING, **(files or {}), "nightly.yaml": schedule})
    assert [problem for problem in desired.problems if problem.is_error] == []
    (read,) = desired.schedules
    return fire(read, Registry(desired), time)


def graph_of(firing: Firing) -> Graph:
    assert firing.problems == ()
    assert firing.graph is not None
    return firing.graph


def literals(firing: Firing) -> dict[str, object]:
    (step,) = graph_of(firing).steps
    return dict(step.definition.literals)


def of_a_push() -> Graph:
    (graph,), _ = GraphBuilder().build(History().revision({"lending.yaml": LENDING}))
    return graph


@pytest.mark.parametrize("create_job", ["./lending.yaml", "azureml:lending@latest", {"job": "azureml:lending"}])
def test_without_overrides_it_is_the_very_pipeline(create_job: object) -> None:
    firing = fired(create_job)
    assert graph_of(firing) == of_a_push()
    assert (firing.pipeline, firing.is_own) == ("lending", False)


def test_other_inputs_make_runs_of_the_schedule_itself() -> None:
    firing = fired({"job": "./lending.yaml", "inputs": {"seed": 7, "day": f"on {TRIGGER_TIME}"}})
    assert literals(firing) == {"seed": 7, "day": f"on {TIME}"}
    assert (firing.pipeline, firing.is_own, graph_of(firing).pipeline) == ("lending", True, "lending@nightly")


def test_inputs_that_are_not_named_stay() -> None:
    assert literals(fired({"job": "./lending.yaml", "inputs": {"seed": 7}})) == {"seed": 7, "day": "none"}


def test_settings_and_experiment_change_no_identity() -> None:
    settings = {"force_rerun": True, "continue_on_step_failure": True}
    graph = graph_of(fired({"job": "./lending.yaml", "experiment_name": "nightly", "settings": settings}))
    assert (graph.pipeline, graph.closure) == ("lending", of_a_push().closure)
    assert (graph.experiment, graph.force_rerun, graph.continue_on_step_failure) == ("nightly", True, True)


def test_equal_times_give_equal_closures_and_other_times_others() -> None:
    create_job = {"job": "./lending.yaml", "inputs": {"day": TRIGGER_TIME}}
    first, again, later = (graph_of(fired(create_job, time)) for time in (TIME, TIME, "2026-01-02T06:00:00"))
    assert first.closure == again.closure != later.closure


def test_a_job_inside_runs_under_the_name_of_the_schedule() -> None:
    firing = fired(
        {**{key: value for key, value in LENDING.items() if key != "name"}, "inputs": {"day": TRIGGER_TIME, "seed": 1}}
    )
    assert graph_of(firing).pipeline == "job@nightly"
    assert graph_of(firing).experiment == "nightly"
    assert literals(firing)["day"] == TIME


def test_a_command_that_stands_alone_takes_inputs_too() -> None:
    train = {
        "type": "command",
        "command": "echo ${{inputs.seed}}",
        "environment": {"image": "python"},
        "inputs": {"seed": 1},
        "experiment_name": "train",
    }
    assert literals(fired({"job": "./train.yaml", "inputs": {"seed": 7}}, files={"train.yaml": train})) == {"seed": "7"}


def test_references_are_those_of_the_moment() -> None:
    component = {"name": "greet", "command": "echo", "environment": {"image": "python"}}
    pipeline = {"type": "pipeline", "jobs": {"greet": {"component": "azureml:greet@latest"}}}
    history = History()
    found = []
    for version in ("1.0.0", "1.1.0"):
        desired = history.revision(
            {
                "greet/component.yaml": {**component, "version": version, "type": "command"},
                "p.yaml": pipeline,
                "nightly.yaml": {
                    "trigger": {"type": "cron", "expression": "0 6 * * *"},
                    "create_job": {"job": "./p.yaml", "settings": {"force_rerun": True}},
                },
            }
        )
        (schedule,) = desired.schedules
        found.append(graph_of(fire(schedule, Registry(desired), TIME)).steps[0].definition.version)
    assert found == ["1.0.0", "1.1.0"]


class TestProblems:
    @pytest.mark.parametrize(
        ("create_job", "pointer", "code", "message", "hint"),
        [
            (
                "./landing.yaml",
                ("create_job",),
                Code.UNRESOLVED_REFERENCE,
                "there is no file `landing.yaml`",
                "did you mean `lending.yaml`?",
            ),
            (
                {"job": "azureml:landing@latest"},
                ("create_job", "job"),
                Code.UNRESOLVED_REFERENCE,
                "there is no pipeline `landing`",
                "did you mean `lending`?",
            ),
            (
                {"job": "./lending.yaml", "inputs": {"sed": 1}},
                ("create_job", "inputs", "sed"),
                Code.UNDECLARED_INPUT,
                "pipeline `lending` has no input `sed`",
                "did you mean `seed`?",
            ),
            (
                {"job": "./lending.yaml", "inputs": {"seed": "many"}},
                ("create_job", "inputs", "seed"),
                Code.INVALID_VALUE,
                "`seed` is declared as integer, 'many' is none",
                "write a value of type integer",
            ),
            (
                {"job": "./lending.yaml", "inputs": {"day": {"type": "uri_file", "path": "./no.csv"}}},
                ("create_job", "inputs"),
                Code.MISSING_FILE,
                "there is no `no.csv` in the repository",
                "",
            ),
        ],
    )
    def test_what_is_wrong_is_found_before_it_fires_and_told_at_the_schedule(
        self, create_job: object, pointer: tuple[str, ...], code: Code, message: str, hint: str
    ) -> None:
        (problem,) = fired(create_job).problems
        assert (problem.file, problem.pointer, problem.severity) == ("nightly.yaml", pointer, Severity.ERROR)
        assert problem.code is code
        assert message in problem.message
        assert hint in problem.hint

    def test_what_only_a_job_has_against_its_input_is_told_at_the_schedule_too(self) -> None:
        component = {"name": "greet", "type": "command", "command": "echo", "environment": {"image": "python"}}
        files = {
            "greet.yaml": {**component, "inputs": {"many": {"type": "integer"}}},
            "p.yaml": {
                "type": "pipeline",
                "inputs": {"many": 1},
                "jobs": {"greet": {"component": "./greet.yaml", "inputs": {"many": "${{parent.inputs.many}}"}}},
            },
        }
        (problem,) = fired({"job": "./p.yaml", "inputs": {"many": "x"}}, files=files).problems
        assert (problem.file, problem.pointer) == ("nightly.yaml", ("create_job",))
        assert problem.message.startswith(
            "as this schedule runs it, p.yaml has a problem: `many` is declared as integer"
        )

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        given = {"sed": 1, "day": {"type": "uri_file", "path": "./no.csv"}}
        firing = fired({"job": "./lending.yaml", "inputs": given})
        assert [problem.code for problem in firing.problems] == [Code.UNDECLARED_INPUT, Code.MISSING_FILE]
        assert firing.graph is None

    def test_an_output_that_is_not_there_is_a_warning(self) -> None:
        (problem,) = fired({"job": "./lending.yaml", "outputs": {"model": {"type": "uri_folder"}}}).problems
        assert (problem.code, problem.severity) == (Code.UNDECLARED_OUTPUT, Severity.WARNING)

    def test_a_reference_to_what_is_not_supported_holds_nothing_up(self) -> None:
        spark = {"type": "spark", "experiment_name": "s", "compute": "c"}
        firing = fired("./spark.yaml", files={"spark.yaml": spark})
        assert firing.unsupported == "spark jobs are not supported: `spark.yaml`"
        assert [problem.severity for problem in firing.problems] == [Severity.WARNING]

    def test_without_schedules_nothing_is_looked_at(self) -> None:
        assert firings(History().revision({"lending.yaml": LENDING})) == {}
