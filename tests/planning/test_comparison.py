"""Two runs side by side."""

from __future__ import annotations

import math
from dataclasses import replace

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.runs import Result, Run, RunStatus, StepRun
from reconciler.model.steps import Definition
from reconciler.planning.comparison import Aspect, Compared, RanSteps, compared

_RUN = Run("train-1", "train", "loans", "main@sha1:a", "c", RunStatus.SUCCEEDED, "poll", 0.0)
_DEFINITION = Definition("fit", "1.0.0", "true", None, "tools", "e", (), (("rate", 0.1),), (), digest="d1")
_STEP = StepRun("train-1", "fit", fingerprint="f1", definition="d1", started=1.0, ended=3.5, metrics={"accuracy": 0.8})
_LOCK = (Resolution(Kind.COMPONENT, "fit@^1", "fit", "1.0.0", "fit.yaml"),)


def _figures(first: RanSteps | None, second: RanSteps | None) -> dict[tuple[Aspect, str], Compared]:
    return {(each.aspect, each.name): each for each in compared(first, second)}


def _ran(step: StepRun = _STEP, run: Run = _RUN, definition: Definition = _DEFINITION, **results: Result) -> RanSteps:
    return RanSteps(replace(run, lock=_LOCK), [step], {definition.digest: definition}, results)


def test_metrics_params_durations_and_versions_are_told_with_their_differences() -> None:
    better = replace(_STEP, metrics={"accuracy": 0.9}, ended=2.0, definition="d2")
    definition = replace(_DEFINITION, literals=(("rate", 0.2),), digest="d2")
    figures = _figures(_ran(), _ran(better, definition=definition))
    told = {key: (each.first, each.second) for key, each in figures.items()}
    assert told == {
        (Aspect.METRIC, "accuracy"): (0.8, 0.9),
        (Aspect.PARAM, "rate"): (0.1, 0.2),
        (Aspect.DURATION, "seconds"): (2.5, 1.0),
        (Aspect.VERSION, "component fit"): ("1.0.0", "1.0.0"),
    }
    assert figures[Aspect.DURATION, "seconds"].difference == -1.5
    assert figures[Aspect.VERSION, "component fit"].is_same
    assert figures[Aspect.VERSION, "component fit"].difference is None


def test_a_reused_step_took_what_it_took_when_it_ran() -> None:
    reused = replace(_STEP, reused_from="train-0", ended=1.001)
    result = Result("f1", "d1", {}, "train-0", "fit", seconds=42.0)
    assert _figures(_ran(reused, f1=result), None)[Aspect.DURATION, "seconds"].first == 42.0
    assert (Aspect.DURATION, "seconds") not in _figures(_ran(reused), None)


def test_a_sweep_is_told_by_its_best_trial() -> None:
    result = Result("f1", "d1", {}, "train-1", "fit", hyperparameters={"depth": 3})
    assert _figures(_ran(f1=result), _ran())[Aspect.PARAM, "depth"].first == 3


def test_a_run_that_is_missing_has_nothing() -> None:
    assert compared(None, None) == ()
    assert all(each.first is None and not each.is_same for each in compared(None, _ran()))


def test_what_is_no_number_has_no_difference() -> None:
    for value in ("high", True, math.inf, math.nan):
        assert Compared(Aspect.METRIC, "fit", "x", 1.0, value).difference is None
    assert not Compared(Aspect.PARAM, "fit", "x", 1, 1.0).is_same
