"""Components and environments written inside a pipeline are held to the rules of a file of their kind."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.manifests import Component, Environment, InputPort, OutputPort
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Code, Pointer, Severity
from reconciler.model.references import Reference

from .documents import component, environment, pipeline, sweep
from .repository import load, pipeline_of, place, problem_of, problems_of, where

PIPELINE = """\
type: pipeline
name: lending
jobs:
  prepare:
    component:
      type: command
      version: one
      inputs:
        rows: {type: integer, default: many}
        table: {typ: uri_file}
      outputs:
        out: {type: string}
      command: python prepare.py ${{inputs.rows}} ${{inputs.raw}}
      environment: {conda_file: [pip]}
  train:
    type: sweep
    trial:
      comand: python train.py
      environment: azureml:sklearn@latest
    search_space:
      depth: {type: choice, values: [1]}
    objective: {goal: maximize, primary_metric: accuracy}
    sampling_algorithm: grid
  report:
    command: python report.py
    environment:
      build: {pat: .}
"""


def test_problems_of_inline_manifests_stand_at_their_place_in_the_pipeline() -> None:
    problems = {where(problem): problem for problem in problems_of(PIPELINE)}
    errors = {at: (problem.code, problem.hint) for at, problem in problems.items() if problem.is_error}
    assert errors == {
        place(PIPELINE, "table:"): (Code.MISSING_PROPERTY, "is `typ` meant to be `type`?"),
        place(PIPELINE, "type: string"): (
            Code.INVALID_VALUE,
            "allowed: `uri_file`, `uri_folder`, `mltable`, `mlflow_model`, `custom_model`, `triton_model`, `path`",
        ),
        place(PIPELINE, "conda_file"): (Code.INVALID_VALUE, 'for example "conda.yaml"'),
        place(PIPELINE, "trial:"): (Code.MISSING_PROPERTY, "is `comand` meant to be `command`?"),
        place(PIPELINE, "build:"): (Code.MISSING_PROPERTY, "is `pat` meant to be `path`?"),
    }
    warned = {at: problem.hint for at, problem in problems.items() if problem.severity is Severity.WARNING}
    assert warned == {
        place(PIPELINE, "typ:"): "did you mean `type`?",
        place(PIPELINE, "comand"): "did you mean `command`?",
        place(PIPELINE, "pat:"): "did you mean `path`?",
    }


def test_what_no_schema_can_tell_stands_at_its_place_too() -> None:
    text = """\
type: pipeline
jobs:
  prepare:
    component:
      version: one
      inputs:
        rows: {type: integer, default: many}
      command: python prepare.py ${{inputs.rows}} ${{inputs.raw}}
      environment: {image: python, version: two}
  report:
    command: python report.py ${{outputs.report}}
    environment:
      image: python
      version: three
