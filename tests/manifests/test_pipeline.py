"""Pipelines: every field as it is written for Azure ML."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.manifests import Component, InputPort, OutputPort
from reconciler.model.pipelines import (
    Binding,
    FromData,
    FromPipelineInput,
    FromStep,
    Job,
    JobOutput,
    Literal,
    PipelineInput,
)
from reconciler.model.problems import Code
from reconciler.model.references import Reference

from .documents import REGISTRY_ENVIRONMENT, environment, pipeline
from .repository import pipeline_of, place, problem_of, problems_of, where

FILE = "folder/manifest.yaml"
WHOLE = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
name: lending
version: 2
display_name: Lending
description: Predicts.
experiment_name: loans
tags: {team: risk}
properties: {owner: risk}
compute: azureml:cpu-cluster
settings:
  default_compute: azureml:cpu-cluster
  default_datastore: azureml:blob
  continue_on_step_failure: true
  force_rerun: true
inputs:
  raw: {type: uri_file, path: azureml:raw@latest, mode: ro_mount}
  seed: 42
outputs:
  model: {type: mlflow_model, mode: rw_mount}
jobs:
  prepare:
    type: command
    component: ../components/prepare/component.yaml
    display_name: Prepare
    compute: azureml:cpu-cluster
    inputs:
      raw: ${{parent.inputs.raw}}
    outputs:
      table: {type: uri_file}
      log:
    limits: {timeout: 600}
    environment: azureml:sklearn@latest
    environment_variables: {THREADS: 2}
    depends_on: [other]
    resources: {instance_count: 1}
    retry_settings: {max_retries: 2}
  other:
    component: azureml:other:1.0.0
"""


def test_every_field_of_a_pipeline_is_read() -> None:
    read = pipeline_of(WHOLE)
    assert (read.name, read.version, read.description, read.experiment) == ("lending", "2.0.0", "Predicts.", "loans")
    assert (read.continue_on_step_failure, read.force_rerun) == (True, True)
    assert read.inputs == (
        PipelineInput("raw", FromData("uri_file", Reference("azureml:raw@latest", name="raw"), file=FILE), "uri_file"),
        PipelineInput("seed", Literal(42)),
    )
    prepare, other = read.jobs
    assert prepare == Job(
        name="prepare",
        component=Reference("../components/prepare/component.yaml", path="../components/prepare/component.yaml"),
        inputs=(("raw", FromPipelineInput("raw")),),
        outputs=(JobOutput("table", "uri_file"), JobOutput("log")),
        depends_on=("other",),
        environment=Reference("azureml:sklearn@latest", name="sklearn"),
        variables={"THREADS": "2"},
        timeout_seconds=600.0,
        retries=2,
        file=FILE,
        place=("jobs", "prepare"),
    )
    reference = Reference("azureml:other:1.0.0", name="other", wanted="1.0.0")
    assert other == Job("other", reference, file=FILE, place=("jobs", "other"))
    assert read.outputs == (JobOutput("model", "mlflow_model"),)


def test_what_is_not_written_has_the_defaults_of_azure_ml() -> None:
    read = pipeline_of(pipeline(name=...), "pipelines/loans.yaml")
    assert (read.name, read.experiment, read.version, read.inputs) == ("loans", "loans", None, ())
    assert not read.continue_on_step_failure
    assert not read.force_rerun


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (0, Literal(0)),
        (False, Literal(False)),
        ("", Literal("")),
        (0.2, Literal(0.2)),
        ("text", Literal("text")),
        (None, None),
        ({"type": "integer", "default": 0}, Literal(0)),
        ({"type": "number", "value": 0.5}, Literal(0.5)),
        ({"type": "integer"}, None),
        ({"type": "uri_folder"}, None),
        ({"type": "uri_folder", "path": "./loans"}, FromData("uri_folder", path="./loans")),
        ({"path": "file:loans"}, FromData("", path="loans")),
        ({"type": "uri_file", "path": "file:///srv/a.csv"}, FromData("uri_file", path="file:///srv/a.csv")),
        ({"type": "uri_file", "path": "https://example.org/a.csv"}, FromData("uri_file", path="https://example.org/a.csv")),
        ({"path": "azureml://datastores/blob/paths/a"}, FromData("", path="azureml://datastores/blob/paths/a")),
        ({"type": "mltable", "path": "azureml:a:3"}, FromData("mltable", Reference("azureml:a:3", "a", "3"))),
        ("azureml:a@^1.2", FromData("", Reference("azureml:a@^1.2", "a", "^1.2"))),
    ],
)  # fmt: skip
def test_a_pipeline_input_has_a_value_of_its_own(written: object, value: Binding | None) -> None:
    (read,) = pipeline_of(pipeline(inputs={"x": written})).inputs
    assert read.value == _in_file(value)


