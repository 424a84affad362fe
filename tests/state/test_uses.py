"""Who uses what: the versions that the current runs of pipelines were made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.state.environments import READY, EnvironmentState
from reconciler.state.store import State
from reconciler.state.uses import Use

from .records import definition, run


def resolution(reference: str, version: str | None, kind: Kind = Kind.COMPONENT, tag: str = "") -> Resolution:
    name = reference.partition("@")[0].partition(":")[0]
    return Resolution(kind, reference, name, version, f"{name}.yaml", tag, "c0ffee" if tag else "")


def ran(
    state: State,
    pipeline: str = "train",
    lock: Sequence[Resolution] = (),
    steps: Sequence[tuple[str, str]] = (),
    status: RunStatus = RunStatus.SUCCEEDED,
) -> Run:
    """A run with a lock, and steps with the digests of their definitions."""
    started = state.runs.start(replace(run(pipeline, status=status), lock=tuple(lock)))
    state.runs.save_steps(
        (StepRun(started.id, name, definition=digest), position) for position, (name, digest) in enumerate(steps)
    )
    return started


def keep(state: State, **versions: str | None) -> None:
    """Definitions of the component `split`, by digest."""
    state.runs.save_definitions(replace(definition(digest), version=version) for digest, version in versions.items())


def test_a_lock_says_the_version_its_references_and_where_it_lies(state: State) -> None:
    keep(state, d1="1.4.0")
    tag = "component/split/v1.4.1"
    lock = (resolution("split@^1.2", "1.4.1", tag=tag), resolution("split@latest", "1.4.1", tag=tag))
    ran(state, lock=lock, steps=[("cut", "d1"), ("fit", "d9")])
    assert state.uses.of(Kind.COMPONENT, "split") == [
        Use("train", "train-1", "origin", "1.4.1", ("split@^1.2", "split@latest"), ("cut",), tag, "c0ffee")
    ]


def test_two_versions_in_one_pipeline_are_told_apart(state: State) -> None:
    keep(state, d1="1.0.0", d2="2.0.0")
    lock = (resolution("split:1.0.0", "1.0.0"), resolution("split@^2", "2.0.0"))
    ran(state, lock=lock, steps=[("old", "d1"), ("new", "d2")])
    found = state.uses.of(Kind.COMPONENT, "split")
    assert [(use.version, use.steps) for use in found] == [("1.0.0", ("old",)), ("2.0.0", ("new",))]


def test_of_a_run_without_a_lock_the_steps_say_it(state: State) -> None:
    keep(state, d1="1.0.0", d2=None)
    ran(state, steps=[("cut", "d1"), ("again", "d1"), ("split", "d2")])
    assert state.uses.of(Kind.COMPONENT, "split") == [Use("train", "train-1", "origin", "1.0.0", (), ("cut", "again"))]


def test_an_environment_goes_by_what_was_built(state: State) -> None:
    state.environments.save(EnvironmentState("process", "e1", "base", "1.1.0", READY))
    keep(state, d1="1.0.0")
    ran(state, steps=[("cut", "d1")])
    assert [(use.version, use.steps) for use in state.uses.of(Kind.ENVIRONMENT, "base")] == [("1.1.0", ("cut",))]


def test_data_are_known_by_locks_alone(state: State) -> None:
    ran(state, lock=(resolution("loans@latest", "3.0.0", Kind.DATA),))
    assert [(use.version, use.references) for use in state.uses.of(Kind.DATA, "loans")] == [
        ("3.0.0", ("loans@latest",))
    ]


def test_only_the_current_run_of_each_pipeline_counts(state: State) -> None:
    ran(state, "train", [resolution("split:1.0.0", "1.0.0")])
    ran(state, "train", [resolution("split:1.1.0", "1.1.0")])
    ran(state, "train", [resolution("split:1.2.0", "1.2.0")], status=RunStatus.FAILED)
    ran(state, "score", [resolution("split:1.0.0", "1.0.0")], status=RunStatus.RESTORED)
    ran(state, "never", [resolution("split:1.0.0", "1.0.0")], status=RunStatus.RUNNING)
    found = state.uses.of(Kind.COMPONENT, "split")
    assert [(use.run_id, use.version) for use in found] == [("score-1", "1.0.0"), ("train-2", "1.1.0")]


@pytest.mark.parametrize("name", ["spl", "split-more", "%", "größe", 'a"b'])
def test_a_name_is_that_name_and_no_other(state: State, name: str) -> None:
    ran(state, "train", [resolution("split:1.0.0", "1.0.0"), resolution("split:1.0.0", "1.0.0", Kind.DATA)])
    assert state.uses.of(Kind.COMPONENT, name) == []
    ran(state, "other", [replace(resolution("x", "1.0.0"), name=name)])
    assert [use.pipeline for use in state.uses.of(Kind.COMPONENT, name)] == ["other"]
