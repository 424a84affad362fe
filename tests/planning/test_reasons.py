"""Every step that runs says why: what differs between what it is now and what it was."""

from __future__ import annotations

import re

import pytest

from reconciler.planning.reasons import definition_reasons
from tests.manifests.documents import environment, sweep

from .history import Content
from .lending import ENVIRONMENT, PIPELINE, PREPARE, SPLIT, TRAIN, files, jobs, lending, prepare, split, train
from .nested import nested
from .world import World, pipeline_plan, step_plan

DATA = "${{parent.jobs.prepare.outputs.data}}"
TRAIN_INPUT = "${{parent.jobs.split.outputs.train}}"
SEED = {"type": "integer", "default": 42}
RAW = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}}
FOLDER = {"type": "uri_folder"}


def _training(**job: object) -> Content:
    return lending(jobs(train=job))


@pytest.mark.parametrize(
    ("step", "changes", "reasons"),
    [
        (
            "prepare",
            {PREPARE: prepare(version="1.0.1"), "components/prepare/src/run.py": "other"},
            ["component prepare 1.0.0 → 1.0.1 · src/run.py changed"],
        ),
        (
            "prepare",
            {
                "components/prepare/src/run.py": "other",
                "components/prepare/src/helper.py": None,
                **{f"components/prepare/src/new{n}.py": "" for n in range(3)},
            },
            ["component prepare 1.0.0 · src/new0.py, src/new1.py, src/new2.py and 2 more files changed"],
        ),
        (
            "split",
            {
                SPLIT: split(command="split --quick", version=...),
                PIPELINE: lending(jobs(split={"component": "azureml:split"})),
            },
            ["component split 1.0.0 → (no version) · command changed"],
        ),
        (
            "split",
            {SPLIT: split(version="1.1.0", outputs={"train": FOLDER, "test": FOLDER})},
            ["component split 1.0.0 → 1.1.0 · output test added"],
        ),
        (
            "split",
            {SPLIT: split(outputs={"train": {"type": "mltable"}})},
            ["component split 1.0.0 · output train retyped"],
        ),
        (
            "split",
            {SPLIT: split(inputs={"data": {"type": "mltable"}, "seed": SEED})},
            ["component split 1.0.0 · input data retyped"],
        ),
        (
            "train",
            {
                PIPELINE: _training(component="azureml:other@latest"),
                "other.yaml": train(name="other", code=..., version="2.0.0"),
            },
            ["component train 1.0.0 → other 2.0.0 · run.py changed"],
        ),
        ("split", {PIPELINE: lending(jobs(split={"inputs": {"data": DATA, "seed": 7}}))}, ["input seed: 42 → 7"]),
        ("train", {PIPELINE: _training(inputs={"train": TRAIN_INPUT, "rate": 0.5})}, ["input rate = 0.5 is new"]),
        (
            "split",
            {SPLIT: split(environment_variables={"THREADS": "1", "CACHE": "no"})},
            ["environment variables changed: CACHE, THREADS"],
        ),
        (
            "train",
            {"image.yaml": environment(name="bare"), PIPELINE: _training(environment="azureml:bare@latest")},
            ["environment sklearn → bare changed (DIGEST → DIGEST)"],
        ),
        ("train", {"environments/conda.yaml": "dependencies: []"}, ["environment sklearn changed (DIGEST → DIGEST)"]),
        (
            "prepare",
            {"components/prepare/src/run.py": "other", ENVIRONMENT: environment(image="other")},
            ["component prepare 1.0.0 · src/run.py changed", "environment sklearn changed (DIGEST → DIGEST)"],
        ),
    ],
)
def test_what_changed_in_a_step_is_told(step: str, changes: dict[str, Content | None], reasons: list[str]) -> None:
    world = World()
    world.apply(files())
    made = world.plan(files(changes))
    assert [_masked(reason) for reason in step_plan(made, step).reasons] == reasons
    assert f"{step}: {'; '.join(step_plan(made, step).reasons)}" in pipeline_plan(made).reasons


