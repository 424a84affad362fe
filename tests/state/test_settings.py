"""What a state knows of itself, and what a state of the first format knows after it was brought up to date."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.state.database import Database
from reconciler.state.environments import FAILED, READY, EnvironmentState
from reconciler.state.folder import StateFolder
from reconciler.state.schema import STATE_MIGRATIONS
from reconciler.state.store import State


def test_a_state_has_one_id_for_all_its_life(state: State, folder: StateFolder) -> None:
    first = state.settings.state_id
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert state.settings.state_id == first
    again = State(folder)
    assert again.settings.state_id == first
    again.close()


def test_two_processes_that_open_a_new_state_agree_on_its_id(state: State, folder: StateFolder) -> None:
    other = State(folder)
    assert other.settings.state_id == state.settings.state_id
    other.close()


def test_two_states_are_told_apart_by_their_ids(state: State, shared: State) -> None:
    assert state.settings.state_id != shared.settings.state_id


def test_before_the_first_step_the_engine_is_that_of_processes(state: State) -> None:
    assert state.settings.engine == "process"


def test_the_engine_that_ran_steps_last_is_known_after_a_restart(state: State, folder: StateFolder) -> None:
    for name in ("docker", "process", "docker", "docker"):
        state.settings.engine = name
        assert state.settings.engine == name
    again = State(folder)
    assert again.settings.engine == "docker"
    again.close()


@settings(deadline=None)
@given(st.lists(st.sampled_from(["process", "docker", "other"]), min_size=1, max_size=5))
def test_the_engine_and_the_id_are_kept_apart(shared: State, engines: list[str]) -> None:
    before = shared.settings.state_id
    for name in engines:
        shared.settings.engine = name
    assert (shared.settings.engine, shared.settings.state_id) == (engines[-1], before)


def test_environments_of_the_first_format_are_those_of_the_process_engine(folder: StateFolder) -> None:
    folder.prepare()
    old = Database(folder.database, STATE_MIGRATIONS[:1])
    for row in (
        ("d1", "sklearn", "1.0.0", "ready", "/logs/1", "", 1.0, 2.0),
        ("d2", "torch", "", "failed", "/logs/2", "no such package", 3.0, None),
    ):
        old.execute(
            "INSERT INTO environments (digest, name, version, status, log, error, started, ended)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    old.close()

    state = State(folder)
    assert state.environments.all() == [
        EnvironmentState("process", "d1", "sklearn", "1.0.0", READY, "", "/logs/1", "", 1.0, 2.0),
        EnvironmentState("process", "d2", "torch", "", FAILED, "", "/logs/2", "no such package", 3.0, None),
    ]
    assert state.settings.engine == "process"
    assert state.environments.ready("process") == {"d1"}
    assert state.environments.ready("docker") == frozenset()
    assert state.environments.all("docker") == []
    state.close()
    again = State(folder)
    assert [environment.digest for environment in again.environments.all("process")] == ["d1", "d2"]
    again.close()


def test_each_engine_has_its_own_build_of_an_environment(state: State) -> None:
    for engine, status, location in (("process", READY, "/venv"), ("docker", FAILED, "")):
        state.environments.save(EnvironmentState(engine, "d1", "sklearn", "1.0.0", status, location))
    assert state.environments.ready("process") == {"d1"}
    assert state.environments.ready("docker") == frozenset()
    assert [(each.engine, each.location) for each in state.environments.all("docker")] == [("docker", "")]
    state.environments.forget("docker", "d1")
    assert [each.engine for each in state.environments.all()] == ["process"]
