"""The jobs of a pipeline against the schema."""

from __future__ import annotations

import pytest

from reconciler.manifests.schema import check
from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Pointer

from .documents import pipeline, sweep

CHOICE = {"type": "choice", "values": [1]}


@pytest.mark.parametrize(
    ("job", "pointer"),
    [
        (None, ()),
        ("./a.yaml", ()),
        ({}, ()),
        ({"trial": "./a.yaml"}, ()),
        ({"component": 3}, ("component",)),
        ({"component": None}, ("component",)),
        ({"command": ""}, ("command",)),
        ({"command": "x" * 140_000}, ("command",)),
        ({"command": "ls", "code": 3}, ("code",)),
        ({"command": "ls", "environment": 3}, ("environment",)),
        ({"command": "ls", "is_deterministic": "no"}, ("is_deterministic",)),
        ({"component": "./a.yaml", "inputs": ["x"]}, ("inputs",)),
        ({"component": "./a.yaml", "inputs": {"x": []}}, ("inputs", "x")),
        ({"component": "./a.yaml", "inputs": {"x": {"path": 3}}}, ("inputs", "x", "path")),
        ({"component": "./a.yaml", "inputs": {"x": {"value": []}}}, ("inputs", "x", "value")),
        ({"component": "./a.yaml", "outputs": {"x": 3}}, ("outputs", "x")),
        ({"component": "./a.yaml", "depends_on": 3}, ("depends_on",)),
        ({"component": "./a.yaml", "depends_on": [1]}, ("depends_on", 0)),
        ({"component": "./a.yaml", "limits": {"timeout": 0}}, ("limits", "timeout")),
        ({"component": "./a.yaml", "limits": {"timeout": "1h"}}, ("limits", "timeout")),
        ({"component": "./a.yaml", "environment_variables": {"A": {}}}, ("environment_variables", "A")),
        (sweep(trial=...), ()),
        (sweep(objective=...), ()),
        (sweep(search_space=...), ()),
        (sweep(trial=3), ("trial",)),
        (sweep(objective={"goal": "maximize"}), ("objective",)),
        (sweep(objective={"goal": "best", "primary_metric": "x"}), ("objective", "goal")),
        (sweep(objective={"goal": "maximize", "primary_metric": ""}), ("objective", "primary_metric")),
        (sweep(sampling_algorithm="bayes"), ("sampling_algorithm",)),
        (sweep(sampling_algorithm={"seed": 1}), ("sampling_algorithm",)),
        (sweep(sampling_algorithm={"type": "sobol"}), ("sampling_algorithm", "type")),
        (sweep(sampling_algorithm={"type": "random", "seed": -1}), ("sampling_algorithm", "seed")),
        (sweep(sampling_algorithm={"type": "random", "seed": 2**32}), ("sampling_algorithm", "seed")),
        (sweep(search_space={}), ("search_space",)),
        (sweep(search_space={"x": [1, 2]}), ("search_space", "x")),
        (sweep(search_space={"x": {}}), ("search_space", "x")),
        (sweep(search_space={"x": {"type": "normal_ish"}}), ("search_space", "x", "type")),
        (sweep(search_space={"x": {"type": "choice"}}), ("search_space", "x")),
        (sweep(search_space={"x": {"type": "choice", "values": []}}), ("search_space", "x", "values")),
        (sweep(search_space={"x": {"type": "choice", "values": [[]]}}), ("search_space", "x", "values", 0)),
        (sweep(search_space={"x": {"type": "randint"}}), ("search_space", "x")),
        (sweep(search_space={"x": {"type": "randint", "upper": 0}}), ("search_space", "x", "upper")),
        (sweep(search_space={"x": {"type": "uniform", "min_value": 0}}), ("search_space", "x")),
        (sweep(search_space={"x": {"type": "normal", "mu": 0, "sigma": 0}}), ("search_space", "x", "sigma")),
        (sweep(search_space={"x": {"type": "qnormal", "mu": 0, "sigma": 1, "q": 0}}), ("search_space", "x", "q")),
        (sweep(limits={"max_total_trials": 0}), ("limits", "max_total_trials")),
        (sweep(limits={"max_concurrent_trials": "all"}), ("limits", "max_concurrent_trials")),
    ],
)
def test_a_job_that_cannot_run_is_an_error_at_its_place_with_a_way_out(job: object, pointer: Pointer) -> None:
    problems = check(Kind.PIPELINE, pipeline({"right": {"component": "./a.yaml"}, "wrong": job}), "a.yaml")
    assert {problem.pointer for problem in problems} == {("jobs", "wrong", *pointer)}
    assert all(problem.is_error and problem.message and problem.hint for problem in problems)


