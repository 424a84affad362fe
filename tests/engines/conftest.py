"""An engine, and a folder for what it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.engines.process import ProcessEngine

from .tasks import Runner


@pytest.fixture
def engine() -> ProcessEngine:
    return ProcessEngine(kill_grace_seconds=1.0)


@pytest.fixture
def run(engine: ProcessEngine, tmp_path: Path) -> Runner:
    return Runner(engine, tmp_path)
