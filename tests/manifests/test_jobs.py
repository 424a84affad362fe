"""Jobs that stand alone, jobs that hold what they run, and those that cannot run here."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.manifests import Component, Environment, InputPort, OutputPort
from reconciler.model.pipelines import FromData, FromStep, Job, JobOutput, Literal, PipelineComponent
from reconciler.model.problems import Code, Severity
from reconciler.model.references import Reference
from reconciler.model.resources import Processes, Resources

from .documents import SCHEMAS, component, pipeline, sweep
from .repository import load, pipeline_of, place, problem_of, where

FILE = "folder/manifest.yaml"
COMMAND_JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
name: train
display_name: Train
description: Trains once.
experiment_name: loans
tags: {team: risk}
code: src
command: >-
  python train.py --table ${{inputs.table}} --rate ${{inputs.rate}}
  --model ${{outputs.model}}
inputs:
  table:
    type: uri_file
    path: azureml:loans@latest
    mode: ro_mount
  rate: 0.1
outputs:
  model: {type: mlflow_model, name: credit}
environment: azureml:sklearn@latest
environment_variables: {THREADS: 2}
compute: azureml:cpu-cluster
resources: {instance_count: 2, memory: 4Gi}
distribution: {type: pytorch, process_count_per_instance: 2}
limits: {timeout: 600}
retry_settings: {max_retries: 1}
on_new_revision: cancel
"""
SWEEP_JOB = sweep(
    **{
        "$schema": f"{SCHEMAS}/sweepJob.schema.json",
        "name": "tune",
        "trial": {
            "code": "src",
            "command": "python train.py --depth ${{search_space.depth}} ${{inputs.table}}",
            "environment": "azureml:sklearn@latest",
        },
        "inputs": {"table": {"type": "uri_file", "path": "./loans.csv"}},
        "compute": "azureml:cpu-cluster",
    }
)


def job_of(**fields: object) -> Job:
    (job,) = pipeline_of(pipeline({"a": fields})).jobs
    return job


class TestStandalone:
    """A job in a file of its own is a pipeline of one step, which has its name."""

    def test_every_field_of_a_command_job_is_read(self) -> None:
        read = pipeline_of(COMMAND_JOB)
        (job,) = read.jobs
        assert (read.name, read.experiment, read.description) == ("train", "loans", "Trains once.")
        assert read.on_new_revision == "cancel"
        assert (read.inputs, read.outputs) == ((), ())
        assert (job.name, job.file, job.place) == ("train", FILE, ())
        assert job.inputs == (
            ("table", FromData("uri_file", Reference("azureml:loans@latest", name="loans"), file=FILE)),
            ("rate", Literal(0.1)),
        )
        assert job.outputs == (JobOutput("model", "mlflow_model", asset_name="credit"),)
        assert (job.timeout_seconds, job.retries, job.variables) == (600.0, 1, {"THREADS": "2"})
        assert job.resources == Resources(memory=4 * 1024**3)
        assert job.distribution == Processes("pytorch", 2, 2)
        assert isinstance(job.component, Component)
        assert job.component.inputs == (InputPort("table", "uri_file"), InputPort("rate", "string"))
        assert job.component.outputs == (OutputPort("model", "mlflow_model"),)
        assert job.component.code == "src"

    def test_a_command_job_may_run_a_component(self) -> None:
        (job,) = pipeline_of(
            {"$schema": f"{SCHEMAS}/commandJob.schema.json", "component": "azureml:train@latest", "inputs": {"x": 1}}
        ).jobs
        assert job.component == Reference("azureml:train@latest", name="train")
        assert job.inputs == (("x", Literal(1)),)

    def test_a_sweep_job_is_a_sweep_of_its_trial(self) -> None:
        read = pipeline_of(SWEEP_JOB)
        (job,) = read.jobs
        assert (read.name, read.experiment, job.name) == ("tune", "tune", "tune")
        assert job.sweep is not None
        assert job.sweep.metric == "accuracy"
        assert isinstance(job.component, Component)
        assert job.component.inputs == (InputPort("table", "uri_file"),)

    def test_a_job_without_a_name_is_called_after_its_file(self) -> None:
        read = pipeline_of(COMMAND_JOB.replace("name: train\n", "", 1), "jobs/fit/job.yml")
        assert (read.name, read.jobs[0].name) == ("fit", "fit")

    def test_what_is_wrong_in_it_stands_at_its_line(self) -> None:
        text = COMMAND_JOB.replace("inputs.rate", "inputs.rat")
        problem = problem_of(text)
        assert (problem.code, problem.hint) == (Code.UNDECLARED_INPUT, "did you mean `rate`?")
        assert where(problem) == place(text, "inputs.rat")

    def test_a_job_of_a_pipeline_and_the_same_one_alone_are_the_same_but_for_their_place(self) -> None:
        written = {"command": "ls ${{inputs.x}}", "environment": "azureml:sklearn@latest", "inputs": {"x": 1}}
        alone = pipeline_of({"type": "command", "name": "a", "compute": "cpu", **written}).jobs[0]
        inside = job_of(**written)
        assert (alone.name, alone.inputs) == (inside.name, inside.inputs)
        assert isinstance(alone.component, Component)
        assert isinstance(inside.component, Component)
        assert (alone.component.command, alone.component.inputs) == (inside.component.command, inside.component.inputs)


