"""Which form of manifest a document has."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.manifests.kinds import Form, Unsupported, form_of_document

AZURE = "https://azuremlschemas.azureedge.net/latest"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (f"{AZURE}/commandComponent.schema.json", Form.COMPONENT),
        (f"{AZURE}/environment.schema.json", Form.ENVIRONMENT),
        (f"{AZURE}/data.schema.json", Form.DATA),
        (f"{AZURE}/asset.schema.json", Form.DATA),
        (f"{AZURE}/pipelineJob.schema.json", Form.PIPELINE),
        (f"{AZURE}/pipelineJob.schema.json#", Form.PIPELINE),
        (f"{AZURE}/PipelineJob.json", Form.PIPELINE),
        ("http://azureml/sdk-2-0/PipelineJob.json", Form.PIPELINE),
        ("http://azureml/sdk-2-0/CommandComponent.json", Form.COMPONENT),
        ("https://azuremlsdk2.blob.core.windows.net/preview/0.0.1/commandComponent.schema.json", Form.COMPONENT),
        ("../schemas/component.schema.json", None),
        ("./commandComponent.schema.json", Form.COMPONENT),
    ],
)
def test_the_schema_tells_the_kind_however_it_is_spelt(schema: str, kind: Form | None) -> None:
    assert form_of_document({"$schema": schema}) is kind


@pytest.mark.parametrize(
    ("schema", "form"),
    [
        (f"{AZURE}/commandJob.schema.json", Form.COMMAND_JOB),
        (f"{AZURE}/CommandJob.json", Form.COMMAND_JOB),
        (f"{AZURE}/sweepJob.schema.json/", Form.SWEEP_JOB),
        (f"{AZURE}/Schedule.json", Form.SCHEDULE),
        (f"{AZURE}/SCHEDULE.SCHEMA.JSON", Form.SCHEDULE),
        (f"{AZURE}/pipelineComponent.schema.json", Form.PIPELINE_COMPONENT),
        (f"{AZURE}/model.schema.json#/", Form.MODEL),
        (f"{AZURE}/amlCompute.schema.json", Form.COMPUTE),
        ("https://azuremlschemas.azureedge.net/2024-01-01/commandJob.schema.json", Form.COMMAND_JOB),
        ("https://example.org/mirror/commandJob.schema.json", Form.COMMAND_JOB),
        ("https://example.org/schedule.json", None),
        ("https://json.schemastore.org/environment.json", None),
        ("https://example.org/schemas/reconciler/command-job.schema.json", Form.COMMAND_JOB),
    ],
)
def test_the_last_part_of_a_schema_counts_on_any_host_unless_other_tools_use_the_word(
    schema: str, form: Form | None
) -> None:
    assert form_of_document({"$schema": schema, "name": "x"}) is form


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (f"{AZURE}/managedOnlineDeployment.schema.json", "managed online deployments"),
        (f"{AZURE}/batchEndpoint.schema.json", "batch endpoints"),
        (f"{AZURE}/workspace.schema.json", "workspaces"),
        (f"{AZURE}/sparkJob.schema.json", "spark jobs"),
        (f"{AZURE}/autoMLForecastingJob.schema.json", "automl jobs"),
        (f"{AZURE}/parallelComponent.schema.json", "parallel components"),
        (f"{AZURE}/importJob.schema.json", "import jobs"),
        ("http://azureml/sdk-2-0/SparkComponent.json", "spark components"),
    ],
)
def test_other_kinds_of_azure_ml_are_named_and_not_supported(schema: str, name: str) -> None:
    found = form_of_document({"$schema": schema, "name": "x"})
    assert isinstance(found, Unsupported)
    assert found.name == name


@pytest.mark.parametrize(
    ("document", "form"),
    [
        ({"$schema": f"{AZURE}/commandComponent.schema.json", "jobs": {}}, Form.PIPELINE_COMPONENT),
        ({"$schema": f"{AZURE}/commandJob.schema.json", "jobs": {}}, Form.PIPELINE),
        ({"$schema": f"{AZURE}/commandJob.schema.json", "type": "sweep"}, Form.SWEEP_JOB),
        ({"$schema": f"{AZURE}/pipelineJob.schema.json", "type": "command", "command": "ls"}, Form.COMMAND_JOB),
    ],
)
def test_a_schema_that_was_copied_from_another_form_is_not_believed(
    document: Mapping[object, object], form: Form
) -> None:
    assert form_of_document(document) is form


@pytest.mark.parametrize(
    ("document", "form"),
    [
        ({"command": "ls", "environment": "azureml:a@latest", "compute": "azureml:cpu"}, Form.COMMAND_JOB),
        (
            {"command": "ls", "name": "a", "inputs": {"x": {"type": "uri_file", "path": "./x"}}},
            Form.COMMAND_JOB,
        ),
        ({"command": "ls", "name": "a", "inputs": {"x": 1}}, Form.COMMAND_JOB),
        (
            {"command": "ls", "name": "a", "compute": "azureml:cpu", "inputs": {"x": {"type": "uri_file"}}},
            Form.COMPONENT,
        ),
        (
            {"type": "pipeline", "inputs": {"x": {"type": "uri_file"}}, "jobs": {"a": {"component": "./a.yaml"}}},
            Form.PIPELINE_COMPONENT,
        ),
        (
            {
                "type": "pipeline",
                "settings": {},
                "inputs": {"x": {"type": "uri_file"}},
                "jobs": {"a": {"component": "./a.yaml"}},
            },
            Form.PIPELINE,
        ),
        ({"type": "pipeline", "component": "./nested.yaml"}, Form.PIPELINE),
        ({"jobs": {"a": {"type": "spark", "code": "./src"}, "b": {"command": "ls"}}}, Form.PIPELINE),
        ({"trial": "./train.yaml", "search_space": {}, "objective": {}}, Form.SWEEP_JOB),
        ({"trigger": {"type": "cron"}, "create_job": "./a.yaml"}, Form.SCHEDULE),
        ({"type": "mlflow_model", "path": "./model"}, Form.MODEL),
        ({"type": "amlcompute", "name": "cpu", "size": "Standard_DS3_v2"}, Form.COMPUTE),
        ({"name": "a", "version": 1, "image": "python:3.11"}, Form.ENVIRONMENT),
    ],
)
def test_jobs_are_told_from_components_by_what_only_they_have(document: Mapping[object, object], form: Form) -> None:
    assert form_of_document(document) is form


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"trigger": {"type": "cron"}, "create_monitor": {}}, "model monitors"),
        ({"trigger": {"type": "cron"}, "import_data": {}}, "data imports"),
    ],
)
def test_schedules_of_other_things_than_jobs_are_named(document: Mapping[object, object], name: str) -> None:
    found = form_of_document(document)
    assert isinstance(found, Unsupported)
    assert found.name == name


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "pipeline", "jobs": {"a": {"component": "./a.yaml"}}}, Form.PIPELINE),
        ({"type": "pipeline"}, Form.PIPELINE),
        ({"jobs": {"a": {"component": "./a.yaml"}, "b": {"trial": "./b.yaml"}, "c": {"command": "ls"}}}, Form.PIPELINE),
        ({"type": "command", "name": "split", "comand": "python run.py", "inputs": {}}, Form.COMPONENT),
        ({"type": "uri_file", "path": "./a.csv"}, Form.DATA),
        ({"type": "uri_folder", "path": "./a"}, Form.DATA),
        ({"type": "mltable", "path": "./a"}, Form.DATA),
        ({"type": "command", "command": "ls", "environment": "azureml:a@latest"}, Form.COMPONENT),
        ({"name": "a", "command": "ls", "inputs": {}}, Form.COMPONENT),
        ({"name": "a", "image": "python", "conda_file": "conda.yaml"}, Form.ENVIRONMENT),
        ({"name": "a", "build": {"path": "."}}, Form.ENVIRONMENT),
        ({"$schema": "https://example.org/own.json", "type": "pipeline"}, Form.PIPELINE),
    ],
)
def test_without_a_known_schema_type_and_shape_tell_the_kind(document: Mapping[object, object], kind: Form) -> None:
    assert form_of_document(document) is kind


@pytest.mark.parametrize("kind", ["spark", "parallel", "automl", "import"])
def test_a_standalone_job_of_another_kind_is_named(kind: str) -> None:
    found = form_of_document({"type": kind, "compute": "azureml:cpu"})
    assert isinstance(found, Unsupported)
    assert found.name == f"{kind} jobs"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"on": {"push": None}, "jobs": {"test": {"runs-on": "ubuntu-latest", "steps": [{"run": "ls"}]}}},
        {"jobs": [{"job": "a"}]},
        {"jobs": {}},
        {"services": {"web": {"image": "nginx", "build": "."}}},
        {"name": "env", "channels": ["conda-forge"], "dependencies": ["python=3.11"]},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        {"name": "a", "image": "python", "build": "."},
        {"type": "string"},
        {"command": "ls"},
        {"command": ["ls"], "environment": {}},
    ],
)
def test_other_yaml_is_no_manifest(document: Mapping[object, object]) -> None:
    assert form_of_document(document) is None


@pytest.mark.parametrize("odd", [[], {}, ["pipeline"], {"a": 1}, 3, 1.5, True, None])
def test_values_of_odd_types_are_no_kind_and_no_crash(odd: object) -> None:
    document: Mapping[object, object] = {
        "$schema": odd,
        "type": odd,
        "jobs": odd,
        "command": odd,
        "path": odd,
        "build": odd,
        "name": odd,
    }
    kind = form_of_document(document)
    assert kind is None or kind is Form.ENVIRONMENT
