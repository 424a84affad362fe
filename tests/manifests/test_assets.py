"""Environments and data assets: every field as it is written for Azure ML."""

from __future__ import annotations

import pytest

from .documents import data, environment
from .repository import data_of, environment_of


def test_an_environment_may_be_an_image() -> None:
    read = environment_of(environment(description="Python."))
    assert (read.name, read.version, read.description) == ("sklearn", "1.0.0", "Python.")
    assert (read.image, read.conda_file, read.conda, read.build_path, read.dockerfile) == (
        "python:3.11-slim",
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("written", ["conda.yaml", "./conda.yaml", "../shared/conda.yaml"])
def test_an_environment_may_be_an_image_with_a_conda_file(written: str) -> None:
    read = environment_of(environment(conda_file=written))
    assert (read.image, read.conda_file, read.conda) == ("python:3.11-slim", written, None)
    assert environment_of(environment(conda_file=f"file:{written}")).conda_file == written


def test_a_conda_file_may_stand_inline() -> None:
    conda = {"name": "x", "dependencies": ["python=3.11", {"pip": ["mlflow"]}]}
    read = environment_of(environment(conda_file=conda))
    assert read.conda_file is None
    assert read.conda == '{"dependencies":["python=3.11",{"pip":["mlflow"]}],"name":"x"}'


def test_an_environment_may_be_a_conda_file_alone() -> None:
    assert environment_of(environment(image=..., conda_file="conda.yaml")).image is None


@pytest.mark.parametrize(
    ("build", "path", "dockerfile"),
    [
        ({"path": "."}, ".", "Dockerfile"),
        ({"path": "./context", "dockerfile_path": "docker/Dockerfile.cpu"}, "./context", "docker/Dockerfile.cpu"),
    ],
)
def test_an_environment_may_be_built(build: dict[str, str], path: str, dockerfile: str) -> None:
    read = environment_of(environment(image=..., build=build))
    assert (read.build_path, read.dockerfile, read.image) == (path, dockerfile, None)


def test_fields_that_only_azure_ml_uses_are_accepted() -> None:
    environment_of(environment(os_type="linux", inference_config={"liveness_route": {"port": 80, "path": "/"}}))


def test_the_version_of_an_environment_is_no_part_of_its_identity() -> None:
    assert environment_of(environment(version="2.0.0")).identity == environment_of(environment()).identity
    assert environment_of(environment(image="python:3.12")).identity != environment_of(environment()).identity


@pytest.mark.parametrize("kind", ["uri_file", "uri_folder", "mltable"])
def test_a_data_asset_has_a_type_and_a_path(kind: str) -> None:
    read = data_of(data(type=kind, description="Loans.", tags={"a": "b"}))
    assert (read.name, read.version, read.description, read.type, read.path) == (
        "loans",
        "1.0.0",
        "Loans.",
        kind,
        "loans.csv",
    )


def test_a_data_asset_without_a_type_is_a_folder() -> None:
    assert data_of(data(type=...)).type == "uri_folder"


def test_a_data_asset_without_a_version_is_anonymous() -> None:
    assert data_of(data(version=...)).version is None


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("./loans.csv", "./loans.csv"),
        ("file:loans.csv", "loans.csv"),
        ("/srv/loans.csv", "/srv/loans.csv"),
        ("file:///srv/loans.csv", "file:///srv/loans.csv"),
        ("azureml://datastores/blob/paths/loans/", "azureml://datastores/blob/paths/loans/"),
        ("https://example.org/loans.csv", "https://example.org/loans.csv"),
    ],
)
def test_a_path_is_kept_as_it_was_written(written: str, path: str) -> None:
    assert data_of(data(path=written)).path == path


@pytest.mark.parametrize(("path", "name"), [("data/loans.yaml", "loans"), ("loans/data.yaml", "loans")])
def test_assets_without_a_name_are_named_after_their_file_or_folder(path: str, name: str) -> None:
    assert data_of(data(name=...), path).name == name


def test_an_environment_without_a_name_is_named_after_its_folder() -> None:
    assert environment_of(environment(name=...), "environments/sklearn/environment.yaml").name == "sklearn"