class TestSettingsOfJobs:
    def test_without_a_type_a_job_is_what_it_holds(self) -> None:
        assert job_of(component="./a.yaml").sweep is None
        (alone,) = pipeline_of({key: value for key, value in SWEEP_JOB.items() if key != "type"}).jobs
        assert alone.sweep is not None

    def test_a_trial_beside_a_component_makes_no_sweep(self) -> None:
        assert job_of(component="./a.yaml", trial="./b.yaml").sweep is None

    def test_whether_a_job_is_deterministic_it_says_itself_or_leaves_to_its_component(self) -> None:
        assert job_of(component="./a.yaml").is_deterministic is None
        assert job_of(component="./a.yaml", is_deterministic=False).is_deterministic is False
        assert job_of(command="ls", is_deterministic=True).is_deterministic is True

    def test_what_an_inline_job_says_of_its_literals_holds(self) -> None:
        inputs = {
            "x": {"type": "integer", "value": 3, "min": 1, "max": 5},
            "y": {"type": "string", "value": "a", "enum": ["a"]},
        }
        job = job_of(command="ls", inputs=inputs)
        assert isinstance(job.component, Component)
        assert job.component.inputs == (
            InputPort("x", "integer", minimum=1, maximum=5),
            InputPort("y", "string", enum=("a",)),
        )

    @pytest.mark.parametrize("empty", ["inputs", "outputs", "limits", "resources", "distribution", "retry_settings"])
    def test_an_empty_section_is_as_good_as_none(self, empty: str) -> None:
        assert job_of(component="./a.yaml", **{empty: None}) == job_of(component="./a.yaml")

    @pytest.mark.parametrize(
        ("written", "output"),
        [
            (None, JobOutput("x")),
            ({}, JobOutput("x")),
            ("${{parent.outputs.y}}", JobOutput("x", parent="y")),
            ("${{ outputs.y }}", JobOutput("x", parent="y")),
            ({"type": "uri_file", "path": "${{parent.outputs.y}}"}, JobOutput("x", "uri_file", parent="y")),
            ({"mode": "upload", "type": "uri_folder"}, JobOutput("x", "uri_folder")),
            (
                {"type": "mlflow_model", "name": "credit", "version": 3},
                JobOutput("x", "mlflow_model", asset_name="credit", asset_version="3"),
            ),
        ],
    )
    def test_what_becomes_of_an_output(self, written: object, output: JobOutput) -> None:
        job = {"component": "./a.yaml", "outputs": {"x": written}}
        (read,) = pipeline_of(pipeline({"a": job}, outputs={"y": None})).jobs
        assert read.outputs == (output,)

    @pytest.mark.parametrize(
        ("written", "code", "message"),
        [
            ("${{parent.outputs.z}}", Code.UNDECLARED_OUTPUT, "the pipeline has no output `z`"),
            (
                "${{parent.jobs.b.outputs.y}}",
                Code.UNRESOLVED_BINDING,
                "`${{parent.jobs.b.outputs.y}}` is no output of the pipeline",
            ),
        ],
    )
    def test_an_output_bound_to_what_is_none_is_refused(self, written: str, code: Code, message: str) -> None:
        job = {"component": "./a.yaml", "outputs": {"x": written}}
        problem = problem_of(pipeline({"a": job}, outputs={"y": None}))
        assert (problem.code, problem.message, problem.pointer) == (code, message, ("jobs", "a", "outputs", "x"))
        assert problem.hint

    @pytest.mark.parametrize("name", ["Train", "trainModel", "train-model"])
    def test_an_odd_name_is_a_warning(self, name: str) -> None:
        problem = problem_of(pipeline({name: {"component": "./a.yaml"}}))
        assert (problem.code, problem.severity, problem.pointer) == (
            Code.ODD_NAME,
            Severity.WARNING,
            ("jobs", name),
        )


