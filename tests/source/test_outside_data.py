"""What is looked at before planning: the URLs that something uses, and what tables name elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.model.data_paths import RemoteData, RemoteTrouble
from reconciler.model.desired import Desired
from reconciler.source.outside_data import with_outside_data
from tests.manifests.repository import Content, Repository, load

from .remote_known import Known

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"


class Looker:
    """Knows every URL; `asked` lists them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def look_up(self, urls: Sequence[str]) -> Mapping[str, RemoteData | RemoteTrouble]:
        self.asked.extend(urls)
        return {url: RemoteData(f"etag:{url}") for url in urls}


def looked_at(files: Mapping[str, Content], *roots: Path) -> tuple[Desired, list[str]]:
    looker = Looker()
    desired = load(files)
    assert [problem for problem in desired.problems if problem.is_error] == []
    found = with_outside_data(desired, [str(root) for root in roots], Known(), looker, Repository(files))
    return found, sorted(looker.asked)


def asset(name: str, path: object, kind: str = "uri_file") -> dict[str, object]:
    return {"$schema": f"{SCHEMAS}/data.schema.json", "name": name, "version": "1.0.0", "type": kind, "path": str(path)}


def component(**inputs: str) -> dict[str, object]:
    return {
        "$schema": f"{SCHEMAS}/commandComponent.schema.json",
        "name": "read",
        "command": "true",
        "environment": {"image": "python"},
        "inputs": {name: {"type": kind} for name, kind in inputs.items()},
    }


def pipeline(component: object, given: Mapping[str, object] | None = None, **inputs: object) -> dict[str, object]:
    job = {"type": "command", "component": component, "inputs": inputs}
    return {"$schema": f"{SCHEMAS}/pipelineJob.schema.json", "inputs": given or {}, "jobs": {"read": job}}


def test_urls_that_inputs_are_bound_to_are_looked_up_once() -> None:
    desired, asked = looked_at(
        {
            "read.yaml": component(a="uri_file", b="uri_file", c="uri_file"),
            "train.yaml": pipeline(
                "./read.yaml",
                {"given": {"type": "uri_file", "path": "https://example.org/given.csv"}},
                a={"type": "uri_file", "path": "https://example.org/a.csv"},
                b="https://example.org/a.csv",
                c="${{parent.inputs.given}}",
            ),
        }
    )
    assert asked == ["https://example.org/a.csv", "https://example.org/given.csv"]
    assert sorted(desired.remote_data) == asked


def test_a_text_that_looks_like_a_url_is_not_asked_for() -> None:
    for reference in ("./read.yaml", "azureml:read@latest", component(a="string")):
        files: dict[str, Content] = {"train.yaml": pipeline(reference, a="https://example.org/hook")}
        if isinstance(reference, str):
            files["read.yaml"] = component(a="string")
        assert looked_at(files)[1] == []
    through = pipeline("./read.yaml", {"hook": "https://example.org/hook"}, a="${{parent.inputs.hook}}")
    assert looked_at({"read.yaml": component(a="string"), "train.yaml": through})[1] == []


def test_data_assets_are_looked_up_where_something_refers_to_them() -> None:
    files: dict[str, Content] = {
        "read.yaml": component(a="uri_file", b="uri_file"),
        "used.yaml": asset("used", "s3://loans/used.csv"),
        "unused.yaml": asset("unused", "s3://loans/unused.csv"),
        "train.yaml": pipeline("./read.yaml", a={"type": "uri_file", "path": "azureml:used@latest"}),
    }
    assert looked_at(files)[1] == ["s3://loans/used.csv"]


def test_datastores_lead_to_urls() -> None:
    path = "azureml://datastores/blob/paths/a.csv"
    files: dict[str, Content] = {
        "reconciler.yaml": "datastores: {blob: 's3://loans/raw'}\n",
        "read.yaml": component(a="uri_file"),
        "train.yaml": pipeline("./read.yaml", a={"type": "uri_file", "path": path}),
    }
    assert looked_at(files)[1] == ["s3://loans/raw/a.csv"]


TABLE = """\
# see https://example.org/docs
$schema: https://azuremlschemas.azureedge.net/latest/MLTable.schema.json
paths:
  - file: ./a.csv
  - file: https://example.org/b.csv  # https://example.org/comment
  - pattern: "azureml://datastores/blob/paths/*.csv"
"""


def test_what_tables_name_elsewhere_is_found(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    (local / "MLTable").write_text("paths: [{file: a.csv}]\n")
    desired, _ = looked_at(
        {
            "tables/one/MLTable": TABLE,
            "tables/one.yaml": asset("one", "./one", "mltable"),
            "tables/two.yaml": asset("two", local, "mltable"),
            "read.yaml": component(a="mltable", b="mltable"),
            "train.yaml": pipeline(
                "./read.yaml",
                a={"type": "mltable", "path": "azureml:one@latest"},
                b={"type": "mltable", "path": "azureml:two@latest"},
            ),
        },
        tmp_path,
    )
    assert desired.tables == {
        "tables/one": ("https://example.org/b.csv", "azureml://datastores/blob/paths/*.csv"),
        str(local): (),
    }


def test_without_anything_outside_nothing_changes() -> None:
    files: dict[str, Content] = {"read.yaml": component(a="string")}
    desired = load(files)
    assert with_outside_data(desired, [], Known(), Looker(), Repository(files)) is desired