@pytest.mark.parametrize(
    "kind", ["spark", "parallel", "automl", "import", "data_transfer", "finetuning", "distillation"]
)
def test_of_a_job_of_a_kind_that_is_not_supported_the_schema_says_nothing(kind: str) -> None:
    job = {"type": kind, "task": "classification", "inputs": [1], "unknown": {}}
    assert check(Kind.PIPELINE, pipeline({"a": job}), "a.yaml") == []


def test_a_job_of_a_kind_that_nobody_knows_is_told_with_those_there_are() -> None:
    (problem,) = check(Kind.PIPELINE, pipeline({"a": {"type": "comand", "component": "./a.yaml"}}), "a.yaml")
    assert problem.code is Code.UNSUPPORTED_KIND
    assert problem.pointer == ("jobs", "a", "type")
    assert problem.hint == "did you mean `command`?"


def test_a_wrong_type_of_a_jobs_input_is_no_question_of_kinds() -> None:
    job = {"component": "./a.yaml", "inputs": {"data": {"type": "uri_fil", "path": "./x"}}}
    (problem,) = check(Kind.PIPELINE, pipeline({"a": job}), "a.yaml")
    assert problem.code is Code.INVALID_VALUE
    assert problem.hint == "did you mean `uri_file`?"


@pytest.mark.parametrize(
    "job",
    [
        {"component": "./a.yaml"},
        {"type": "command", "component": "azureml:split@latest", "inputs": None, "outputs": None},
        {"component": "./a.yaml", "compute": "azureml:cpu", "resources": {"instance_count": 2}, "distribution": None},
        {"component": "./a.yaml", "inputs": {"a": None, "b": 1, "c": False, "d": "x", "e": 0.5, "f": {"path": "./x"}}},
        {"component": "./a.yaml", "outputs": {"a": None, "b": "${{parent.outputs.b}}", "c": {"type": "uri_folder"}}},
        {
            "component": "./a.yaml",
            "outputs": {"model": {"mode": "rw_mount", "type": "mlflow_model", "path": "azureml:x"}},
        },
        {
            "component": "./a.yaml",
            "depends_on": "first",
            "tags": {"a": 1},
            "properties": {"reconciler.depends_on": "b"},
        },
        {"command": "ls", "environment": "azureml:sklearn@latest", "display_name": "List", "description": None},
        {"command": "ls", "environment": {"image": "python:3.11"}, "environment_variables": {"A": 1, "B": "x"}},
        {"type": "pipeline", "component": "./nested.yaml", "inputs": {"a": 1}, "settings": {"force_rerun": False}},
        {"type": "pipeline", "jobs": {"inner": {"component": "./a.yaml"}}},
        {"component": {"jobs": {"inner": {"component": "./a.yaml"}}}},
        sweep(),
        sweep(sampling_algorithm="bayesian"),
        sweep(sampling_algorithm={"type": "random", "seed": 0}, limits={"max_total_trials": 3, "trial_timeout": 60}),
        sweep(search_space={"x": {"type": "loguniform", "min_value": -6, "max_value": -1}, "y": CHOICE}),
        sweep(search_space={"x": {"type": "qnormal", "mu": 0, "sigma": 1, "q": 0.5}}),
    ],
)
def test_jobs_as_they_are_written_for_azure_are_right(job: object) -> None:
    assert check(Kind.PIPELINE, pipeline({"a": job}), "a.yaml") == []