class TestInline:
    """What a job may hold instead of naming it."""

    def test_a_trial_without_ports_has_those_that_the_sweep_binds(self) -> None:
        trial = {
            "command": "t ${{inputs.table}} ${{inputs.rate}} ${{outputs.model}}",
            "environment": "azureml:e@latest",
        }
        inputs = {"table": {"type": "uri_file", "path": "./a.csv"}, "rate": 0.5}
        job = job_of(**sweep(trial=trial, inputs=inputs, outputs={"model": {"type": "mlflow_model"}}))
        assert isinstance(job.component, Component)
        assert job.component.inputs == (InputPort("table", "uri_file"), InputPort("rate", "string"))
        assert job.component.outputs == (OutputPort("model", "mlflow_model"),)

    def test_ports_that_a_trial_declares_come_before_those_that_the_sweep_binds(self) -> None:
        trial = {"command": "t ${{inputs.depth}} ${{inputs.rate}}", "inputs": {"depth": {"type": "integer"}}}
        job = job_of(**sweep(trial=trial, inputs={"depth": 3, "rate": 0.5}))
        assert isinstance(job.component, Component)
        assert job.component.inputs == (InputPort("depth", "integer"), InputPort("rate", "string"))

    def test_a_literal_input_of_a_trial_is_its_default(self) -> None:
        trial = {"command": "t ${{inputs.rate}}", "inputs": {"rate": 0.5}}
        job = job_of(**sweep(trial=trial))
        assert isinstance(job.component, Component)
        assert job.component.inputs == (InputPort("rate", "string", default=0.5),)

    def test_a_job_may_hold_a_whole_pipeline(self) -> None:
        inner = {"b": {"component": "./b.yaml", "outputs": {"y": "${{parent.outputs.out}}"}}}
        job = job_of(type="pipeline", inputs={"x": 1, "unset": None}, outputs={"out": None}, jobs=inner)
        assert isinstance(job.component, PipelineComponent)
        assert (job.component.name, job.component.file, job.component.place) == ("a", FILE, ("jobs", "a"))
        assert job.component.inputs == (InputPort("x", "any"), InputPort("unset", "any", is_optional=True))
        assert job.component.outputs == (OutputPort("out", "uri_folder"),)
        assert [(each.name, each.place) for each in job.component.jobs] == [("b", ("jobs", "a", "jobs", "b"))]

    def test_a_job_may_hold_a_pipeline_component(self) -> None:
        inner = {"inputs": {"x": {"type": "integer"}}, "jobs": {"b": {"component": "./b.yaml"}}}
        job = job_of(component=inner, inputs={"x": 1})
        assert isinstance(job.component, PipelineComponent)
        assert job.component.inputs == (InputPort("x", "integer"),)
        assert job.component.jobs[0].place == ("jobs", "a", "component", "jobs", "b")

    def test_a_job_may_hold_its_component_and_that_its_environment(self) -> None:
        job = job_of(component=component(name=..., environment={"image": "python"}))
        assert isinstance(job.component, Component)
        assert isinstance(job.component.environment, Environment)
        assert job.component.environment.place == ("jobs", "a", "component", "environment")

    def test_that_a_whole_pipeline_is_not_deterministic_has_no_effect_and_is_told(self) -> None:
        inner = {"is_deterministic": False, "jobs": {"b": {"component": "./b.yaml"}}}
        problem = problem_of(pipeline({"a": {"component": inner}}))
        assert (problem.code, problem.severity) == (Code.NO_EFFECT, Severity.WARNING)
        assert problem.pointer == ("jobs", "a", "component", "is_deterministic")

    def test_problems_deep_inside_stand_at_their_place(self) -> None:
        text = """\
type: pipeline
name: lending
jobs:
  around:
    type: pipeline
    jobs:
      deep:
        command: run ${{inputs.missing}}
        environment: azureml:sklearn@latest
        outputs: {out: "${{parent.outputs.nowhere}}"}
"""
        desired = load({"a.yaml": text})
        assert {where(problem): (problem.code, problem.message) for problem in desired.problems} == {
            place(text, "inputs.missing"): (
                Code.UNDECLARED_INPUT,
                "the command uses `inputs.missing`, which is not declared",
            ),
            place(text, "out: "): (Code.UNDECLARED_OUTPUT, "the node has no output `nowhere`"),
        }


