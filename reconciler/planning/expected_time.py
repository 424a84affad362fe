"""How long a plan may take, judged by earlier runs of the same steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from reconciler.model.plan import PipelineAction, PipelinePlan, StepAction
from reconciler.model.steps import Step


@dataclass(frozen=True, slots=True)
class EarlierStep:
    """One execution of a step that succeeded, with the digest of what it was defined as."""

    definition: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepTime:
    """What a step took before, seconds.

    Attributes:
        count: how many executions say so.
        is_same: whether they were of this very definition; else of the step of that name as it was before.
    """

    median: float
    shortest: float
    longest: float
    count: int
    is_same: bool


@dataclass(frozen=True, slots=True)
class PipelineTime:
    """What a run of a pipeline may take, seconds; steps that never ran count as nothing.

    Attributes:
        steps: those that may run, None for one that never ran.
        work: of all steps that run, one after the other.
        wall: of the longest chain of them, with room for all that may run side by side.
        most_work: where all that may run do.
        most_wall: the same of the longest chain.
    """

    steps: Mapping[str, StepTime | None]
    work: float
    wall: float
    most_work: float
    most_wall: float

    @property
    def unknown(self) -> tuple[str, ...]:
        """The steps that never ran."""
        return tuple(name for name, time in self.steps.items() if time is None)


Earlier = Mapping[str, Sequence[EarlierStep]]


def expected_time(pipeline: PipelinePlan, earlier: Earlier) -> PipelineTime:
    """What the run that a plan asks for may take.

    Args:
        earlier: executions of the pipeline's steps by name, the newest first.
    """
    planned = {step.name: step for step in pipeline.steps} if pipeline.action is PipelineAction.RUN else {}
    steps = pipeline.graph.steps
    may_run = {
        step.name for step in steps if step.name in planned and planned[step.name].action is not StepAction.REUSE
    }
    runs = {name for name in may_run if planned[name].action is StepAction.RUN}
    times = {step.name: step_time(step, earlier.get(step.name, ())) for step in steps if step.name in may_run}
    seconds = {name: time.median if time is not None else 0.0 for name, time in times.items()}
    return PipelineTime(
        times,
        sum(seconds[name] for name in runs),
        _longest_chain(steps, seconds, runs),
        sum(seconds.values()),
        _longest_chain(steps, seconds, may_run),
    )


def step_time(step: Step, earlier: Sequence[EarlierStep]) -> StepTime | None:
    """What a step took: as it is now where it ran so, else as it was; None where it never ran."""
    same = [each for each in earlier if each.definition == step.definition.digest]
    seconds = [each.seconds for each in same or earlier]
    if not seconds:
        return None
    return StepTime(median(seconds), min(seconds), max(seconds), len(seconds), bool(same))


def _longest_chain(steps: Sequence[Step], seconds: Mapping[str, float], running: Collection[str]) -> float:
    ends: dict[str, float] = {}
    for step in steps:  # each comes after those it needs
        begins = max((ends[name] for name in step.after), default=0.0)
        ends[step.name] = begins + (seconds[step.name] if step.name in running else 0.0)
    return max(ends.values(), default=0.0)