@pytest.mark.parametrize(
    ("written", "bound"),
    [
        ("${{parent.inputs.raw}}", FromPipelineInput("raw")),
        ("${{ parent.inputs.raw }}", FromPipelineInput("raw")),
        ("${{inputs.raw}}", FromPipelineInput("raw")),
        ("${{parent.inputs.raw.path}}", FromPipelineInput("raw")),
        ("${{parent.inputs.group.raw}}", FromPipelineInput("group.raw")),
        ("${{parent.jobs.a.outputs.b}}", FromStep("a", "b")),
        ("${{ jobs.a.outputs.b }}", FromStep("a", "b")),
        ("${{parent.jobs.a.outputs.b.path}}", FromStep("a", "b")),
        ({"type": "uri_file", "path": "${{parent.jobs.a.outputs.b}}"}, FromStep("a", "b")),
        ({"path": "${{parent.inputs.raw}}", "mode": "ro_mount"}, FromPipelineInput("raw")),
        ("run-${{parent.inputs.seed}}", Literal("run-${{parent.inputs.seed}}")),
        ({"type": "uri_file", "path": "./a.csv"}, FromData("uri_file", path="./a.csv")),
        ("azureml:a@latest", FromData("", Reference("azureml:a@latest", "a"))),
        ({"type": "integer", "value": 0}, Literal(0)),
        ("azureml://datastores/blob/paths/a", Literal("azureml://datastores/blob/paths/a")),
        (0, Literal(0)),
        (False, Literal(False)),
        ("", Literal("")),
    ],
)
def test_a_jobs_input_is_bound_in_all_the_ways_of_azure_ml(written: object, bound: Binding) -> None:
    (job,) = pipeline_of(pipeline({"a": {"component": "./a.yaml", "inputs": {"x": written}}})).jobs
    assert job.inputs == (("x", _in_file(bound)),)


def _in_file(bound: Binding | None) -> Binding | None:
    """What is bound, as it stands in the file that tests write."""
    return replace(bound, file=FILE) if isinstance(bound, FromData) else bound


@pytest.mark.parametrize("written", [None, {}, {"type": "integer"}])
def test_an_input_bound_to_nothing_is_left_out(written: object) -> None:
    (job,) = pipeline_of(pipeline({"a": {"component": "./a.yaml", "inputs": {"x": written}}})).jobs
    assert job.inputs == ()


@pytest.mark.parametrize(
    ("written", "code", "within"),
    [
        ("${{parent.jobs.a}}", Code.UNRESOLVED_BINDING, ()),
        ("${{parent.outputs.a}}", Code.UNRESOLVED_BINDING, ()),
        ("${{}}", Code.UNRESOLVED_BINDING, ()),
        ("azureml:a@1@2", Code.UNRESOLVED_REFERENCE, ()),
        ({"path": "azureml:"}, Code.UNRESOLVED_REFERENCE, ("path",)),
        ({"type": "string", "path": "./a"}, Code.TYPE_MISMATCH, ()),
    ],
)
def test_a_binding_that_means_nothing_is_refused_at_its_place(
    written: object, code: Code, within: tuple[str, ...]
) -> None:
    problem = problem_of(pipeline({"a": {"component": "./a.yaml", "inputs": {"x": written}}}))
    assert problem.code is code
    assert problem.pointer == ("jobs", "a", "inputs", "x", *within)
    assert problem.hint


def test_a_component_reference_that_is_none_is_refused_at_its_line() -> None:
    text = WHOLE.replace("azureml:other:1.0.0", "azureml:other@1@2")
    problem = problem_of(text)
    assert problem.code is Code.UNRESOLVED_REFERENCE
    assert where(problem) == place(text, "component: azureml:other")


def job_of(**fields: object) -> Job:
    (job,) = pipeline_of(pipeline({"a": {"component": "./a.yaml", **fields}})).jobs
    return job


