"""What was found against what should be there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.drift import Drift, DriftKind
from reconciler.model.manifests import Kind
from reconciler.model.runs import RegisteredModel, Run, RunStatus, StepRun
from reconciler.model.steps import Graph
from reconciler.planning.drift import (
    Registry,
    lost_outputs,
    lost_runs,
    lost_versions,
    moved_aliases,
    needed_outputs,
    to_remake,
)
from reconciler.planning.graph import GraphBuilder

from .history import desired_of

LENDING = {
    "lending.yaml": """\
type: pipeline
name: lending
jobs:
  split:
    command: "true"
    outputs: {train: {type: uri_file}, test: {type: uri_file}}
    environment: {image: python}
  train:
    command: cat ${{inputs.data}}
    inputs: {data: "${{parent.jobs.split.outputs.train}}"}
    outputs:
      model: {type: custom_model, name: lending}
      report: {type: uri_file}
    environment: {image: python}
"""
}
EVERYTHING = frozenset({"split", "train"})


def _graph() -> Graph:
    (graph,), _ = GraphBuilder().build(desired_of(LENDING))
    return graph


GRAPH = _graph()
RUN = Run("lending-1", "lending", "main", "r", GRAPH.closure, RunStatus.SUCCEEDED, "push", 1.0, 2.0, mlflow_run_id="m0")
STEPS = {
    "split": StepRun(RUN.id, "split", outputs={"train": "a", "test": "b"}, mlflow_run_id="m1"),
    "train": StepRun(RUN.id, "train", outputs={"model": "c", "report": "d"}, mlflow_run_id="m2"),
}
MODEL = RegisteredModel(RUN.id, "lending", "2", ("champion",), "m2")


def _lost(*digests: str, graph: Graph = GRAPH, with_result: frozenset[str] = EVERYTHING) -> list[Drift]:
    return lost_outputs(graph, RUN, STEPS, dict.fromkeys(digests, "gone"), with_result)


def test_outputs_are_needed_that_a_step_reads_or_that_are_registered() -> None:
    assert needed_outputs(GRAPH) == {("split", "train"), ("train", "model")}


def test_a_needed_output_takes_a_run_and_says_which_step() -> None:
    (drift,) = _lost("a")
    assert drift.told == "output split.train is gone, not as lending-1 wrote it"
    assert (drift.resource, drift.step, drift.needs_run) == ((Kind.PIPELINE, "lending"), "split", True)


def test_one_that_nothing_needs_is_told_as_long_as_its_result_would_be_reused() -> None:
    (drift,) = _lost("b")
    assert (drift.name, drift.needs_run, drift.can_be_mended) == ("split.test", False, True)
    assert _lost("b", "d", with_result=frozenset()) == []


def test_of_a_run_of_something_else_nothing_is_made_again() -> None:
    (drift,) = _lost("a", graph=replace(GRAPH, closure="other"))
    assert (drift.needs_run, drift.can_be_mended) == (False, True)


def test_a_step_that_is_not_deterministic_is_left_to_a_person() -> None:
    steps = tuple(replace(step, is_deterministic=False) for step in GRAPH.steps)
    (drift,) = _lost("a", graph=replace(GRAPH, steps=steps))
    assert (drift.can_be_mended, drift.needs_run) == (False, False)
    assert "`reconciler run lending --force`" in drift.told


def test_mlflow_runs_that_are_gone_are_told_by_what_they_are_of() -> None:
    found = lost_runs(GRAPH, RUN, STEPS.values(), frozenset({"m0", "m2", "other"}))
    assert [(drift.name, drift.can_be_mended) for drift in found] == [("lending-1", False), ("lending-1/train", False)]


def test_a_version_that_an_output_was_registered_as_comes_back_by_a_run() -> None:
    (drift,) = lost_versions(GRAPH, RUN, [MODEL], Registry({"lending": frozenset({"1"})}))
    assert (drift.name, drift.needs_run) == ("lending 2", True)
    assert lost_versions(GRAPH, RUN, [MODEL], Registry({"lending": frozenset({"2"})})) == []


def test_one_that_a_step_registered_by_itself_does_not() -> None:
    (drift,) = lost_versions(GRAPH, RUN, [replace(MODEL, name="own")], Registry())
    assert (drift.can_be_mended, drift.needs_run) == (False, False)


def test_without_mlflow_no_version_is_missed() -> None:
    assert lost_versions(GRAPH, RUN, [replace(MODEL, mlflow_run_id="")], Registry()) == []


def test_an_alias_of_a_version_that_is_gone_is_not_moved() -> None:
    registry = Registry({"lending": frozenset({"1"})}, {("lending", "champion"): "1"})
    assert moved_aliases(GRAPH, RUN, "lending", {"champion": "2"}, registry) == []


_NUMBERS = st.sampled_from(["1", "2", "3"])
_ALIASES = st.dictionaries(st.sampled_from(["champion", "candidate", "mine"]), _NUMBERS)


@given(_ALIASES, _ALIASES, st.frozensets(_NUMBERS))
def test_those_are_moved_that_are_expected_at_a_version_that_is_there_and_are_elsewhere(
    expected: dict[str, str], found: dict[str, str], there: frozenset[str]
) -> None:
    registry = Registry({"lending": there}, {("lending", alias): version for alias, version in found.items()})
    moved = {alias: version for _, alias, version in moved_aliases(GRAPH, RUN, "lending", expected, registry)}
    assert moved == {
        alias: version for alias, version in expected.items() if version in there and found.get(alias) != version
    }


def test_a_run_is_to_mend_what_needs_one_by_pipeline() -> None:
    findings = [*_lost("a", "b", "c"), Drift(DriftKind.SCHEDULE, "n", "there", "gone", (Kind.SCHEDULE, "n"))]
    assert {name: [drift.step for drift in drifts] for name, drifts in to_remake(findings).items()} == {
        "lending": ["split", "train"]
    }
