"""A server that listens, a secret in the environment, and a state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.notifications import Secret
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from .forges_served import TOKEN
from .listening import Listener, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def token(tmp_path: Path) -> Secret:
    """A file that holds `TOKEN`."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    return Secret(file=str(file))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(StateFolder(tmp_path / "state"))
    yield opened
    opened.close()