@pytest.mark.parametrize(
    "fields",
    [
        {"depends_on": ["b", "c"]},
        {"depends_on": "b, c"},
        {"depends_on": " b ,c,"},
        {"properties": {"reconciler.depends_on": "b, c"}},
        {"properties": {"reconciler.depends_on": ["b", "c"]}},
    ],
)
def test_an_order_without_data_is_written_in_two_ways(fields: dict[str, Any]) -> None:
    assert job_of(**fields).depends_on == ("b", "c")


@pytest.mark.parametrize("written", [3, {"a": "b"}, True])
def test_an_order_that_is_no_text_is_refused_at_its_place(written: object) -> None:
    job = {"component": "./a.yaml", "properties": {"reconciler.depends_on": written}}
    problem = problem_of(pipeline({"a": job}))
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("jobs", "a", "properties", "reconciler.depends_on")


@pytest.mark.parametrize(
    "fields", [{"depends_on": None}, {"depends_on": ""}, {"properties": {"reconciler.depends_on": None}}]
)
def test_an_empty_order_is_none(fields: dict[str, Any]) -> None:
    assert job_of(**fields).depends_on == ()


def test_other_properties_are_left_alone() -> None:
    assert job_of(properties={"owner": 3}).depends_on == ()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("./c.yaml", None),
        ("c.yml", None),
        ("file:./c.yaml", None),
        ("azureml:c@latest", "c"),
        ("azureml:c:1", "c"),
        ("c@^1.0", "c"),
        ("azureml://registries/shared/components/c/versions/1.0.0", "c"),
    ],
)
def test_a_component_is_referred_to_in_all_the_ways_of_azure_ml(written: str, name: str | None) -> None:
    read = job_of(component=written).component
    assert isinstance(read, Reference)
    assert read.name == name
    assert (read.path is None) == (name is not None)


def inline_of(**fields: object) -> Component:
    (job,) = pipeline_of(pipeline({"a": {"command": "ls", **fields}}, outputs={"x": None})).jobs
    assert isinstance(job.component, Component)
    assert job.environment is None
    return job.component


def test_a_command_job_declares_what_it_binds() -> None:
    read = inline_of(
        command="python a.py ${{inputs.table}} ${{inputs.seed}} ${{inputs.raw}} ${{outputs.out}} ${{outputs.report}}",
        code="./src",
        environment=REGISTRY_ENVIRONMENT,
        inputs={
            "table": "${{parent.jobs.b.outputs.c}}",
            "seed": "${{parent.inputs.seed}}",
            "raw": {"type": "uri_file", "path": "./a.csv"},
            "rate": 0.1,
            "unset": None,
        },
        outputs={"out": {"type": "mlflow_model", "mode": "upload"}, "report": None, "given": "${{parent.outputs.x}}"},
    )
    assert read.inputs == (
        InputPort("table", "any"),
        InputPort("seed", "any"),
        InputPort("raw", "uri_file"),
        InputPort("rate", "string"),
    )
    assert read.outputs == (
        OutputPort("out", "mlflow_model"),
        OutputPort("report", "uri_folder"),
        OutputPort("given", "uri_folder"),
    )
    assert (read.name, read.code, read.is_deterministic) == ("a", "./src", True)
    assert isinstance(read.environment, Reference)
    assert read.environment.name == "sklearn-1.5"


def test_a_command_job_may_hold_its_environment() -> None:
    read = inline_of(environment=environment(name=..., version=...)).environment
    assert not isinstance(read, Reference | None)
    assert (read.name, read.image) == ("a-environment", "python:3.11-slim")


def test_a_command_job_can_only_use_what_it_binds() -> None:
    problem = problem_of(pipeline({"a": {"command": "ls ${{inputs.x}}", "inputs": {"y": 1}}}))
    assert problem.code is Code.UNDECLARED_INPUT
    assert problem.pointer == ("jobs", "a", "command")
    assert problem.hint == "declared: y"


def test_the_problems_of_all_jobs_are_told_at_once() -> None:
    jobs = {
        "a": {"component": "azureml:a@1@2"},
        "b": {"component": "./b.yaml", "inputs": {"x": "${{nothing}}"}},
        "c": {"command": "ls ${{outputs.x}}"},
    }
    assert [problem.code for problem in problems_of(pipeline(jobs))] == [
        Code.UNRESOLVED_REFERENCE,
        Code.UNRESOLVED_BINDING,
        Code.UNDECLARED_OUTPUT,
    ]
