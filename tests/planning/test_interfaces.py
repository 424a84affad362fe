"""What components, pipelines and data promise, read off their manifests and the files that they name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.environments.interface_files import READERS
from reconciler.model.desired import Settings
from reconciler.model.snapshot import Mount, mounted
from reconciler.planning.interfaces import HEAD_BYTES, MOST_FILES, files_of_interface, interface_of
from tests.manifests.documents import component, data, environment, pipeline

from .history import Files
from .interface_repository import Repository


def _of_data(files: Files, **changes: object) -> Any:
    return Repository({"data/asset.yaml": data(**changes), **files}).interface("data/asset.yaml")


def test_the_ports_of_a_component_with_their_limits() -> None:
    inputs = {
        "raw": {"type": "uri_file"},
        "seed": {"type": "integer", "default": 42, "min": 0},
        "rate": {"type": "number", "optional": True, "max": 1},
        "how": {"type": "string", "enum": ["fast", "exact"]},
    }
    files = {"c.yaml": component(inputs=inputs, outputs={"model": {"type": "mlflow_model"}})}
    assert Repository(files).interface("c.yaml") == {
        "inputs": {
            "raw": ["uri_file", False],
            "seed": ["integer", True, {"min": 0}],
            "rate": ["number", True, {"max": 1}],
            "how": ["string", False, {"enum": ["exact", "fast"]}],
        },
        "outputs": {"model": "mlflow_model"},
    }


def test_the_inputs_and_outputs_of_a_pipeline() -> None:
    inputs = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}, "depth": 3, "name": {"type": "string"}}
    outputs = {"model": {"type": "mlflow_model"}, "log": None}
    found = Repository({"p.yaml": pipeline(inputs=inputs, outputs=outputs)}).interface("p.yaml")
    assert found["inputs"] == {"raw": ["uri_file", True], "depth": ["", True], "name": ["string", False]}
    assert found["outputs"] == {"model": "mlflow_model", "log": ""}


def test_the_ports_of_a_pipeline_component() -> None:
    document = pipeline(
        {"a": {"component": "azureml:split@^1.0"}},
        type="pipeline",
        **{"$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json"},
        version="1.0.0",
        inputs={"raw": {"type": "uri_file"}},
        outputs={"out": {"type": "uri_folder"}},
    )
    assert Repository({"p.yaml": document}).interface("p.yaml") == {
        "inputs": {"raw": ["uri_file", False]},
        "outputs": {"out": "uri_folder"},
    }


def test_manifests_of_other_kinds_promise_nothing() -> None:
    model = {"name": "m", "version": 1, "type": "custom_model", "path": "m.bin"}
    schema = "https://azuremlschemas.azureedge.net/latest/model.schema.json"
    assert Repository({"m.yaml": {"$schema": schema, **model}, "m.bin": "x"}).interface("m.yaml") == ""


def test_no_file_is_read_for_ports() -> None:
    repository = Repository({"c.yaml": component(code="src"), "src/run.py": "", "p.yaml": pipeline()})
    repository.interface("c.yaml")
    repository.interface("p.yaml")
    assert repository.read == []


def test_the_columns_of_a_file_with_the_types_of_their_values() -> None:
    content = (
        "id,amount,rate,paid,on,at,grade,nothing\n"
        "1,10,0.5,true,2024-01-31,2024-01-31T10:00:00Z,A,\n"
        "+2,,-1e-3,FALSE,2024-02-29,2024-02-29 10:00:00.5+02:00,,\n"
        "3,1.5,inf,True,NA,,7,null\n"
    )
    repository = Repository({"data/asset.yaml": data(path="loans.csv"), "data/loans.csv": content})
    assert repository.interface("data/asset.yaml") == {
        "columns": {
            "id": "integer",
            "amount": "number",
            "rate": "number",
            "paid": "boolean",
            "on": "datetime",
            "at": "datetime",
            "grade": "string",
            "nothing": "",
        }
    }
    assert repository.read == [["data/loans.csv"]]


def test_of_large_files_the_beginning_is_read() -> None:
    rows = "1,größe\n" * HEAD_BYTES
    assert _of_data({"data/loans.csv": f"a,b\n{rows}x,y\n"}, path="loans.csv") == {
        "columns": {"a": "integer", "b": "string"}
    }
    lines = '{"a": 1}\n' * HEAD_BYTES
    assert _of_data({"data/loans.jsonl": lines + "{"}, path="loans.jsonl") == {"columns": {"a": "integer"}}


def test_a_folder_of_files_with_one_header_is_one_table() -> None:
    files = {
        "data/d/1.csv": "a,b\n1,2\n",
        "data/d/2.csv": "a,b\n1,2.5\n",
        "data/d/README.md": "x",
        "data/d/_x.csv": "z",
    }
    assert _of_data(files, type="uri_folder", path="d") == {"columns": {"a": "integer", "b": "number"}}


def test_a_folder_of_several_tables_is_not_known() -> None:
    for other in ("a,c\n1,2\n", "1,2\n"):
        assert _of_data({"data/d/1.csv": "a,b\n1,2\n", "data/d/2.csv": other}, type="uri_folder", path="d") == ""
    assert _of_data({"data/d/x.txt": "a,b\n1,2\n"}, type="uri_folder", path="d") == ""


def test_of_a_folder_of_many_files_some_are_read() -> None:
    many = {f"data/d/{number:03}.csv": f"a,b\n{number},2\n" for number in range(100)}
    repository = Repository({"data/asset.yaml": data(type="uri_folder", path="d"), **many})
    assert repository.interface("data/asset.yaml") == {"columns": {"a": "integer", "b": "integer"}}
    assert [len(each) for each in repository.read] == [MOST_FILES]


TABLE = "paths: [{file: ./part/loans.csv}]\n"


@pytest.mark.parametrize(
    ("table", "is_known"),
    [
        (TABLE, True),
        (f"{TABLE}transformations: [read_delimited: {{delimiter: ',', encoding: utf8}}]", True),
        (f"{TABLE}transformations: [read_delimited]", True),
        (f"{TABLE}transformations: [read_delimited: {{header: no_header}}]", False),
        (f"{TABLE}transformations: [read_delimited: {{}}, keep_columns: [a]]", False),
        (f"{TABLE}transformations: x", False),
        (f"{TABLE}transformations: [[x]]", False),
        ("paths: [{file: ./part/no.csv}]", False),
        ("paths: [{file: https://example.org/loans.csv}]", False),
        ("paths: [{pattern: ./part/*.csv}]", False),
        ("paths: [{file: ../../x.csv}]", False),
        ("paths: [{file: ./part}]", False),
        ("paths: x", False),
        ("[", False),
        ("", False),
    ],
)
def test_a_table_of_azure_ml(table: str, is_known: bool) -> None:
    files = {"data/t/MLTable": table, "data/t/part/loans.csv": "a,b\n1,x\n"}
    columns = {"columns": {"a": "integer", "b": "string"}}
    assert _of_data(files, type="mltable", path="t") == (columns if is_known else "")


@pytest.mark.parametrize(
    "path",
    [
        "https://example.org/loans.csv",
        "s3://bucket/loans.csv",
        "azureml://datastores/store/paths/loans.csv",
        "azureml://datastores/no/paths/loans.csv",
        "../../loans.csv",
        "/etc/passwd",
        "no.csv",
        "C:\\loans.csv",
    ],
)
def test_of_data_elsewhere_nothing_is_known(path: str) -> None:
    repository = Repository({"data/asset.yaml": data(path=path), "data/loans.csv": "a,b\n1,2\n"})
    there = replace(repository.desired, settings=Settings(datastores=(("store", "./data"),)))
    assert repository.interface("data/asset.yaml", there) == ""
    assert repository.read == []


def test_a_path_as_on_windows() -> None:
    assert _of_data({"data/d/loans.csv": "a\n1\n"}, path="d\\loans.csv") == {"columns": {"a": "integer"}}


def test_a_file_of_this_machine_that_is_allowed_is_read_by_its_path() -> None:
    desired = Repository({"data/asset.yaml": data(path="/srv/loans.csv")}).desired
    manifest = desired.manifests["data/asset.yaml"]
    assert files_of_interface(manifest, desired, READERS) == ()
    allowed = replace(desired, local_data={"/srv/loans.csv": "sha256:00"})
    wanted = files_of_interface(manifest, allowed, READERS)
    assert [(each.place, each.most) for each in wanted] == [("/srv/loans.csv", HEAD_BYTES)]
    assert interface_of(manifest, allowed, READERS, {"/srv/loans.csv": b"a\n1\n"}) == '{"columns":{"a":"integer"}}'
    assert interface_of(manifest, allowed, READERS, {"/srv/loans.csv": b""}) == ""


def test_a_file_that_cannot_be_read_is_asked_for_once() -> None:
    desired = Repository({"env.yaml": environment(conda_file="conda.yaml"), "conda.yaml": ""}).desired
    manifest = desired.manifests["env.yaml"]
    wanted = files_of_interface(manifest, desired, READERS)
    assert len(wanted) == 1
    assert files_of_interface(manifest, desired, READERS, {wanted[0].place: b""}) == ()


def test_the_files_of_a_release_are_those_that_its_tag_holds() -> None:
    asset, tag = "data/asset.yaml", "data/loans/v1.0.0"
    now = Repository({asset: data(path="loans.csv"), "data/loans.csv": "b\n1\n"})
    then = Repository({asset: data(path="loans.csv"), "data/loans.csv": "a\n1\n"}).desired
    mount = Mount("c0ffee", then.snapshot.tree, then.snapshot.entries)
    snapshot = replace(now.desired.snapshot, mounts={tag: mount})
    desired = replace(now.desired, snapshot=snapshot)
    released = replace(then.manifests[asset], file=mounted(tag, asset))
    wanted = files_of_interface(released, desired, READERS)
    assert [each.place for each in wanted] == [then.snapshot.entries["data/loans.csv"].oid]
    assert interface_of(released, desired, READERS, {wanted[0].place: b"a\n1\n"}) == '{"columns":{"a":"integer"}}'
