"""The lock of a run: kept as it is, read for a single run alone, and empty where a run is older than locks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution, Skipped
from reconciler.model.runs import RunStatus
from reconciler.state.database import Database
from reconciler.state.encoding import lock_of, lock_text
from reconciler.state.folder import StateFolder
from reconciler.state.schema import STATE_MIGRATIONS
from reconciler.state.store import State

from . import records
from .records import run

SPLIT = Resolution(
    Kind.COMPONENT,
    "split@^1.2",
    "split",
    "1.4.1",
    "component/split/v1.4.1:components/split/component.yaml",
    "component/split/v1.4.1",
    "c0ffee",
    "d1",
    (Skipped("2.0.0", "outside the range"), Skipped("1.5.0-rc.1", "skipped: pre-release")),
)
TOOLS = Resolution(Kind.ENVIRONMENT, "tools", "tools", None, "tools.yaml")


@given(lock=records.locks)
def test_what_is_kept_is_what_is_read_again(lock: tuple[Resolution, ...]) -> None:
    assert lock_of(lock_text(lock)) == lock


def test_what_is_empty_takes_no_room() -> None:
    assert lock_text(()) == "[]"
    told = '[{"kind":"environment","reference":"tools","name":"tools","version":null,"file":"tools.yaml"}]'
    assert lock_text((TOOLS,)) == told


def test_the_lock_stays_as_the_run_was_started(state: State) -> None:
    started = state.runs.start(replace(run(status=RunStatus.RUNNING), lock=(SPLIT, TOOLS)))
    state.runs.update(replace(started, status=RunStatus.SUCCEEDED, lock=()))
    kept = state.runs.get(started.id)
    assert kept is not None
    assert (kept.status, kept.lock) == (RunStatus.SUCCEEDED, (SPLIT, TOOLS))


@pytest.mark.parametrize("reading", ["recent", "running", "with_closure", "current"])
def test_runs_that_are_read_as_several_come_without_it(state: State, reading: str) -> None:
    for status in (RunStatus.RUNNING, RunStatus.SUCCEEDED):
        state.runs.start(replace(run(status=status), lock=(SPLIT,)))
    current = state.runs.current("train")
    found = {
        "recent": state.runs.recent(),
        "running": state.runs.running(),
        "with_closure": state.runs.with_closure("train", "c1"),
        "current": [current] if current else [],
    }[reading]
    assert found
    assert all(each.lock == () for each in found)


def test_runs_of_an_older_state_stay_and_have_an_empty_lock(folder: StateFolder) -> None:
    folder.prepare()
    older = Database(folder.database, STATE_MIGRATIONS[:4])
    older.execute(
        "INSERT INTO runs (id, sequence, pipeline, source, revision, closure, status, trigger_name, started)"
        " VALUES ('train-1', 1, 'train', 'origin', 'main@sha1:1', 'c1', 'succeeded', 'push', 1.0)"
    )
    older.execute("INSERT INTO schedules (source, name, trigger_digest, seen) VALUES ('origin', 'nightly', 't', 1.0)")
    older.close()
    state = State(folder)
    kept = state.runs.get("train-1")
    assert kept == replace(run(), id="train-1")
    assert kept.lock == ()
    assert state.runs.start(replace(run(), lock=(SPLIT,))).id == "train-2"
    (nightly,) = state.schedules.all("origin")
    assert (nightly.name, nightly.pipeline) == ("nightly", "")
    state.close()
