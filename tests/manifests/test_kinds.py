"""Which kind of manifest a document is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.manifests.kinds import Unsupported, kind_of_document
from reconciler.model.manifests import Kind

AZURE = "https://azuremlschemas.azureedge.net/latest"


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (f"{AZURE}/commandComponent.schema.json", Kind.COMPONENT),
        (f"{AZURE}/environment.schema.json", Kind.ENVIRONMENT),
        (f"{AZURE}/data.schema.json", Kind.DATA),
        (f"{AZURE}/asset.schema.json", Kind.DATA),
        (f"{AZURE}/pipelineJob.schema.json", Kind.PIPELINE),
        (f"{AZURE}/pipelineJob.schema.json#", Kind.PIPELINE),
        (f"{AZURE}/PipelineJob.json", Kind.PIPELINE),
        ("http://azureml/sdk-2-0/PipelineJob.json", Kind.PIPELINE),
        ("http://azureml/sdk-2-0/CommandComponent.json", Kind.COMPONENT),
        ("https://azuremlsdk2.blob.core.windows.net/preview/0.0.1/commandComponent.schema.json", Kind.COMPONENT),
        ("../schemas/component.schema.json", None),
        ("./commandComponent.schema.json", Kind.COMPONENT),
    ],
)
def test_the_schema_tells_the_kind_however_it_is_spelt(schema: str, kind: Kind | None) -> None:
    assert kind_of_document({"$schema": schema}) is kind


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (f"{AZURE}/commandJob.schema.json", "commandjob"),
        (f"{AZURE}/sweepJob.schema.json", "sweepjob"),
        (f"{AZURE}/Schedule.json", "schedule"),
        (f"{AZURE}/pipelineComponent.schema.json", "pipelinecomponent"),
        (f"{AZURE}/managedOnlineDeployment.schema.json", "managedonlinedeployment"),
        (f"{AZURE}/amlCompute.schema.json", "amlcompute"),
        ("http://azureml/sdk-2-0/SparkComponent.json", "sparkcomponent"),
    ],
)
def test_other_kinds_of_azure_ml_are_named_and_not_supported(schema: str, name: str) -> None:
    assert kind_of_document({"$schema": schema, "name": "x"}) == Unsupported(name)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "pipeline", "jobs": {"a": {"component": "./a.yaml"}}}, Kind.PIPELINE),
        ({"type": "pipeline"}, Kind.PIPELINE),
        ({"jobs": {"a": {"component": "./a.yaml"}, "b": {"trial": "./b.yaml"}, "c": {"command": "ls"}}}, Kind.PIPELINE),
        ({"type": "command", "name": "split", "comand": "python run.py", "inputs": {}}, Kind.COMPONENT),
        ({"type": "uri_file", "path": "./a.csv"}, Kind.DATA),
        ({"type": "uri_folder", "path": "./a"}, Kind.DATA),
        ({"type": "mltable", "path": "./a"}, Kind.DATA),
        ({"type": "command", "command": "ls", "environment": "azureml:a@latest"}, Kind.COMPONENT),
        ({"name": "a", "command": "ls", "inputs": {}}, Kind.COMPONENT),
        ({"name": "a", "image": "python", "conda_file": "conda.yaml"}, Kind.ENVIRONMENT),
        ({"name": "a", "build": {"path": "."}}, Kind.ENVIRONMENT),
        ({"$schema": "https://example.org/own.json", "type": "pipeline"}, Kind.PIPELINE),
    ],
)
def test_without_a_known_schema_type_and_shape_tell_the_kind(document: Mapping[object, object], kind: Kind) -> None:
    assert kind_of_document(document) is kind


@pytest.mark.parametrize("kind", ["spark", "parallel", "automl", "sweep"])
def test_a_standalone_job_of_another_kind_is_named(kind: str) -> None:
    assert kind_of_document({"type": kind, "compute": "azureml:cpu"}) == Unsupported(f"{kind} job")


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
    assert kind_of_document(document) is None


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
    kind = kind_of_document(document)
    assert kind is None or kind is Kind.ENVIRONMENT
