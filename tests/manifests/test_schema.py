"""Documents against the schemas: what is wrong, where, and how to mend it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.schema import check
from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Pointer, Problem, Severity

from .documents import component, data, environment, pipeline
from .repository import place, problem_of, where


def problem_in(kind: Kind, document: dict[str, Any]) -> Problem:
    (problem,) = check(kind, document, "a.yaml")
    return problem


COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: split
version: 1.0.0
inputs:
  data:
    type: uri_file
    descripton: Table to split.
command: python run.py
environment: azureml:sklearn@^1.0
"""


def test_an_unknown_key_is_a_warning_with_the_nearest_known_name() -> None:
    problem = problem_of(COMPONENT)
    assert problem.code is Code.UNKNOWN_PROPERTY
    assert problem.severity is Severity.WARNING
    assert problem.message == "`descripton` is not known here and has no effect"
    assert problem.hint == "did you mean `description`?"
    assert where(problem) == place(COMPONENT, "descripton")


def test_an_unknown_key_like_no_other_shows_what_is_known() -> None:
    problem = problem_in(Kind.ENVIRONMENT, environment(build={"path": ".", "zzz": 1}))
    assert problem.pointer == ("build", "zzz")
    assert problem.hint == "known here: `path`, `dockerfile_path`"


def test_a_wrong_type_says_what_is_wanted_with_an_example() -> None:
    text = COMPONENT.replace("descripton", "description").replace("type: uri_file", "type: uri_file\n    optional: 3")
    problem = problem_of(text)
    assert problem.code is Code.INVALID_VALUE
    assert problem.is_error
    assert problem.message == "`inputs.data.optional` must be true or false, not 3"
    assert problem.hint == "write true or false"
    assert where(problem) == place(text, "optional")


def test_what_is_missing_is_told_with_a_line_to_add() -> None:
    problem = problem_in(Kind.DATA, data(path=...))
    assert problem.code is Code.MISSING_PROPERTY
    assert problem.message == "`path` is missing"
    assert problem.hint == 'add `path: "lending_club_raw.csv"`'
    assert problem.pointer == ()


def test_a_misspelt_required_key_is_told_as_that() -> None:
    problems = check(Kind.COMPONENT, component(command=..., comand="python run.py"), "a.yaml")
    assert [(problem.code, problem.hint) for problem in problems] == [
        (Code.MISSING_PROPERTY, "is `comand` meant to be `command`?"),
        (Code.UNKNOWN_PROPERTY, "did you mean `command`?"),
    ]


def test_a_value_that_is_not_allowed_is_told_with_the_nearest() -> None:
    problem = problem_in(Kind.DATA, data(type="uri_fil"))
    assert problem.code is Code.INVALID_VALUE
    assert problem.message == '`type` is "uri_fil", which is not supported'
    assert problem.hint == "did you mean `uri_file`?"


def test_a_value_like_none_of_the_allowed_shows_them_all() -> None:
    problem = problem_in(Kind.DATA, data(type="table_of_things"))
    assert problem.hint in ("allowed: `uri_file`, `uri_folder`, `mltable`", "did you mean `mltable`?")