def test_what_changed_in_a_step_of_a_nested_pipeline_is_told_under_its_whole_name() -> None:
    world = World()
    world.apply(nested())
    made = world.plan(nested({"components/train/src/run.py": "other"}))
    assert step_plan(made, "learn.train").reasons == ("component train 1.0.0 · src/run.py changed",)
    assert pipeline_plan(made).reasons == ("learn.train: component train 1.0.0 · src/run.py changed",)


def test_putting_steps_into_a_nested_pipeline_executes_nothing() -> None:
    world = World()
    world.apply(files())
    made = world.apply(nested())
    assert world.executed == []
    assert {str(step.action) for step in pipeline_plan(made).steps} == {"reuse"}


def test_an_input_that_is_gone_is_told() -> None:
    world = World()
    world.apply(files({PIPELINE: _training(inputs={"train": TRAIN_INPUT, "rate": 0.5})}))
    assert step_plan(world.plan(files()), "train").reasons == ("input rate is gone",)


def test_a_number_that_is_written_in_another_way_is_told_since_programs_see_it() -> None:
    world = World()
    world.apply(files({PIPELINE: _training(inputs={"train": TRAIN_INPUT, "rate": 1})}))
    made = world.plan(files({PIPELINE: _training(inputs={"train": TRAIN_INPUT, "rate": 1.0})}))
    assert step_plan(made, "train").reasons == ("input rate: 1 → 1.0",)


def test_a_step_that_is_run_for_what_it_reads_says_who_wrote_it() -> None:
    """Another pipeline executed what comes before it already."""
    world = World()
    world.apply(files())
    code = "components/prepare/src/run.py"
    alone = {"prepare": jobs()["prepare"]}
    world.apply(files({code: "other", PIPELINE: None, "other.yaml": lending(alone, name="other", inputs=RAW)}))
    made = world.plan(files({code: "other"}))
    assert step_plan(made, "prepare").reasons == ("same fingerprint as in run-2",)
    assert step_plan(made, "split").reasons == ("input data changed: prepare wrote other content",)


def _sweeping(**changes: object) -> dict[str, Content | None]:
    space = {"rate": {"type": "choice", "values": [0.1, 0.2]}}
    job = sweep(**{"trial": f"../{TRAIN}", "search_space": space, "inputs": {"train": TRAIN_INPUT}, **changes})
    return {PIPELINE: lending(jobs(train={"component": ..., **job}))}


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        ({}, _sweeping(), "is now a sweep"),
        (_sweeping(), {}, "is no sweep any more"),
        (
            _sweeping(),
            _sweeping(search_space={"rate": {"type": "choice", "values": [0.1]}}),
            "search space changed: rate",
        ),
        (
            _sweeping(),
            _sweeping(objective={"goal": "minimize", "primary_metric": "loss"}),
            "settings of the sweep changed",
        ),
        (_sweeping(), _sweeping(sampling_algorithm={"type": "random", "seed": 1}), "settings of the sweep changed"),
    ],
)
def test_what_changed_in_a_sweep_is_told(
    before: dict[str, Content | None], now: dict[str, Content | None], reason: str
) -> None:
    world = World()
    world.apply(files(before))
    assert reason in step_plan(world.plan(files(now)), "train").reasons


def test_how_many_trials_run_at_once_is_no_reason() -> None:
    limits = {"max_total_trials": 4, "max_concurrent_trials": 1}
    world = World()
    world.apply(files(_sweeping()))
    made = world.plan(files({**_sweeping(limits=limits), "components/train/src/run.py": "other"}))
    assert step_plan(made, "train").reasons == ("component train 1.0.0 · src/run.py changed",)


def test_equal_definitions_have_no_differences() -> None:
    world = World()
    graph = pipeline_plan(world.plan(files())).graph
    assert [definition_reasons(step.definition, step.definition) for step in graph.steps] == [[], [], []]


def _masked(reason: str) -> str:
    return re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", reason)
