"""Two runs of a pipeline side by side: metrics, params, durations and versions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.manifests import Scalar
from reconciler.model.runs import Result, Run, StepRun
from reconciler.model.steps import Definition


class Aspect(StrEnum):
    METRIC = "metric"
    PARAM = "param"
    DURATION = "duration"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class RanSteps:
    """A run as it is compared.

    Attributes:
        steps: without trials, in the order of the graph; of a restored run those of the one that it restored.
        definitions: of the steps, by digest.
        results: what the steps gave, by fingerprint, as far as it is still known.
    """

    run: Run
    steps: Sequence[StepRun]
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both runs; None where a run does not have it.

    Attributes:
        step: "" for what belongs to the run as a whole.
    """

    aspect: Aspect
    step: str
    name: str
    first: Scalar | None
    second: Scalar | None

    @property
    def difference(self) -> float | None:
        """From the first to the second, None where they are no numbers."""
        if not _is_number(self.first) or not _is_number(self.second):
            return None
        difference = float(self.second) - float(self.first)  # type: ignore[arg-type]
        return difference if math.isfinite(difference) else None

    @property
    def is_same(self) -> bool:
        """Whether both are written alike: a program sees 1 and 1.0 as different texts."""
        return repr(self.first) == repr(self.second)


def compared(first: RanSteps | None, second: RanSteps | None) -> tuple[Compared, ...]:
    """All that two runs of a pipeline can be compared by; one of them may be missing."""
    told = [_told(each) if each is not None else {} for each in (first, second)]
    keys = dict.fromkeys(key for aspect in Aspect for each in told for key in each if key[0] is aspect)
    return tuple(Compared(*key, told[0].get(key), told[1].get(key)) for key in keys)


_Key = tuple[Aspect, str, str]


def _told(ran: RanSteps) -> dict[_Key, Scalar]:
    found: dict[_Key, Scalar] = {}
    for step in ran.steps:
        found.update(_of_step(step, ran))
    for resolution in ran.run.lock:
        found[Aspect.VERSION, "", f"{resolution.kind} {resolution.name}"] = resolution.version or resolution.digest
    return found


def _of_step(step: StepRun, ran: RanSteps) -> Iterator[tuple[_Key, Scalar]]:
    for name, value in sorted(step.metrics.items()):
        yield (Aspect.METRIC, step.name, name), value
    definition = ran.definitions.get(step.definition)
    if definition is not None:
        for name, literal in definition.literals:
            yield (Aspect.PARAM, step.name, name), literal
    for name, chosen in _chosen(step, ran).items():
        yield (Aspect.PARAM, step.name, name), chosen
    seconds = _seconds(step, ran)
    if seconds is not None:
        yield (Aspect.DURATION, step.name, "seconds"), seconds


def _chosen(step: StepRun, ran: RanSteps) -> Mapping[str, Scalar]:
    """The hyperparameters of a step, of a sweep those of its best trial."""
    result = ran.results.get(step.fingerprint)
    return result.hyperparameters if result is not None else step.hyperparameters


def _seconds(step: StepRun, ran: RanSteps) -> float | None:
    """What the step took when it was executed, be it in an earlier run."""
    if step.reused_from:
        result = ran.results.get(step.fingerprint)
        return round(result.seconds, 3) if result is not None else None
    if step.started is None or step.ended is None:
        return None
    return round(step.ended - step.started, 3)


def _is_number(value: Scalar | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
