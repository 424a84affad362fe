"""A run that somebody asks for with other inputs than Git gives: what it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.asked_runs import ONE_OFF
from reconciler.model.pipelines import FromData, Literal, Pipeline, Promotion
from reconciler.model.schedules import Overrides, Schedule
from reconciler.planning.firing import Firing, fire, is_single
from reconciler.planning.resolve import Registry

_BAR = "a one-off run with other inputs promotes nothing"


def one_off(pipeline: Pipeline, given: Iterable[tuple[str, Literal | FromData]], registry: Registry) -> Firing:
    """The graph that is to be run; it goes by another name, is what no push compares with, and promotes nothing."""
    asked = Schedule(
        pipeline.file,
        ONE_OFF,
        None,
        "",
        pipeline.identity,
        job=pipeline,
        overrides=Overrides(inputs=tuple(given)),
    )
    found = fire(asked, registry, "")
    if found.graph is None:
        return found
    gate = found.graph.promotion or Promotion("")
    return replace(found, graph=replace(found.graph, promotion=replace(gate, bar=_BAR), is_suspended=False))


def given_inputs(pipeline: Pipeline) -> dict[str, tuple[str, object]]:
    """The inputs that may be given otherwise, with the declared type, "" for none, and what they are bound to."""
    if is_single(pipeline):
        return {name: ("", bound) for name, bound in pipeline.jobs[0].inputs}
    return {each.name: (each.type or "", each.value) for each in pipeline.inputs}
