"""A repository that was followed, and the state that this left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon.origin import Origin
from tests.daemon.waiting import Waiting

from . import releases
from .lending import FAILING, FILES, SPLIT
from .program import process
from .releases import SEEDED, ReleasedRepository, split


@dataclass(frozen=True)
class Followed:
    """What was pushed, in three revisions: all succeeds, the split prints more, another pipeline fails."""

    origin: Origin
    state: Path
    revisions: list[str]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder that is not there yet."""
    return tmp_path / "state"


@pytest.fixture
def repository(tmp_path: Path) -> ReleasedRepository:
    """Split 2.0.0 stands at HEAD, 1.0.0 and 1.1.0 in tags alone."""
    repository = ReleasedRepository(tmp_path / "git")
    repository.release(releases.SPLIT, split("1.1.0", SEEDED), "component/split/v1.1.0")
    repository.release(releases.SPLIT, split("2.0.0"), "component/split/v2.0.0")
    return repository


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """To be looked at only: all tests share it."""
    folder = tmp_path_factory.mktemp("followed")
    origin, state = Origin(folder / "git"), folder / "state"
    revisions = []
    louder = SPLIT.replace("1.0.0", "1.0.1").replace("echo third", "echo third; echo fourth")
    changes: list[dict[str, str | None]] = [
        FILES,
        {"components/split/component.yaml": louder},
        {"pipelines/failing.yaml": FAILING},
    ]
    for files, code in zip(changes, (0, 0, 1), strict=True):
        revisions.append(f"main@sha1:{origin.push(files)}")
        done = process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
        assert done.code == code, done.out + done.err
    return Followed(origin, state, revisions)


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    waiting = Waiting(tmp_path)
    yield waiting
    waiting.go_on()  # a step outlives the daemon that started it