"""
    problems = {where(problem): problem.code for problem in problems_of(text)}
    assert problems == {
        place(text, "version: one"): Code.INVALID_VALUE,
        place(text, "default"): Code.INVALID_VALUE,
        place(text, "inputs.raw"): Code.UNDECLARED_INPUT,
        place(text, "version: two"): Code.INVALID_VALUE,
        place(text, "outputs.report"): Code.UNDECLARED_OUTPUT,
        place(text, "version: three"): Code.INVALID_VALUE,
    }


@pytest.mark.parametrize(
    ("job", "pointer"),
    [
        ({"component": {}}, ("component",)),
        ({"component": {"type": "command"}}, ("component",)),
        ({"component": {"command": ""}}, ("component", "command")),
        ({"component": {"command": "ls", "inputs": {"a": {}}}}, ("component", "inputs", "a")),
        ({"component": {"command": "ls", "inputs": {"a": None}}}, ("component", "inputs", "a")),
        ({"component": {"command": "ls", "outputs": {"a": {}}}}, ("component", "outputs", "a")),
        ({"component": {"command": "ls", "outputs": []}}, ("component", "outputs")),
        ({"component": {"command": "ls", "environment": {}}}, ("component", "environment")),
        ({"component": {"command": "ls", "environment_variables": []}}, ("component", "environment_variables")),
        ({"component": "./a.yaml", "environment": {}}, ("environment",)),
        ({"component": "./a.yaml", "environment": {"build": {}}}, ("environment", "build")),
        ({"component": "./a.yaml", "environment": {"image": 3}}, ("environment", "image")),
        ({"command": "ls", "environment": {"conda_file": 3}}, ("environment", "conda_file")),
        (sweep(trial={}), ("trial",)),
        (sweep(trial={"command": "ls", "inputs": {"a": {}}}), ("trial", "inputs", "a")),
        (sweep(trial={"command": "ls", "environment": {}}), ("trial", "environment")),
    ],
)
def test_an_inline_manifest_that_cannot_be_used_is_a_problem_and_no_crash(job: Any, pointer: Pointer) -> None:
    desired = load({"pipeline.yaml": pipeline({"a": job})})
    assert desired.manifests == {}
    assert [problem.pointer for problem in desired.problems] == [("jobs", "a", *pointer)]
    assert desired.problems[0].hint


@pytest.mark.parametrize(
    ("job", "pointer"),
    [
        ({"component": {"type": "pipeline", "command": "ls"}}, ("component", "type")),
        ({"component": {"type": "spark", "command": "ls"}}, ("component", "type")),
        (sweep(trial={"type": "parallel", "command": "ls"}), ("trial", "type")),
    ],
)
def test_an_inline_component_of_another_kind_is_told_as_not_supported(job: Any, pointer: Pointer) -> None:
    problem = problem_of(pipeline({"a": job}))
    assert problem.code is Code.UNSUPPORTED_KIND
    assert problem.pointer == ("jobs", "a", *pointer)


def test_the_inline_environment_of_a_component_is_checked_in_its_file() -> None:
    problem = problem_of(component(environment={"build": {"dockerfile_path": "Dockerfile"}}))
    assert problem.code is Code.MISSING_PROPERTY
    assert problem.pointer == ("environment", "build")


def job_of(loaded: Pipeline) -> Any:
    (job,) = loaded.jobs
    return job


def test_an_inline_component_is_read_like_a_file() -> None:
    written = component(
        name=...,
        version=...,
        inputs={"table": {"type": "uri_file"}, "rows": {"type": "integer", "default": 3}},
        outputs={"out": {"type": "uri_folder"}},
        code="./src",
        environment=environment(name=..., version=...),
        is_deterministic=False,
        environment_variables={"A": 1},
    )
    inline = job_of(pipeline_of(pipeline({"prepare": {"component": written}}))).component
    assert isinstance(inline, Component)
    assert (inline.name, inline.version, inline.file) == ("prepare", None, "folder/manifest.yaml")
    assert inline.inputs == (InputPort("table", "uri_file"), InputPort("rows", "integer", default=3))
    assert inline.outputs == (OutputPort("out", "uri_folder"),)
    assert (inline.code, inline.is_deterministic, inline.variables) == ("./src", False, {"A": "1"})
    assert isinstance(inline.environment, Environment)
    assert (inline.environment.name, inline.environment.image) == ("prepare-environment", "python:3.11-slim")


def test_an_inline_component_may_have_a_name_and_version_of_its_own() -> None:
    inline = job_of(pipeline_of(pipeline({"prepare": {"component": component(name="prep", version=2)}}))).component
    assert (inline.name, inline.version) == ("prep", "2.0.0")


def test_a_trial_may_stand_inline() -> None:
    trial = {"command": "python t.py ${{inputs.depth}}", "inputs": {"depth": {"type": "integer"}}}
    job = job_of(pipeline_of(pipeline({"train": sweep(trial=trial)})))
    assert job.component.command == "python t.py ${{inputs.depth}}"
    assert job.sweep is not None


def test_an_inline_trial_may_name_the_search_space() -> None:
    trial = {"command": "python t.py ${{search_space.depth}}"}
    assert job_of(pipeline_of(pipeline({"train": sweep(trial=trial)}))).component.inputs == ()


def test_a_job_may_replace_the_environment_of_its_component() -> None:
    job = job_of(pipeline_of(pipeline({"a": {"component": "./a.yaml", "environment": {"conda_file": {"name": "x"}}}})))
    assert isinstance(job.environment, Environment)
    assert (job.environment.name, job.environment.conda) == ("a-environment", '{"name":"x"}')
    assert job.component == Reference("./a.yaml", path="./a.yaml")
