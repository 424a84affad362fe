"""A repository, a place to run it, and a place that is opened anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .place import Place
from .repository import Repository, Witness


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(tmp_path / "loans")
    yield repository
    repository.close()


@pytest.fixture
def witness(repository: Repository) -> Witness:
    return repository.witness


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Opens the same state again and again, with other parts where they are given."""
    with ExitStack() as stack:

        def open_it(**parts: Any) -> Place:
            place = Place(tmp_path / "state", **parts)
            stack.callback(place.close)
            return place

        yield open_it


@pytest.fixture
def place(open_place: Callable[..., Place]) -> Place:
    return open_place()
