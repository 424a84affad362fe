"""A state folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def state(folder: StateFolder) -> Iterator[State]:
    opened = State(folder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """One state for all examples of a rule."""
    opened = State(StateFolder(tmp_path_factory.mktemp("shared")))
    yield opened
    opened.close()
