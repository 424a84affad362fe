"""The actual state, as far as planning asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.runs import Run, RunStatus, StepRun
from reconciler.model.status import Resource, ready
from reconciler.model.steps import Definition, EnvironmentSpec, Graph, Step
from reconciler.state.actual import ActualReader
from reconciler.state.environments import READY, EnvironmentState
from reconciler.state.folder import StateFolder
from reconciler.state.runs import Runs
from reconciler.state.sources import LOCAL_SOURCE, SourceState
from reconciler.state.store import State

from .records import definition, result, run, version


@pytest.fixture
def reader(state: State) -> ActualReader:
    return ActualReader(state)


def graph(closure: str = "c1", pipeline: str = "train", steps: tuple[Definition, ...] = ()) -> Graph:
    spec = EnvironmentSpec("base", "1.0.0", "e1", "base.yaml")
    nodes = tuple(Step(each.digest, each, spec, (), (), True, each.digest) for each in steps)
    return Graph(pipeline, "1.0.0", f"{pipeline}.yaml", pipeline, nodes, closure)


def test_of_an_empty_state_nothing_is_known(reader: ActualReader) -> None:
    actual = reader.read("origin", [graph(steps=(definition(),))])
    assert (actual.revision, actual.current, actual.results, actual.succeeded, actual.running) == ("", {}, {}, {}, {})
    assert (actual.versions, actual.applied, actual.ready_environments) == ({}, frozenset(), frozenset())


def test_a_closure_that_succeeded_is_told_with_the_run_to_restore(state: State, reader: ActualReader) -> None:
    state.runs.start(run(closure="c1"))
    state.runs.start(run(closure="c2"))
    actual = reader.read("origin", [graph("c1")])
    assert actual.current["train"].id == "train-2"
    assert actual.succeeded == {"train": {"c1": "train-1"}}


def test_a_run_that_was_restored_leads_to_the_one_that_made_the_results(state: State, reader: ActualReader) -> None:
    state.runs.start(run(closure="c1"))
    state.runs.start(run(closure="c2"))
    state.runs.start(run(closure="c1", status=RunStatus.RESTORED, restored_from="train-1"))
    state.runs.start(run(closure="c2"))
    assert reader.read("origin", [graph("c1")]).succeeded == {"train": {"c1": "train-1"}}


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.RUNNING])
def test_a_run_that_did_not_succeed_is_neither_current_nor_to_be_restored(
    state: State, reader: ActualReader, status: RunStatus
) -> None:
    state.runs.start(run(status=status))
    actual = reader.read("origin", [graph()])
    assert (actual.current, actual.succeeded) == ({}, {})
    assert actual.running == ({"train": {"c1"}} if status is RunStatus.RUNNING else {})


def test_results_are_looked_up_only_where_something_may_have_to_run(state: State, reader: ActualReader) -> None:
    state.results.save(result("f1", "d1"), now=1.0)
    wanted = graph("c1", steps=(definition("d1"),))
    assert reader.read("origin", [wanted]).results.keys() == {"f1"}
    state.runs.start(run(closure="c1"))
    assert reader.read("origin", [wanted]).results == {}
    assert reader.read("origin", [replace(wanted, closure="c2")]).results.keys() == {"f1"}


def test_the_steps_of_the_current_run_come_with_their_definitions(state: State, reader: ActualReader) -> None:
    for digest in ("d1", "d2"):
        started = state.runs.start(run(closure=digest))
        state.runs.save_definitions([definition(digest)])
        step = StepRun(started.id, "split", definition=digest)
        state.runs.save_steps([(step, 0), (replace(step, trial="0"), 0)])
        actual = reader.read("origin", [graph()])
        assert actual.current_steps == {"train": {"split": step}}
        assert actual.definitions == {digest: definition(digest)}


def test_versions_that_were_added_between_two_readings_are_known(state: State, reader: ActualReader) -> None:
    for number in ("1.0.0", "1.1.0"):
        state.sources.save_versions([version(number=number)])
        known = reader.read("origin", []).versions
        assert known[Kind.COMPONENT, "split", number] == version(number=number)
    assert len(known) == 2


def test_versions_of_another_source_are_not_known_but_in_a_work_tree_that_may_be_of_any(
    state: State, reader: ActualReader
) -> None:
    state.sources.save_versions([version()], "origin")
    state.sources.save_versions([version(digest="d2"), version(number="2.0.0")], "other")
    assert {key[2] for key in reader.read("origin", []).versions} == {"1.0.0"}
    assert {key[2] for key in reader.read("other", []).versions} == {"1.0.0", "2.0.0"}
    assert reader.read("other", []).versions[Kind.COMPONENT, "split", "1.0.0"].digest == "d2"
    assert {key[2] for key in reader.read(LOCAL_SOURCE, []).versions} == {"1.0.0", "2.0.0"}


def test_revision_environments_and_what_was_applied_are_those_of_now(state: State, reader: ActualReader) -> None:
    state.sources.save(SourceState("origin", "url", "main", applied_revision="main@sha1:1"))
    state.environments.save(EnvironmentState("process", "e1", "base", "1.0.0", READY))
    state.sources.save_resources("origin", [Resource(Kind.DATA, "loans", "1.0.0", "origin", "", ready("", ""))], 1.0)
    actual = reader.read("origin", [])
    assert actual.revision == "main@sha1:1"
    assert actual.ready_environments == {"e1"}
    assert actual.applied == {(Kind.DATA, "loans")}
    assert reader.read("other", []).revision == ""


class EndsMeanwhile(Runs):
    """Runs of which one ends, by another process, in the moment after somebody has asked for the current one."""

    def __init__(self, state: State, others: State) -> None:
        super().__init__(state.database, state.events)
        self._others = others

    def current(self, pipeline: str) -> Run | None:
        found = super().current(pipeline)
        for running in self._others.runs.running():
            self._others.runs.update(replace(running, status=RunStatus.SUCCEEDED, ended=2.0))
        return found


def test_a_run_that_ends_while_it_is_read_counts_as_running_or_as_ended_and_is_never_restored(
    state: State, folder: StateFolder
) -> None:
    others = State(folder)
    others.runs.start(run(status=RunStatus.RUNNING))
    state.runs = EndsMeanwhile(state, others)
    actual = ActualReader(state).read("origin", [graph()])
    assert (actual.current, actual.succeeded, actual.running) == ({}, {}, {"train": frozenset({"c1"})})
    assert ActualReader(state).read("origin", [graph()]).current["train"].status is RunStatus.SUCCEEDED
    others.close()
