"""A builder with its folder and log."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.environments.venv import VenvBuilder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "environments"


@pytest.fixture
def builder(folder: Path) -> VenvBuilder:
    return VenvBuilder(folder)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"
