"""Who needs what is kept: contents, results and runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.runs import RegisteredModel, RunStatus, StepRun
from reconciler.model.status import Resource
from reconciler.state.sources import SourceState
from reconciler.state.store import State
from reconciler.state.usage import Usage

from .records import result, run


@pytest.fixture
def usage(state: State) -> Usage:
    return Usage(state.database)


def _ran(
    state: State, pipeline: str, status: RunStatus = RunStatus.SUCCEEDED, started: float = 1.0, **outputs: str
) -> str:
    kept = state.runs.start(run(pipeline, status=status, started=started))
    step = StepRun(
        kept.id, "split", fingerprint=f"f-{kept.id}", definition="d1", inputs={"raw": "raw"}, outputs=outputs
    )
    state.runs.save_steps([(step, 0)])
    return kept.id


def test_contents_are_told_with_who_named_them_last(state: State, usage: Usage) -> None:
    _ran(state, "train", started=1.0, model="a")
    _ran(state, "score", started=5.0, scores="b")
    state.results.save(replace(result("f9", model="a"), run_id="train-1"), now=9.0)
    found = usage.contents()
    assert {digest: (uses.used, uses.pipelines) for digest, uses in found.items()} == {
        "raw": (5.0, {"train", "score"}),
        "a": (9.0, {"train"}),
        "b": (5.0, {"score"}),
    }


def test_trials_that_a_run_chose_from_are_named_by_it(state: State, usage: Usage) -> None:
    run_id = _ran(state, "train", model="best")
    state.results.save(replace(result(f"f-{run_id}", model="best"), trials=("t1", "t2")), now=1.0)
    state.results.save(result("t2", model="other"), now=1.0)
    assert usage.named_by([run_id]) == {"raw", "best", "other"}


def test_a_run_under_way_may_take_up_whatever_its_steps_gave_before(state: State, usage: Usage) -> None:
    run_id = _ran(state, "train", RunStatus.RUNNING)
    state.results.save(result("earlier", "d1", model="earlier"), now=1.0)
    assert usage.named_by([run_id]) == {"raw"}
    assert usage.named_by([run_id], are_under_way=True) == {"raw", "earlier"}


def test_the_current_and_the_newest_run_of_each_pipeline_count(state: State, usage: Usage) -> None:
    for status in (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.RUNNING):
        _ran(state, "train", status)
    _ran(state, "score")
    of_pipelines, under_way = usage.important_runs()
    assert {name: set(runs) for name, runs in of_pipelines.items()} == {
        "train": {"train-2", "train-4"},
        "score": {"score-1"},
    }
    assert under_way == ["train-4"]


def test_a_pipeline_is_pruned_once_its_source_holds_it_no_more(state: State, usage: Usage) -> None:
    for name in ("train", "score"):
        _ran(state, name)
    assert usage.pruned_pipelines() == set()  # of a work tree
    state.sources.save(SourceState("origin", "url", "main"))
    state.sources.save_resources("origin", [Resource(Kind.PIPELINE, "train", None, "origin", "r", ())], 1.0)
    assert usage.pruned_pipelines() == {"score"}


def test_runs_with_other_inputs_are_pruned_with_their_pipeline(state: State, usage: Usage) -> None:
    for name in ("train@run", "score@run"):
        _ran(state, name)
    state.sources.save(SourceState("origin", "url", "main"))
    state.sources.save_resources("origin", [Resource(Kind.PIPELINE, "train", None, "origin", "r", ())], 1.0)
    assert usage.pruned_pipelines() == {"score@run"}


def test_runs_are_removed_with_all_that_belongs_to_them(state: State, usage: Usage) -> None:
    for _ in range(2):
        _ran(state, "train", model="a")
    state.runs.save_models([RegisteredModel("train-1", "lending", "1", (), "m")])
    state.model_registry.note_champions("train-1", "champion", {})
    usage.remove_runs(["train-1"])
    assert state.runs.get("train-1") is None
    assert state.runs.steps("train-1") == []
    assert state.runs.models("train-1") == []
    assert len(state.runs.steps("train-2")) == 1


def test_runs_that_made_what_is_still_known_are_referred_to(state: State, usage: Usage) -> None:
    for _ in range(3):
        _ran(state, "train")
    state.runs.save_models([RegisteredModel("train-2", "lending", "1", (), "m")])
    state.results.save(result(), now=1.0)
    assert usage.referred_runs() == {"train-1", "train-2"}
