"""Components: every field as it is written for Azure ML."""

from __future__ import annotations

import pytest

from reconciler.model.manifests import Environment, InputPort, OutputPort
from reconciler.model.problems import Code, Severity
from reconciler.model.references import Reference

from .documents import REGISTRY_ENVIRONMENT, component, environment
from .repository import component_of, load, place, problem_of, problems_of, where

WHOLE = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: train
version: 1.2.3
display_name: Train a model
description: Trains.
tags: {team: risk}
properties: {owner: risk}
inputs:
  table: {type: uri_file, description: Rows., mode: ro_mount}
  folder: {type: uri_folder}
  tables: {type: mltable}
  model: {type: mlflow_model, optional: true}
  custom: {type: custom_model}
  triton: {type: triton_model}
  label: {type: string, default: repaid, enum: [repaid, default]}
  rate: {type: number, default: 0.1, min: 0, max: 1}
  rows: {type: integer, optional: true}
  shuffle: {type: boolean, default: false}
outputs:
  model_out: {type: mlflow_model, mode: upload, description: The model.}
  report: {type: uri_file}
code: ./src
environment: azureml:sklearn@^1.0
environment_variables: {THREADS: 1, DEBUG: false, NAME: x}
command: >-
  python train.py --table ${{inputs.table}} --rate ${{ inputs.rate }} --label ${{inputs.label}}
  $[[--rows ${{inputs.rows}}]] $[[--model ${{inputs.model.path}}]] --out ${{outputs.model_out}}
