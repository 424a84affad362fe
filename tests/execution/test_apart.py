"""Models that steps of a preview register, as MLflow's own client does it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.execution.apart import has_registered, own_registry

REGISTER = """
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model("loans")
"""
VERSION = 'client.create_model_version("loans", "file:///nowhere")\n'


def run(code: str, folder: Path) -> None:
    tracking = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/tracking.db"}
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **tracking, **own_registry(folder)}, check=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_a_version_that_a_step_makes_goes_to_its_own_registry(folder: Path) -> None:
    run(REGISTER + VERSION, folder)
    assert has_registered(folder)


def test_a_step_that_asks_the_registry_has_registered_nothing(folder: Path) -> None:
    run("from mlflow import MlflowClient\nassert not MlflowClient().search_registered_models()", folder)
    assert not has_registered(folder)


def test_a_step_that_never_asks_has_none(folder: Path) -> None:
    assert not has_registered(folder)


def test_a_registry_that_cannot_be_read_may_hold_something(folder: Path) -> None:
    (folder / "registry.db").write_bytes(b"no database")
    assert has_registered(folder)
