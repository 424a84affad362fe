"""Names of pipelines: one source has each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, RunStatus
from reconciler.model.status import Condition, Resource, ready, stalled
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(StateFolder(tmp_path / "state"))
    yield state
    state.close()


def _run(state: State, source: str, pipeline: str) -> Run:
    return state.runs.start(Run("", pipeline, source, "main@sha1:1", "c1", RunStatus.RUNNING, "push", 1.0))


def _resource(source: str, name: str, conditions: tuple[Condition, ...]) -> Resource:
    return Resource(Kind.PIPELINE, name, None, source, "", conditions)


class Told:
    """Counts how often a source is told that a name may be free."""

    def __init__(self, names: PipelineNames, source: str) -> None:
        self.count = 0
        names.listen(source, self.tell)

    def tell(self) -> None:
        self.count += 1


def test_who_asks_first_has_a_name_until_it_asks_for_others(state: State) -> None:
    names = PipelineNames(state)
    first, second = Told(names, "a"), Told(names, "b")
    assert names.claim("a", ["x", "y"]) == {}
    assert names.claim("b", ["x", "z"]) == {"x": "a"}
    assert names.claim("a", ["y"]) == {}
    assert (first.count, second.count) == (0, 1)
    assert names.claim("b", ["x", "z"]) == {}
    assert names.claim("a", ["x", "y"]) == {"x": "b"}
    assert names.holder("x") == "b"


def test_a_name_is_not_free_while_its_last_run_goes_on(state: State) -> None:
    names = PipelineNames(state)
    listener = Told(names, "a")
    Told(names, "b")
    names.claim("a", ["x"])
    run = _run(state, "a", "x")
    assert names.claim("a", []) == {}
    assert names.claim("b", ["x"]) == {"x": "a"}
    names.release("a", listener.tell)
    assert names.claim("b", ["x"]) == {"x": "a"}
    state.runs.update(replace(run, status=RunStatus.SUCCEEDED, ended=2.0))
    assert names.claim("b", ["x"]) == {}


def test_who_takes_the_place_of_another_keeps_its_names(state: State) -> None:
    names = PipelineNames(state)
    before = Told(names, "a")
    names.claim("a", ["x"])
    Told(names, "a")
    names.release("a", before.tell)
    assert names.holder("x") == "a"


def test_the_next_process_leaves_them_where_they_were(state: State) -> None:
    state.sources.save_resources("a", [_resource("a", "x", stalled("NameTaken", "b has it"))], 1.0)
    state.sources.save_resources("b", [_resource("b", "x", ready("RunSucceeded", "x-1"))], 1.0)
    state.sources.save_resources("gone", [_resource("gone", "y", ready("RunSucceeded", "y-1"))], 1.0)
    _run(state, "b", "z")  # which was started, and nothing said of it yet
    names = PipelineNames(state)
    names.recall(["a", "b"])
    Told(names, "a")
    Told(names, "b")
    assert names.claim("a", ["x", "y", "z"]) == {"x": "b", "z": "b"}


CLAIMS = st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("xyz"))), max_size=20)


@given(CLAIMS)
def test_no_name_is_ever_given_twice(
    tmp_path_factory: pytest.TempPathFactory, claims: list[tuple[str, set[str]]]
) -> None:
    state = State(StateFolder(tmp_path_factory.mktemp("state")))
    names = PipelineNames(state)
    for source in "abc":
        Told(names, source)
    had: dict[str, set[str]] = {}
    for source, wanted in claims:
        taken = names.claim(source, wanted)
        had[source] = wanted - taken.keys()
        assert all(name in had[holder] for name, holder in taken.items())
        assert sum(map(len, had.values())) == len(set().union(*had.values()))
    state.close()