@pytest.mark.parametrize(
    ("kind", "document", "pointer"),
    [
        (Kind.COMPONENT, component(name="a b"), ("name",)),
        (Kind.COMPONENT, component(name=3), ("name",)),
        (Kind.COMPONENT, component(version=None), ("version",)),
        (Kind.COMPONENT, component(type="pipeline"), ("type",)),
        (Kind.COMPONENT, component(command=["python", "run.py"]), ("command",)),
        (Kind.COMPONENT, component(command=""), ("command",)),
        (Kind.COMPONENT, component(code=["./src"]), ("code",)),
        (Kind.COMPONENT, component(environment=["sklearn"]), ("environment",)),
        (Kind.COMPONENT, component(inputs=["data"]), ("inputs",)),
        (Kind.COMPONENT, component(inputs={"data": "uri_file"}), ("inputs", "data")),
        (Kind.COMPONENT, component(inputs={"data": None}), ("inputs", "data")),
        (Kind.COMPONENT, component(inputs={"data": {}}), ("inputs", "data")),
        (Kind.COMPONENT, component(inputs={"data": {"type": "float"}}), ("inputs", "data", "type")),
        (Kind.COMPONENT, component(inputs={"data": {"type": ["uri_file"]}}), ("inputs", "data", "type")),
        (Kind.COMPONENT, component(inputs={"1st": {"type": "string"}}), ("inputs", "1st")),
        (Kind.COMPONENT, component(inputs={"a": {"type": "string", "default": []}}), ("inputs", "a", "default")),
        (Kind.COMPONENT, component(inputs={"a": {"type": "string", "enum": "x"}}), ("inputs", "a", "enum")),
        (Kind.COMPONENT, component(inputs={"a": {"type": "string", "enum": [[]]}}), ("inputs", "a", "enum", 0)),
        (Kind.COMPONENT, component(inputs={"a": {"type": "number", "min": "0"}}), ("inputs", "a", "min")),
        (Kind.COMPONENT, component(outputs={"a": {"type": "string"}}), ("outputs", "a", "type")),
        (Kind.COMPONENT, component(outputs={"a": None}), ("outputs", "a")),
        (Kind.COMPONENT, component(environment_variables={"A": [1]}), ("environment_variables", "A")),
        (Kind.COMPONENT, component(is_deterministic="yes"), ("is_deterministic",)),
        (Kind.COMPONENT, component(additional_includes="../common"), ("additional_includes",)),
        (Kind.COMPONENT, component(tags=["a"]), ("tags",)),
        (Kind.ENVIRONMENT, environment(image=...), ()),
        (Kind.ENVIRONMENT, environment(image=""), ("image",)),
        (Kind.ENVIRONMENT, environment(conda_file=["pip"]), ("conda_file",)),
        (Kind.ENVIRONMENT, environment(image=..., build={}), ("build",)),
        (Kind.ENVIRONMENT, environment(image=..., build="."), ("build",)),
        (Kind.DATA, data(path=3), ("path",)),
        (Kind.DATA, data(path=""), ("path",)),
        (Kind.PIPELINE, pipeline(jobs=...), ()),
        (Kind.PIPELINE, pipeline({}), ("jobs",)),
        (Kind.PIPELINE, pipeline({"a b": {"component": "./a.yaml"}}), ("jobs", "a b")),
        (Kind.PIPELINE, pipeline(inputs={"a": [1]}), ("inputs", "a")),
        (Kind.PIPELINE, pipeline(settings={"force_rerun": "yes"}), ("settings", "force_rerun")),
    ],
)
def test_a_contradiction_is_an_error_at_its_place_with_a_way_out(
    kind: Kind, document: dict[str, Any], pointer: Pointer
) -> None:
    problem = problem_in(kind, document)
    assert problem.is_error
    assert problem.pointer == pointer
    assert problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Kind.COMPONENT, component(resource={"instance_count": 1})),
        (Kind.PIPELINE, pipeline(settings={"default_datestore": "azureml:blob"})),
        (Kind.PIPELINE, pipeline({"a": {"component": "./a.yaml", "computee": "azureml:cpu"}})),
        (Kind.DATA, data(creation_contxt={})),
    ],
)
def test_carelessness_is_a_warning_and_the_manifest_loads(kind: Kind, document: dict[str, Any]) -> None:
    assert problem_in(kind, document).severity is Severity.WARNING


def test_all_problems_of_a_document_are_told_at_once() -> None:
    document = component(command=..., code=3, inputs={"a": {"type": "text"}, "b": {}}, extra=1)
    problems = check(Kind.COMPONENT, document, "a.yaml")
    assert {problem.pointer for problem in problems} == {
        (),
        ("code",),
        ("inputs", "a", "type"),
        ("inputs", "b"),
        ("extra",),
    }


def test_a_crowd_of_warnings_hides_no_error() -> None:
    document = component(code=3, **{f"unknown{number}": 1 for number in range(1000)})
    problems = check(Kind.COMPONENT, document, "a.yaml")
    assert len(problems) == 100
    assert [problem.pointer for problem in problems if problem.is_error] == [("code",)]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    problem = problem_in(Kind.COMPONENT, component(command=["x" * 10_000]))
    assert len(problem.message) < 120
