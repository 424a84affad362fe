"""Paths of data in manifests: what a step gets for them, and what is said of those that mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.data_paths import RemoteData, RemoteTrouble
from reconciler.model.desired import Desired, Settings
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.steps import DataSource
from reconciler.planning.data_paths import data_source
from reconciler.planning.repository_paths import Unresolved

from .history import desired_of

FILES = {
    "data/loans.csv": "1,2",
    "data/table/MLTable": "paths: []",
    "data/plain/a.csv": "1",
    "pipelines/README.md": "words",
}
URL = "s3://loans/raw"


def desired(remote: RemoteData | RemoteTrouble | None = None, **changes: object) -> Desired:
    stores = (("blob", "./data"), ("disk", "/srv"), ("bucket", "s3://loans"))
    settings = Settings(datastores=stores)
    known: Mapping[str, RemoteData | RemoteTrouble] = {URL: remote} if remote else {}
    return replace(desired_of(FILES), settings=settings, remote_data=known, **changes)  # type: ignore[arg-type]


def source(path: str, kind: str = "uri_file", known: Desired | None = None) -> tuple[DataSource, list[Problem]]:
    warnings: list[Problem] = []
    found = data_source(known or desired(), "loans", kind, path, "pipelines/lending.yaml", ("path",), warnings)
    return found, warnings


def refused(path: str, kind: str = "uri_file", known: Desired | None = None) -> Problem:
    with pytest.raises(Unresolved) as raised:
        source(path, kind, known)
    problem = raised.value.problem
    assert (problem.file, problem.pointer, problem.severity) == ("pipelines/lending.yaml", ("path",), Severity.ERROR)
    assert problem.hint
    return problem


@pytest.mark.parametrize(
    "path", ["../data/loans.csv", "file:../data/loans.csv", "azureml://datastores/blob/paths/loans.csv"]
)
def test_a_file_of_the_repository_is_known_by_its_blob(path: str) -> None:
    found, warnings = source(path)
    entry = desired().snapshot.entries["data/loans.csv"]
    assert (found.path, found.digest, found.oid, found.is_folder) == (
        "data/loans.csv",
        f"git:{entry.oid}",
        entry.oid,
        False,
    )
    assert warnings == []


@pytest.mark.parametrize("path", ["../data/", "azureml://datastores/blob/paths/"])
def test_a_slash_at_the_end_says_nothing_new(path: str) -> None:
    found, _ = source(path, "uri_folder")
    assert (found.path, found.is_folder) == ("data", True)


def test_the_repository_itself_is_a_folder() -> None:
    found, _ = source("..", "uri_folder")
    assert (found.path, found.is_folder, found.oid) == ("", True, desired().snapshot.tree)


def test_separators_of_windows_are_understood_with_a_warning() -> None:
    found, (warning,) = source("..\\data\\loans.csv")
    assert found.path == "data/loans.csv"
    assert (warning.severity, warning.hint) == (Severity.WARNING, "write `../data/loans.csv`")


def test_a_datastore_may_stand_for_a_folder_of_the_machine() -> None:
    known = desired(local_data={"/srv/loans.csv": "sha256:1"})
    found, _ = source("azureml://datastores/disk/paths/loans.csv", known=known)
    assert (found.local, found.digest) == ("/srv/loans.csv", "sha256:1")


def test_a_datastore_that_stands_for_nothing_is_an_error() -> None:
    assert refused("azureml://datastores/other/paths/a").code is Code.UNMAPPED_DATASTORE


@pytest.mark.parametrize("path", [URL, f"{URL}/", "azureml://datastores/bucket/paths/raw"])
def test_what_lies_at_a_url_is_known_by_what_its_store_says(path: str) -> None:
    found, warnings = source(path, "uri_folder", desired(RemoteData("folder:1", is_folder=True)))
    assert (found.url, found.digest, found.is_folder, found.oid, found.local) == (URL, "folder:1", True, None, None)
    assert warnings == []


def test_a_url_that_was_not_looked_up_cannot_be_planned_with() -> None:
    assert refused(URL).code is Code.UNREACHABLE_DATA


def test_why_a_url_is_not_known_is_said_at_the_manifest() -> None:
    trouble = RemoteTrouble(Code.MISSING_FILE, "there is nothing", "put it there")
    problem = refused(URL, known=desired(trouble))
    assert (problem.code, problem.message, problem.hint) == (Code.MISSING_FILE, "there is nothing", "put it there")


def test_what_may_be_out_of_date_is_a_warning() -> None:
    _, (warning,) = source(URL, known=desired(RemoteData("etag:1", note="the store is away")))
    assert (warning.code, warning.severity, warning.message) == (
        Code.UNREACHABLE_DATA,
        Severity.WARNING,
        "the store is away",
    )


@pytest.mark.parametrize(
    ("kind", "is_folder", "hint"),
    [("uri_file", True, "write `type: uri_folder`"), ("uri_folder", False, "write `type: uri_file`")],
)
def test_a_file_at_a_url_is_no_folder_and_the_other_way_round(kind: str, is_folder: bool, hint: str) -> None:
    problem = refused(URL, kind, desired(RemoteData("1", is_folder)))
    assert (problem.code, problem.hint) == (Code.TYPE_MISMATCH, hint)


@pytest.mark.parametrize("kind", ["uri_folder", "mltable", "mlflow_model"])
def test_there_are_no_folders_on_the_web(kind: str) -> None:
    problem = refused("https://example.org/loans/", kind)
    assert problem.message == f"`https://example.org/loans/` is a {kind}, but folders cannot be listed over https"


def test_a_table_needs_its_file_wherever_it_lies() -> None:
    assert source("../data/table", "mltable")[0].path == "data/table"
    problem = refused("../data/plain", "mltable")
    assert (problem.code, problem.message) == (
        Code.MISSING_FILE,
        "`data/plain` is no mltable: there is no `MLTable` file in it",
    )
    assert refused("../data/loans.csv", "mltable").message == "`data/loans.csv` is no mltable: a file"
    assert refused("/srv/t", "mltable", desired(local_data={"/srv/t": "1"})).code is Code.MISSING_FILE
    assert source("/srv/t", "mltable", desired(local_data={"/srv/t": "1"}, tables={"/srv/t": ()}))[0].local == "/srv/t"
    assert refused(URL, "mltable", desired(RemoteData("1", is_folder=True))).code is Code.MISSING_FILE
    assert source(URL, "mltable", desired(RemoteData("1", is_folder=True, is_table=True)))[0].url == URL


def test_what_a_table_names_elsewhere_is_not_followed_and_said() -> None:
    known = desired(tables={"data/table": ("https://example.org/a.csv",)})
    _, (warning,) = source("../data/table", "mltable", known)
    assert (warning.code, warning.severity) == (Code.NO_EFFECT, Severity.WARNING)
    assert warning.message.endswith("whose changes are not noticed: https://example.org/a.csv")