is_deterministic: false
resources: {instance_count: 1}
distribution: {type: pytorch}
limits: {timeout: 3600}
"""


def test_every_field_of_a_component_is_read() -> None:
    read = component_of(WHOLE)
    assert (read.file, read.name, read.version, read.description) == (
        "folder/manifest.yaml",
        "train",
        "1.2.3",
        "Trains.",
    )
    assert read.inputs == (
        InputPort("table", "uri_file", "Rows."),
        InputPort("folder", "uri_folder"),
        InputPort("tables", "mltable"),
        InputPort("model", "mlflow_model", is_optional=True),
        InputPort("custom", "custom_model"),
        InputPort("triton", "triton_model"),
        InputPort("label", "string", default="repaid", enum=("repaid", "default")),
        InputPort("rate", "number", default=0.1, minimum=0, maximum=1),
        InputPort("rows", "integer", is_optional=True),
        InputPort("shuffle", "boolean", default=False),
    )
    assert read.outputs == (OutputPort("model_out", "mlflow_model", "The model."), OutputPort("report", "uri_file"))
    assert read.code == "./src"
    assert read.environment == Reference("azureml:sklearn@^1.0", name="sklearn", wanted="^1.0")
    assert read.variables == {"THREADS": "1", "DEBUG": "False", "NAME": "x"}
    assert read.command.startswith("python train.py --table ${{inputs.table}} --rate")
    assert (read.is_deterministic, read.timeout_seconds) == (False, 3600.0)


def test_what_is_not_written_has_the_defaults_of_azure_ml() -> None:
    read = component_of(component(version=..., environment=...))
    assert read.version is None
    assert (read.inputs, read.outputs, read.code, read.environment, read.variables) == ((), (), None, None, {})
    assert read.is_deterministic


@pytest.mark.parametrize("empty", ["inputs", "outputs", "description", "tags", "environment_variables", "limits"])
def test_an_empty_section_is_as_good_as_none(empty: str) -> None:
    read = component_of(component(**{empty: None}))
    assert (read.inputs, read.outputs, read.description, read.variables) == ((), (), "", {})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("components/split/component.yaml", "split"),
        ("components/split.yml", "split"),
        ("component.yaml", "component"),
        ("components/split/other.yaml", "other"),
    ],
)
def test_a_component_without_a_name_is_named_after_its_file_or_folder(path: str, name: str) -> None:
    assert component_of(component(name=...), path).name == name


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        (3, "3.0.0"),
        ("3", "3.0.0"),
        ("1.2", "1.2.0"),
        ("1.0.0-rc.1", "1.0.0-rc.1"),
    ],
)
def test_a_version_is_read_as_major_minor_patch(written: object, version: str) -> None:
    assert component_of(component(version=written)).version == version


@pytest.mark.parametrize("written", ["one", "1.2.3.4", "2024.01.31", "01.0.0", "", "9" * 5000 + ".x"])
def test_a_version_that_is_none_is_refused_with_an_example(written: str) -> None:
    problem = problem_of(component(version=written))
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("version",)
    assert problem.hint == "write major.minor.patch, for example 1.0.0"


@pytest.mark.parametrize(("written", "number"), [("1.10", "1.1"), ("3.0e+2", "300.0"), ("1_0", "10"), ("0x1F", "31")])
def test_an_unquoted_version_that_yaml_takes_for_another_one_is_refused_at_its_line(written: str, number: str) -> None:
    text = WHOLE.replace("1.2.3", written)
    problem = problem_of(text)
    assert (problem.code, problem.is_error) == (Code.UNQUOTED_VERSION, True)
    assert problem.message == f"YAML reads the version {written} as the number {number}"
    assert problem.hint == f'write `version: "{written}"`'
    assert where(problem) == place(text, "version")


@pytest.mark.parametrize(("written", "version"), [("1.2", "1.2.0"), ("0.5", "0.5.0"), ("01", "1.0.0")])
def test_an_unquoted_version_that_survives_yaml_is_careless(written: str, version: str) -> None:
    desired = load({"a.yaml": WHOLE.replace("1.2.3", written)})
    assert [(problem.code, problem.is_error) for problem in desired.problems] == [(Code.UNQUOTED_VERSION, False)]
    assert "without its quotes" in desired.problems[0].message
    assert [manifest.version for manifest in desired.components] == [version]


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        ("azureml:sklearn@latest", Reference("azureml:sklearn@latest", name="sklearn", wanted="latest")),
        ("azureml:sklearn:1.2.0", Reference("azureml:sklearn:1.2.0", name="sklearn", wanted="1.2.0")),
        ("azureml:sklearn:3", Reference("azureml:sklearn:3", name="sklearn", wanted="3")),
        ("sklearn@^1", Reference("sklearn@^1", name="sklearn", wanted="^1")),
        ("azureml:AzureML-lightgbm@latest", Reference("azureml:AzureML-lightgbm@latest", "AzureML-lightgbm")),
        ("./environment.yaml", Reference("./environment.yaml", path="./environment.yaml")),
        ("file:../env/environment.yaml", Reference("file:../env/environment.yaml", path="../env/environment.yaml")),
        (REGISTRY_ENVIRONMENT, Reference(REGISTRY_ENVIRONMENT, name="sklearn-1.5", registry="azureml")),
    ],
)
def test_an_environment_is_referred_to_in_all_the_ways_of_azure_ml(written: str, reference: Reference) -> None:
    assert component_of(component(environment=written)).environment == reference


@pytest.mark.parametrize("written", ["azureml:", "a b", "sklearn@", "azureml:a@1@2", "@latest"])
def test_a_reference_that_is_none_is_refused_with_examples(written: str) -> None:
    problem = problem_of(component(environment=written))
    assert problem.code is Code.UNRESOLVED_REFERENCE
    assert problem.pointer == ("environment",)
    assert problem.hint == "write `azureml:name@^1.0`, `azureml:name:1.2.0` or `./file.yaml`"


def test_an_inline_environment_is_named_after_its_component() -> None:
    read = component_of(component(environment={"image": "python", "conda_file": "conda.yaml"})).environment
    assert isinstance(read, Environment)
    assert (read.name, read.image, read.conda_file) == ("split-environment", "python", "conda.yaml")


@pytest.mark.parametrize(
    ("port", "word"),
    [
        ({"type": "integer", "default": "many"}, "integer"),
        ({"type": "integer", "default": 1.5}, "integer"),
        ({"type": "integer", "default": True}, "integer"),
        ({"type": "number", "default": "half"}, "number"),
        ({"type": "boolean", "default": "perhaps"}, "boolean"),
        ({"type": "number", "default": 2, "max": 1}, "more than its maximum 1"),
        ({"type": "number", "default": -1, "min": 0}, "less than its minimum 0"),
        ({"type": "string", "default": "c", "enum": ["a", "b"]}, "not allowed"),
    ],
)
def test_a_default_that_its_port_does_not_take_is_refused(port: dict[str, object], word: str) -> None:
    problem = problem_of(component(inputs={"x": port}))
    assert problem.code is Code.INVALID_VALUE
    assert problem.pointer == ("inputs", "x", "default")
    assert word in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    "port",
    [
        {"type": "integer", "default": 0},
        {"type": "integer", "default": "7"},
        {"type": "integer", "default": 2.0},
        {"type": "number", "default": "1e-3"},
        {"type": "number", "default": 0},
        {"type": "boolean", "default": "True"},
        {"type": "boolean", "default": False},
        {"type": "string", "default": ""},
        {"type": "string", "default": 0.2},
        {"type": "string", "default": None},
    ],
)
def test_a_default_that_azure_ml_would_convert_is_right(port: dict[str, object]) -> None:
    assert component_of(component(inputs={"x": port})).inputs[0].default == port["default"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("run ${{inputs.missing}}", Code.UNDECLARED_INPUT),
        ("run ${{outputs.missing}}", Code.UNDECLARED_OUTPUT),
        ("run ${{parent.inputs.there}}", Code.UNRESOLVED_BINDING),
        ("run ${{secrets.KEY}}", Code.UNRESOLVED_BINDING),
        ("run ${{}}", Code.UNRESOLVED_BINDING),
        ("run ${{inputs.maybe}}", Code.MISSING_INPUT),
        ("run ${{inputs.maybe}} $[[${{inputs.maybe}}]]", Code.MISSING_INPUT),
    ],
)
def test_a_command_that_nothing_can_fill_in_is_refused_at_its_line(command: str, code: Code) -> None:
    ports = {"there": {"type": "string"}, "maybe": {"type": "string", "optional": True}}
    problem = problem_of(component(command=command, inputs=ports))
    assert problem.code is code
    assert problem.pointer == ("command",)
    assert problem.hint


def test_a_command_shows_what_is_declared() -> None:
    inputs = {"table": {"type": "uri_file"}}
    assert problem_of(component(command="run ${{inputs.rows}}", inputs=inputs)).hint == "declared: table"
    assert problem_of(component(command="run ${{inputs.tabel}}", inputs=inputs)).hint == "did you mean `table`?"


def test_what_is_wrong_in_a_command_has_its_own_place() -> None:
    text = (
        "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\nname: split\n"
        "inputs: {table: {type: uri_file}}\nenvironment: {image: ubuntu}\n"
        "command: >-\n  run --table ${{inputs.table}}\n  --rows ${{inputs.rows}}\n"
    )
    assert where(problem_of(text)) == place(text, "inputs.rows")


def test_a_name_used_often_is_told_once() -> None:
    assert len(problems_of(component(command="run ${{inputs.x}} ${{inputs.x}} ${{ inputs.x }}"))) == 1


@pytest.mark.parametrize("changed", ["name", "version", "description", "display_name", "tags", "properties"])
def test_what_only_describes_is_no_part_of_the_identity(changed: str) -> None:
    value: object = {"a": "b"} if changed in ("tags", "properties") else "2.0.0" if changed == "version" else "other"
    assert component_of(component(**{changed: value})).identity == component_of(component()).identity


def test_descriptions_of_ports_are_no_part_of_the_identity() -> None:
    described = component(inputs={"a": {"type": "string", "description": "x"}})
    assert component_of(described).identity == component_of(component(inputs={"a": {"type": "string"}})).identity


@pytest.mark.parametrize(
    "change",
    [
        {"command": "python other.py"},
        {"environment": "azureml:sklearn@^2.0"},
        {"environment": environment()},
        {"inputs": {"a": {"type": "string"}}},
        {"is_deterministic": False},
        {"environment_variables": {"A": "1"}},
    ],
)
def test_what_changes_a_result_is_part_of_the_identity(change: dict[str, object]) -> None:
    assert component_of(component(**change)).identity != component_of(component()).identity


def test_a_component_with_a_warning_still_loads() -> None:
    desired = load({"a.yaml": component(unknown=1)})
    assert [problem.severity for problem in desired.problems] == [Severity.WARNING]
    assert [manifest.name for manifest in desired.components] == ["split"]
