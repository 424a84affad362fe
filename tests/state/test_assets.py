"""Data assets that steps registered."""

from __future__ import annotations

import pytest

from reconciler.model.runs import RegisteredData
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


def asset(digest: str, version: str = "", name: str = "rows", kind: str = "uri_file") -> RegisteredData:
    return RegisteredData(name, version, kind, digest, "lending-1", "prepare", "out")


def register(state: State, *wanted: RegisteredData) -> list[str]:
    return [state.assets.register(each, now).version for now, each in enumerate(wanted)]


def test_versions_count_up_as_integers_do(state: State) -> None:
    assert register(state, asset("a"), asset("b"), asset("c")) == ["1.0.0", "2.0.0", "3.0.0"]
    assert [known.version for known in state.assets.all()] == ["1.0.0", "2.0.0", "3.0.0"]


def test_the_same_content_again_is_the_same_version(state: State) -> None:
    assert register(state, asset("a"), asset("a")) == ["1.0.0", "1.0.0"]
    assert len(state.assets.all()) == 1


def test_content_of_before_is_a_version_anew(state: State) -> None:
    assert register(state, asset("a"), asset("b"), asset("a")) == ["1.0.0", "2.0.0", "3.0.0"]


def test_the_same_content_as_another_type_is_another_version(state: State) -> None:
    assert register(state, asset("a"), asset("a", kind="mltable")) == ["1.0.0", "2.0.0"]


def test_a_version_may_be_asked_for_and_the_next_one_follows_it(state: State) -> None:
    assert register(state, asset("a", "3.4.1"), asset("b"), asset("c", "7")) == ["3.4.1", "4.0.0", "7.0.0"]


def test_a_version_never_changes_its_meaning(state: State) -> None:
    register(state, asset("a", "1.0.0"))
    assert state.assets.register(asset("b", "1.0.0"), 1.0).digest == "a"


def test_what_is_no_version_is_refused(state: State) -> None:
    with pytest.raises(ValueError, match="newest"):
        register(state, asset("a", "newest"))


def test_names_do_not_mix(state: State) -> None:
    assert register(state, asset("a"), asset("a", name="loans")) == ["1.0.0", "1.0.0"]
    assert [known.name for known in state.assets.named("loans")] == ["loans"]


def test_they_are_known_after_a_restart(state: State, folder: StateFolder) -> None:
    register(state, asset("a"), asset("b"))
    again = State(folder)
    assert again.assets.all() == state.assets.all()
    again.close()