class TestWhatCannotRunHere:
    """Named precisely, and without hindering the rest."""

    @pytest.mark.parametrize(
        "kind", ["spark", "parallel", "automl", "import", "data_transfer", "finetuning", "distillation"]
    )
    def test_a_node_of_another_kind_is_a_warning_and_the_pipeline_loads(self, kind: str) -> None:
        jobs = {"a": {"type": kind, "task": "x", "unknown": [1]}, "b": {"component": "./b.yaml"}}
        desired = load({"a.yaml": pipeline(jobs)})
        (problem,) = desired.problems
        words = kind.replace("_", " ")
        assert (problem.code, problem.severity) == (Code.UNSUPPORTED_KIND, Severity.WARNING)
        assert problem.message == f"{words} jobs are not supported: job `a`"
        assert problem.hint.endswith("; the pipeline's other steps are planned, but it does not run without this one")
        assert problem.pointer == ("jobs", "a", "type")
        (read,) = desired.pipelines
        assert [(job.name, job.unsupported) for job in read.jobs] == [
            ("a", f"{words} jobs are not supported"),
            ("b", ""),
        ]

    def test_what_it_is_bound_to_is_kept_so_that_planning_knows_what_comes_after_it(self) -> None:
        job: dict[str, Any] = {
            "type": "parallel",
            "inputs": {
                "a": "${{parent.jobs.b.outputs.c}}",
                "d": {"type": "mltable", "path": "./d"},
                "e": [1],
                "f": None,
            },
            "outputs": {"x": "${{parent.outputs.y}}", "z": {"mode": "upload", "path": "${{parent.outputs.y}}"}},
            "depends_on": ["b"],
        }
        desired = load({"a.yaml": pipeline({"a": job, "b": {"component": "./b.yaml"}}, outputs={"y": None})})
        (read,) = desired.pipelines
        spared = read.jobs[0]
        assert dict(spared.inputs)["a"] == FromStep("b", "c")
        assert [(output.name, output.parent) for output in spared.outputs] == [("x", "y"), ("z", "y")]
        assert (spared.depends_on, spared.component) == (("b",), None)

    @pytest.mark.parametrize("odd", [3, [1], "x", {"a": {"b": 1}}, None])
    def test_odd_values_in_it_are_no_crash(self, odd: object) -> None:
        job = {"type": "automl", "inputs": odd, "outputs": odd}
        desired = load({"a.yaml": pipeline({"a": job})})
        assert [manifest.name for manifest in desired.pipelines] == ["lending"]

    def test_a_file_of_such_a_kind_is_left_alone(self) -> None:
        desired = load({"job.yaml": {"$schema": f"{SCHEMAS}/sparkJob.schema.json", "name": "x", "odd": [1]}})
        assert desired.manifests == {}
        assert desired.unsupported == {"job.yaml": "spark jobs"}
        assert [problem.severity for problem in desired.problems] == [Severity.WARNING]


def test_a_pipeline_that_only_names_a_component_has_one_job_without_a_name() -> None:
    written = {"inputs": {"raw": {"type": "uri_file", "path": "./a.csv"}}, "outputs": {"model": None}}
    read = pipeline_of(pipeline(..., component="./nested.yaml", **written))
    (job,) = read.jobs
    assert (job.name, job.component) == ("", Reference("./nested.yaml", path="./nested.yaml"))
    assert [name for name, _ in job.inputs] == ["raw"]
    assert job.outputs == (JobOutput("model", parent="model"),)
