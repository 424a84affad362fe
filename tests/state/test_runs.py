"""The record of runs and their steps: which one counts, in which order they are told, what may change."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.runs import RegisteredModel, RunStatus, StepRun, StepStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from . import records
from .records import definition, run


def test_runs_are_numbered_by_pipeline_from_one(state: State) -> None:
    started = [state.runs.start(run(pipeline)).id for pipeline in ("train", "train", "score", "train")]
    assert started == ["train-1", "train-2", "score-1", "train-3"]


def test_pipelines_whose_names_end_in_numbers_do_not_get_each_others_runs(state: State) -> None:
    started = [state.runs.start(run(pipeline)).id for pipeline in ("a", "a-1", "a", "a-1", "a-1-1")]
    assert len(set(started)) == 5


def test_threads_that_start_runs_at_once_get_numbers_of_their_own(state: State) -> None:
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: state.runs.start(run()).id, range(40)))
    assert sorted(started) == sorted(f"train-{number}" for number in range(1, 41))


def test_a_run_that_is_updated_keeps_what_it_was_started_with(state: State) -> None:
    started = state.runs.start(run(status=RunStatus.RUNNING))
    changed = replace(started, status=RunStatus.FAILED, ended=2.0, error="step split failed", mlflow_run_id="m1")
    state.runs.update(replace(changed, pipeline="other", closure="other", revision="other", started=9.0))
    assert state.runs.get(started.id) == changed


def test_a_run_that_never_was_is_none(state: State) -> None:
    assert state.runs.get("train-1") is None
    assert state.runs.current("train") is None


@settings(deadline=None)
@given(statuses=st.lists(st.sampled_from(RunStatus), max_size=6))
def test_the_current_run_is_the_newest_that_succeeded_or_was_restored(shared: State, statuses: list[RunStatus]) -> None:
    pipeline = f"pipeline {len(shared.runs.recent(limit=10_000))} {len(statuses)}"
    started = [shared.runs.start(run(pipeline, status=status)) for status in statuses]
    good = [each for each in started if each.status in (RunStatus.SUCCEEDED, RunStatus.RESTORED)]
    assert shared.runs.current(pipeline) == (good[-1] if good else None)


def test_runs_of_a_closure_are_told_newest_first_and_of_its_pipeline_alone(state: State) -> None:
    for pipeline, closure in (("train", "c1"), ("train", "c2"), ("score", "c1"), ("train", "c1")):
        state.runs.start(run(pipeline, closure))
    assert [each.id for each in state.runs.with_closure("train", "c1")] == ["train-3", "train-1"]


def test_recent_runs_are_told_newest_first_as_many_as_asked_for(state: State) -> None:
    for number, pipeline in enumerate(("train", "score", "train", "train")):
        state.runs.start(run(pipeline, started=float(number)))
    assert [each.id for each in state.runs.recent(limit=3)] == ["train-3", "train-2", "score-1"]
    assert [each.id for each in state.runs.recent("train")] == ["train-3", "train-2", "train-1"]
    assert state.runs.recent("none") == []


def test_running_runs_are_told_oldest_first(state: State) -> None:
    for started, status in ((3.0, RunStatus.RUNNING), (1.0, RunStatus.SUCCEEDED), (2.0, RunStatus.RUNNING)):
        state.runs.start(run(status=status, started=started))
    assert [each.id for each in state.runs.running()] == ["train-3", "train-1"]


def test_steps_come_in_the_order_of_the_graph_each_followed_by_its_trials(state: State) -> None:
    started = state.runs.start(run())
    rows = [
        ("train", "10", 1),
        ("split", "", 0),
        ("train", "", 1),
        ("train", "2", 1),
        ("score", "", 2),
        ("train", "0", 1),
    ]
    state.runs.save_steps((StepRun(started.id, name, trial), place) for name, trial, place in rows)
    assert [(step.name, step.trial) for step in state.runs.steps(started.id)] == [
        ("split", ""),
        ("train", ""),
        ("train", "0"),
        ("train", "2"),
        ("train", "10"),
        ("score", ""),
    ]
    assert sorted(state.runs.step_summaries(started.id)) == ["score", "split", "train"]


def test_a_step_is_kept_as_it_was_told_last(state: State) -> None:
    started = state.runs.start(run())
    step = StepRun(started.id, "split", status=StepStatus.RUNNING, handle="123")
    state.runs.save_steps([(step, 0)])
    ended = replace(step, status=StepStatus.SUCCEEDED, ended=2.0)
    state.runs.save_steps([(ended, 0)])
    assert state.runs.steps(started.id) == [ended]


def test_of_many_steps_all_are_kept_or_none(state: State) -> None:
    started = state.runs.start(run())
    with pytest.raises(sqlite3.IntegrityError):
        state.runs.save_steps([(StepRun(started.id, "split"), 0), (StepRun("no-such-run", "train"), 1)])
    assert state.runs.steps(started.id) == []


def test_metrics_that_come_late_are_added_to_the_step_and_its_result(state: State) -> None:
    started = state.runs.start(run())
    step = StepRun(started.id, "split", fingerprint="f1")
    trial = replace(step, trial="0", fingerprint="f2")
    state.runs.save_steps([(step, 0), (trial, 0)])
    state.results.save(records.result("f1"), now=1.0)
    state.results.save(replace(records.result("f2"), run_id="train-0"), now=1.0)
    for each in (step, trial):
        state.runs.note_metrics(each, {"auc": 0.9})
    assert [kept.metrics for kept in state.runs.steps(started.id)] == [{"auc": 0.9}] * 2
    kept, of_another_run = state.results.get("f1"), state.results.get("f2")
    assert (kept and kept.metrics, of_another_run and of_another_run.metrics) == ({"auc": 0.9}, {})


def test_definitions_are_those_of_the_steps_of_a_run_with_the_files_of_their_code(state: State) -> None:
    first, second = state.runs.start(run()), state.runs.start(run())
    state.runs.save_definitions([definition("d1", "t1", a="1"), definition("d2", "t1", a="1"), definition("d3")])
    for started, digests in ((first, ("d1", "d2")), (second, ("d3",))):
        state.runs.save_steps((StepRun(started.id, digest, definition=digest), 0) for digest in digests)
    kept = state.runs.definitions(step.definition for step in state.runs.steps(first.id))
    assert sorted(kept) == ["d1", "d2"]
    assert [each.code and each.code.files for each in kept.values()] == [{"a": "1"}] * 2
    assert state.runs.definitions(step.definition for step in state.runs.steps(second.id)) == {"d3": definition("d3")}


def test_a_definition_is_kept_as_it_was_told_first(state: State) -> None:
    started = state.runs.start(run())
    state.runs.save_definitions([definition("d1")])
    state.runs.save_definitions([replace(definition("d1"), version="2.0.0")])
    state.runs.save_steps([(StepRun(started.id, "split", definition="d1"), 0)])
    assert state.runs.definitions(step.definition for step in state.runs.steps(started.id))["d1"].version == "1.0.0"


def test_models_are_told_by_run_and_by_name_newest_first(state: State) -> None:
    runs = [state.runs.start(run(started=float(number))) for number in (1, 2)]
    models = [RegisteredModel(each.id, "loans", f"{place}.0.0", ("champion",), "m1") for place, each in enumerate(runs)]
    state.runs.save_models(models)
    assert state.runs.models(runs[0].id) == models[:1]
    assert state.runs.models_named("loans") == models[::-1]
    assert state.runs.models_named("none") == []


def test_models_are_told_by_the_pipeline_that_registered_them(state: State) -> None:
    runs = [state.runs.start(run(pipeline)) for pipeline in ("train", "score", "train")]
    models = [RegisteredModel(each.id, "loans", f"{place}", (), "m1") for place, each in enumerate(runs)]
    state.runs.save_models([*models, RegisteredModel(runs[1].id, "churn", "1", (), "m1")])
    assert state.runs.models_of("train") == [models[2], models[0]]
    assert state.runs.model_names() == ["churn", "loans"]


def test_the_record_is_there_after_the_program_ended(state: State, folder: StateFolder) -> None:
    started = state.runs.start(run())
    state.close()
    again = State(folder)
    assert again.runs.get(started.id) == started
    assert again.runs.start(run()).id == "train-2"
    again.close()


def test_what_executes_is_known_by_its_handles_in_runs_that_are_under_way(state: State) -> None:
    assert state.runs.handles() == frozenset()
    running, over = state.runs.start(run(status=RunStatus.RUNNING)), state.runs.start(run())
    steps = [
        StepRun(running.id, "split", status=StepStatus.RUNNING, handle="one"),
        StepRun(running.id, "train", "0", status=StepStatus.RUNNING, handle="two"),
        StepRun(running.id, "score"),
        StepRun(over.id, "split", handle="three"),
    ]
    state.runs.save_steps((step, 0) for step in steps)
    assert state.runs.handles() == {"one", "two"}
