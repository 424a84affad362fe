"""Runs of a pipeline beside what counts so far: metrics, and what its gate would say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.pipelines import Promotion
from reconciler.model.runs import Judgement, Run, StepRun, StepStatus
from reconciler.planning.comparison import Aspect, Compared, RanSteps, compared
from reconciler.planning.promotion import Contender, judge
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate of a pipeline says of a run that registers nothing."""

    is_passed: bool
    why: str


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run beside the one that it is compared with.

    Attributes:
        pipeline: its name, for a preview that of the pipeline itself.
        base: None where none succeeded before.
        metrics: from the base to the run.
        executed: how many steps of the run were executed.
        reused: how many were reused.
        verdict: None where the pipeline has no gate, or the run is not over.
        judgements: what became of the versions that the run registered.
    """

    pipeline: str
    run: Run
    base: Run | None
    metrics: tuple[Compared, ...]
    executed: int
    reused: int
    verdict: Verdict | None = None
    judgements: tuple[Judgement, ...] = ()


def figures_of(state: State, pipeline: str, run: Run, base: Run | None, gate: Promotion | None = None) -> RunFigures:
    """A run beside another one.

    Args:
        gate: what is to be said of its metrics; None for nothing.
    """
    steps, before = _steps(state, run), _steps(state, base) if base is not None else []
    both = compared(RanSteps(base, before) if base is not None else None, RanSteps(run, steps))
    return RunFigures(
        pipeline,
        run,
        base,
        tuple(each for each in both if each.aspect is Aspect.METRIC),
        sum(step.status is StepStatus.SUCCEEDED for step in steps),
        sum(step.status is StepStatus.REUSED for step in steps),
        _verdict(state, gate, steps, base, before) if gate is not None and run.status.is_good else None,
        tuple(state.model_registry.judgements(run.id)),
    )


def run_before(state: State, run: Run, among: int = 50) -> Run | None:
    """The run of the same pipeline that counted before another one; None where none of so many earlier ones did."""
    earlier = [each for each in state.runs.recent(run.pipeline, among) if each.started < run.started]
    return next((each for each in earlier if each.status.is_good), None)


def _steps(state: State, run: Run) -> list[StepRun]:
    return [step for step in state.runs.steps(run.restored_from or run.id) if not step.trial]


def _verdict(
    state: State, gate: Promotion, steps: Sequence[StepRun], base: Run | None, before: Sequence[StepRun]
) -> Verdict:
    metrics = _last_metrics(steps)
    new = Contender("this change", metrics.get(gate.metric), tuple(metrics))
    return Verdict(*judge(gate, new, _champion(state, gate, base, before)))


def _champion(state: State, gate: Promotion, base: Run | None, before: Sequence[StepRun]) -> Contender | None:
    """The champion that the base left, else the base itself: what it logged is what it would be judged by."""
    if base is None:
        return None
    judged = [each for each in state.model_registry.judgements(base.restored_from or base.id) if each.holder]
    last = next((each for each in reversed(judged) if each.metric_name == gate.metric), None)
    if last is not None and last.is_promoted:
        return Contender(last.semver or last.version, last.metric)
    if last is not None:
        return Contender(last.champion_semver or last.champion, last.champion_metric)
    return Contender(base.id, _last_metrics(before).get(gate.metric))


def _last_metrics(steps: Sequence[StepRun]) -> Mapping[str, float]:
    """Each metric as the last step logged it that did."""
    return {name: value for step in steps for name, value in step.metrics.items()}
