"""What is shown while runs go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.progress import Progress
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.state.records import run


@pytest.fixture
def opened(state: Path) -> Iterator[State]:
    opened = State(StateFolder(state))
    yield opened
    opened.close()


def test_runs_that_began_since_are_followed(opened: State) -> None:
    for started in (1.0, 3.0, 4.0):
        opened.runs.start(run(started=started))
    assert [each.id for each in Progress(opened, since=2.0).runs()] == ["train-2", "train-3"]


def test_one_run_alone_is_followed_whenever_it_began(opened: State) -> None:
    waited_for = opened.runs.start(run(started=1.0))
    for number in range(12):
        opened.runs.start(replace(run(started=3.0), pipeline=f"other{number}"))
    progress = Progress(opened, since=2.0)
    progress.confine(waited_for.id)
    assert [each.id for each in progress.runs()] == ["train-1"]
