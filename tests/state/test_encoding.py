"""What is kept is what is read again: every value of the model, field by field."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given, settings

from reconciler.model.manifests import Scalar
from reconciler.model.runs import Result, Run, StepRun
from reconciler.model.status import Condition
from reconciler.model.steps import Definition, define
from reconciler.state.encoding import conditions_of, conditions_text, definition_of, definition_text
from reconciler.state.store import State

from . import records


@given(definition=records.definitions)
def test_definitions(definition: Definition) -> None:
    files = {definition.code.tree: definition.code.files} if definition.code else {}
    read = definition_of(definition_text(definition), files)
    assert read == definition
    assert (read.code and read.code.files) == (definition.code and definition.code.files)
    assert _types(read) == _types(definition)


@given(definition=records.definitions)
def test_a_definition_that_was_read_again_has_the_same_digest(definition: Definition) -> None:
    assert define(definition_of(definition_text(definition), {})) == define(definition)


@given(conditions=records.conditions)
def test_conditions(conditions: tuple[Condition, ...]) -> None:
    assert conditions_of(conditions_text(conditions)) == conditions


@settings(deadline=None)
@given(run=records.runs)
def test_runs(shared: State, run: Run) -> None:
    kept = shared.runs.start(run)
    assert replace(kept, id="") == run
    read = shared.runs.get(kept.id)
    assert read == kept
    assert read.lock == run.lock


@settings(deadline=None)
@given(step=records.steps)
def test_steps(shared: State, step: StepRun) -> None:
    run = shared.runs.start(records.run())
    kept = replace(step, run_id=run.id)
    shared.runs.save_steps([(kept, 0)])
    assert shared.runs.steps(run.id) == [kept]


@settings(deadline=None)
@given(result=records.results)
def test_results(shared: State, result: Result) -> None:
    shared.results.save(result, now=1.0)
    assert shared.results.get(result.fingerprint) == result


def test_hyperparameters_keep_their_types_and_their_order(state: State) -> None:
    given: dict[str, Scalar] = {"z": 1, "a": 1.0, "m": True, "b": "1", "large": 2**70}
    state.results.save(replace(records.result(), hyperparameters=given), now=1.0)
    kept = state.results.get("f1")
    assert kept is not None
    assert [(name, type(value), value) for name, value in kept.hyperparameters.items()] == [
        (name, type(value), value) for name, value in given.items()
    ]


def test_metrics_that_are_no_finite_numbers_are_kept(state: State) -> None:
    metrics = {"nan": math.nan, "up": math.inf, "down": -math.inf}
    state.results.save(replace(records.result(), metrics=metrics), now=1.0)
    kept = state.results.get("f1")
    assert kept is not None
    assert math.isnan(kept.metrics["nan"])
    assert (kept.metrics["up"], kept.metrics["down"]) == (math.inf, -math.inf)


def _types(definition: Definition) -> list[type]:
    """`1`, `1.0` and `True` are equal, but not the same literal."""
    swept = (
        [value for _, dimension in definition.sweep.search_space for value in dimension.values]
        if definition.sweep
        else []
    )
    return [type(value) for value in (*(value for _, value in definition.literals), *swept)]
