"""References to what steps registered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.references import parse_reference
from reconciler.model.runs import RegisteredData
from reconciler.planning.registered import registered_source, registered_version

from .history import desired_of


def asset(version: str, name: str = "rows", kind: str = "uri_file") -> RegisteredData:
    return RegisteredData(name, version, kind, f"digest of {version}", "lending-1", "prepare", "out")


DESIRED = replace(desired_of({}), registered=(asset("1.0.0"), asset("2.0.0"), asset("10.0.0"), asset("3.0.0", "other")))


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("azureml:rows@latest", "10.0.0"),
        ("azureml:rows", "10.0.0"),
        ("azureml:rows:2", "2.0.0"),
        ("azureml:rows:2.0.0", "2.0.0"),
        ("azureml:rows@<10", "2.0.0"),
        ("azureml:rows:4", None),
        ("azureml:columns@latest", None),
        ("./rows", None),
    ],
)
def test_the_highest_version_that_fits_is_meant(reference: str, version: str | None) -> None:
    found = registered_version(DESIRED, parse_reference(reference))
    assert (found.version if found else None) == version


@pytest.mark.parametrize(("kind", "is_folder"), [("uri_file", False), ("uri_folder", True), ("mltable", True)])
def test_it_is_read_from_the_store_of_outputs(kind: str, is_folder: bool) -> None:
    source = registered_source(asset("2.0.0", kind=kind), "pipeline.yaml")
    assert (source.label, source.digest, source.is_kept, source.is_folder) == (
        "rows 2.0.0",
        "digest of 2.0.0",
        True,
        is_folder,
    )
