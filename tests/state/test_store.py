"""The state as a whole: its folder, its formats, what may be deleted; environments and the cache of documents."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.errors import StateError
from reconciler.model.runs import StepRun
from reconciler.state.environments import BUILDING, FAILED, READY, EnvironmentState
from reconciler.state.folder import ENVIRONMENT_VARIABLE, StateFolder, default_state_folder
from reconciler.state.store import State

from .records import definition, run

BASE = EnvironmentState("process", "e1", "base", "1.0.0", BUILDING, log="base.log", started=1.0)


def test_all_that_is_kept_lies_below_one_folder_that_is_its_owners_alone(state: State, folder: StateFolder) -> None:
    assert folder.root.stat().st_mode & 0o777 == 0o700
    places = (folder.database, folder.cache, folder.outputs, folder.code, folder.work, folder.environments, folder.logs)
    for place in (*places, folder.sources, folder.scratch, folder.mlflow_artifacts):
        assert place.exists()
        assert place.is_relative_to(folder.root)
    assert folder.mlflow_uri == f"sqlite:///{folder.root}/mlflow/mlflow.db"


def test_a_state_may_be_opened_twice_at_the_same_time(state: State, folder: StateFolder) -> None:
    other = State(folder)
    started = state.runs.start(run())
    assert other.runs.get(started.id) == started
    other.close()


def test_a_state_of_a_newer_format_is_refused(state: State, folder: StateFolder) -> None:
    state.close()
    with sqlite3.connect(folder.database) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(StateError, match="the state has format 99, newer than this program knows") as refused:
        State(folder)
    assert refused.value.place == str(folder.database)


def test_the_cache_may_be_deleted_at_any_time(state: State, folder: StateFolder) -> None:
    started = state.runs.start(run())
    state.documents.keep_documents({"b1": ("component", "{}")})
    state.close()
    for file in folder.root.glob("cache.db*"):
        file.unlink()
    again = State(folder)
    assert again.documents.documents(["b1"]) == {}
    assert again.runs.get(started.id) == started
    again.close()


def test_a_cache_that_is_damaged_is_begun_anew(state: State, folder: StateFolder) -> None:
    state.close()
    folder.cache.write_bytes(b"no database at all" * 100)
    again = State(folder)
    again.documents.keep_documents({"b1": ("component", "{}")})
    assert again.documents.documents(["b1"]) == {"b1": ("component", "{}")}
    again.close()


def test_a_cache_of_a_newer_format_is_begun_anew(state: State, folder: StateFolder) -> None:
    state.close()
    with sqlite3.connect(folder.cache) as database:
        database.execute("PRAGMA user_version=99")
    State(folder).close()


def test_names_of_files_that_are_no_text_are_kept(state: State) -> None:
    name = b"caf\xe9".decode(errors="surrogateescape")
    made = definition("d1", "t1", **{name: "b1"})
    started = state.runs.start(run())
    state.runs.save_steps([(StepRun(started.id, "split", definition="d1"), 0)])
    state.runs.save_definitions([made])
    assert state.runs.definitions(step.definition for step in state.runs.steps(started.id)) == {"d1": made}


def test_a_state_that_was_moved_is_still_good(state: State, folder: StateFolder, tmp_path: Path) -> None:
    started = state.runs.start(run())
    (tmp_path / "out").write_text("1")
    digest = state.outputs.store(tmp_path / "out")
    state.close()
    shutil.move(folder.root, tmp_path / "moved")
    moved = State(StateFolder(tmp_path / "moved"))
    assert moved.runs.get(started.id) == started
    assert moved.outputs.path(digest).read_text() == "1"
    moved.close()


def test_the_folder_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "state")
    assert default_state_folder().root == tmp_path / "state"


@pytest.mark.parametrize("value", [None, ""])
def test_else_it_is_the_platforms_folder_for_user_data(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(ENVIRONMENT_VARIABLE, value)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("HOME", "/data/home")
    root = default_state_folder().root
    assert root.name == "reconciler"
    assert root.is_relative_to("/data")


def test_an_environment_is_told_as_it_was_last_built(state: State) -> None:
    state.environments.save(BASE)
    failed = replace(BASE, status=FAILED, error="no such package", ended=2.0)
    state.environments.save(failed)
    assert state.environments.all() == [failed]


def test_environments_are_told_in_the_order_of_their_last_build(state: State) -> None:
    for digest, started in (("e1", 3.0), ("e2", 1.0), ("e3", 2.0)):
        state.environments.save(replace(BASE, digest=digest, started=started))
    assert [each.digest for each in state.environments.all()] == ["e2", "e3", "e1"]


def test_only_environments_that_were_built_to_the_end_are_ready(state: State) -> None:
    for digest, status in (("e1", BUILDING), ("e2", READY), ("e3", FAILED)):
        state.environments.save(replace(BASE, digest=digest, status=status))
    assert state.environments.ready("process") == {"e2"}


@pytest.mark.parametrize("count", [0, 1, 500, 501, 1200])
def test_any_number_of_documents_is_looked_up_at_once(state: State, count: int) -> None:
    documents = {f"{number:040}": ("pipeline" if number % 2 else "", f'{{"ü": {number}}}') for number in range(count)}
    state.documents.keep_documents(documents)
    assert state.documents.documents([*documents, "none"]) == documents


def test_a_document_is_kept_as_it_was_told_last(state: State) -> None:
    state.documents.keep_documents({"b1": ("", "")})
    state.documents.keep_documents({"b1": ("component", "{}")})
    assert state.documents.documents(["b1"]) == {"b1": ("component", "{}")}


def test_the_digest_of_a_file_counts_while_its_stamp_stays(state: State) -> None:
    assert state.documents.local_digest("/data/a", "s1") is None
    state.documents.keep_local_digest("/data/a", "s1", "d1")
    assert state.documents.local_digest("/data/a", "s1") == "d1"
    assert state.documents.local_digest("/data/a", "s2") is None
    assert state.documents.local_digest("/data/b", "s1") is None
    state.documents.keep_local_digest("/data/a", "s2", "d2")
    assert state.documents.local_digest("/data/a", "s2") == "d2"


def test_a_file_whose_name_is_no_text_has_a_digest_too(state: State) -> None:
    names = ["/data/donn\udce9es", "/data/donn\udce8es"]
    for name in names:
        state.documents.keep_local_digest(name, "s1", f"of {name!r}")
    assert [state.documents.local_digest(name, "s1") for name in names] == [f"of {name!r}" for name in names]
