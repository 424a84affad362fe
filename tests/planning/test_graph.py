"""Graphs: the order of steps, what they are made of, and what keeps a pipeline from having one."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.steps import DataSource, Graph, StepSource
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import pipeline, sweep

from .history import Content, desired_of
from .lending import PIPELINE, SPLIT, TRAIN, files, jobs, lending, split, train

BARE = {"image": "python:3.12"}
DATA = "${{parent.jobs.prepare.outputs.data}}"
TRAIN_INPUT = "${{parent.jobs.split.outputs.train}}"


def built(
    changes: dict[str, Content | None], local_data: dict[str, str] | None = None
) -> tuple[list[Graph], list[Problem]]:
    return GraphBuilder().build(desired_of(files(changes), local_data))


def job(name: str, **bound: object) -> dict[str, object]:
    return lending(jobs(**{name: bound}))


def test_a_step_knows_what_it_reads_and_what_it_comes_after() -> None:
    (graph,), problems = built({})
    assert problems == []
    assert [(step.name, step.after) for step in graph.steps] == [
        ("prepare", ()),
        ("split", ("prepare",)),
        ("train", ("split",)),
    ]
    ((name, source),) = graph.steps[0].sources
    assert isinstance(source, DataSource)
    assert (name, source.label, source.path, source.type) == ("raw", "loans 1.0.0", "data/loans.csv", "uri_file")
    assert graph.steps[2].sources == (("train", StepSource("split", "train")),)
    assert dict(graph.steps[1].definition.literals) == {"seed": 42}
    assert graph.steps[2].definition.literals == ()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)))))
)
def test_each_step_stands_after_those_it_depends_on_or_the_cycle_is_named(
    drawn: tuple[int, set[tuple[int, int]]],
) -> None:
    count, edges = drawn
    before = {f"j{n}": sorted(f"j{b}" for a, b in edges if a == n and b < count) for n in range(count)}
    written = {name: {"command": "true", "environment": BARE, "depends_on": names} for name, names in before.items()}
    graphs, problems = built({PIPELINE: pipeline(written)})
    if graphs:
        (graph,) = graphs
        order = [step.name for step in graph.steps]
        assert sorted(order) == sorted(before)
        assert all(order.index(earlier) < order.index(name) for name in order for earlier in before[name])
        assert {step.name: sorted(step.after) for step in graph.steps} == before
        return
    (problem,) = problems
    assert problem.code is Code.CYCLE
    cycle = problem.message.removeprefix("jobs wait for each other: ").split(" → ")
    assert cycle[0] == cycle[-1]
    assert all(waited_for in before[name] for name, waited_for in pairwise(cycle))
    assert problem.pointer == ("jobs", cycle[0])


def test_depends_on_orders_steps_without_making_one_an_ingredient_of_the_other() -> None:
    (graph,), _ = built({PIPELINE: job("train", depends_on=["prepare"])})
    assert graph.steps[2].after == ("split", "prepare")
    assert graph.closure == built({})[0][0].closure


def test_several_faults_are_all_told() -> None:
    changes = lending(jobs(prepare={"inputs": {}}, train={"inputs": {"train": TRAIN_INPUT, "rate": "fast"}}))
    assert {problem.code for problem in built({PIPELINE: changes})[1]} == {Code.MISSING_INPUT, Code.INVALID_VALUE}


def test_a_file_given_for_a_folder_is_a_warning_and_the_pipeline_is_planned() -> None:
    builder = GraphBuilder()
    for _ in range(2):
        graphs, problems = builder.build(desired_of(files({SPLIT: split(outputs={"train": {"type": "uri_file"}})})))
        assert len(graphs) == 1
        assert [(problem.code, problem.severity) for problem in problems] == [(Code.TYPE_MISMATCH, Severity.WARNING)]


def test_one_pipeline_with_a_fault_does_not_hold_up_another() -> None:
    other = lending(jobs(prepare={"inputs": {}}), name="other")
    graphs, _ = built({"pipelines/other.yaml": other})
    assert [graph.pipeline for graph in graphs] == ["lending"]


def test_data_outside_the_repository_are_known_by_their_digest() -> None:
    changes: dict[str, Content | None] = {PIPELINE: job("prepare", inputs={"raw": "file:///data/loans.csv"})}
    closures = [
        built(changes, {"/data/loans.csv": digest})[0][0].closure for digest in ("sha256:1", "sha256:2", "sha256:1")
    ]
    assert closures[0] == closures[2] != closures[1]


def test_a_text_may_hold_literal_inputs_of_the_pipeline() -> None:
    inputs = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}, "run": 3}
    component = split(inputs={"data": {"type": "uri_folder"}, "seed": {"type": "string"}})
    bound = {"data": DATA, "seed": "run-${{parent.inputs.run}}"}
    (graph,), _ = built({PIPELINE: lending(jobs(split={"inputs": bound}), inputs=inputs), SPLIT: component})
    assert dict(graph.steps[1].definition.literals) == {"seed": "run-3"}


def test_an_input_that_is_swept_needs_no_value() -> None:
    space = {"rate": {"type": "choice", "values": [0.1, 0.2]}}
    ports = {"train": {"type": "uri_folder"}, "rate": {"type": "number"}}
    swept = sweep(trial=f"../{TRAIN}", inputs={"train": TRAIN_INPUT}, search_space=space)
    changes: dict[str, Content | None] = {
        TRAIN: train(inputs=ports),
        PIPELINE: lending(jobs(train={"component": ..., **swept})),
    }
    (graph,), problems = built(changes)
    assert problems == []
    assert graph.steps[2].kind == "sweep"


def test_how_long_a_step_may_take_its_job_says_or_its_component() -> None:
    limited: dict[str, Content | None] = {TRAIN: train(limits={"timeout": 60})}
    assert [step.timeout_seconds for step in built(limited)[0][0].steps] == [None, None, 60.0]
    said = {**limited, PIPELINE: job("train", limits={"timeout": 30})}
    assert built(said)[0][0].steps[2].timeout_seconds == 30.0


@pytest.mark.parametrize(("limits", "seconds"), [({}, 60.0), ({"trial_timeout": 30}, 30.0)])
def test_how_long_a_trial_may_take_its_sweep_says_or_its_component(limits: dict[str, int], seconds: float) -> None:
    space = {"rate": {"type": "choice", "values": [0.1]}}
    swept = sweep(
        trial=f"../{TRAIN}", inputs={"train": TRAIN_INPUT}, search_space=space, limits={"max_total_trials": 1, **limits}
    )
    changes: dict[str, Content | None] = {
        TRAIN: train(limits={"timeout": 60}),
        PIPELINE: lending(jobs(train={"component": ..., **swept})),
    }
    (graph,), _ = built(changes)
    read = graph.steps[2].definition.sweep
    assert read is not None
    assert (read.trial_timeout_seconds, graph.steps[2].timeout_seconds) == (seconds, None)


@pytest.mark.parametrize(("of_job", "of_component"), [(False, ...), (False, True), (True, False), (..., False)])
def test_whether_a_step_is_deterministic_its_job_says_or_its_component(of_job: object, of_component: object) -> None:
    changes: dict[str, Content | None] = {
        TRAIN: train(is_deterministic=of_component),
        PIPELINE: job("train", is_deterministic=of_job),
    }
    wanted = of_component if of_job is ... else of_job
    assert built(changes)[0][0].steps[2].is_deterministic is wanted


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_files_makes_no_difference(shuffled: random.Random) -> None:
    more = {"pipelines/other.yaml": lending(name="other"), "new.yaml": split(version="1.1.0", code="components")}
    contents = list(files(more).items())
    graphs, problems = GraphBuilder().build(desired_of(dict(contents)))
    shuffled.shuffle(contents)
    again, found = GraphBuilder().build(desired_of(dict(contents)))
    assert again == graphs
    assert found == problems
    assert [graph.pipeline for graph in graphs] == ["lending", "other"]
