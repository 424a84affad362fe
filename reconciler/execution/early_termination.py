"""Which trials of a sweep promise nothing, judged by what all have logged (Azure ML's three policies)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from reconciler.model.sweeps import EarlyTermination, EarlyTerminationPolicy


@dataclass(frozen=True, slots=True)
class Course:
    """The values of the primary metric that a trial logged, in order; one that is over logs no more."""

    values: tuple[float, ...] = ()
    is_over: bool = False


def judged_at(policy: EarlyTermination, logged: int) -> int:
    """Of a trial that has logged so many values: after how many of them it was to be judged last; 0 for not yet."""
    last = logged - logged % policy.evaluation_interval
    return last if last >= policy.delay_evaluation else 0


def to_be_ended(
    policy: EarlyTermination, maximize: bool, courses: Mapping[str, Course], due: Mapping[str, int]
) -> dict[str, str]:
    """The trials that promise nothing, each with the policy and the numbers that say so.

    Args:
        courses: of all trials of the sweep, those that are over included.
        due: the trials to be judged, and after how many values of theirs; all are compared at that number.
    """
    field = _Field(maximize, courses)
    judge = {
        EarlyTerminationPolicy.BANDIT: _bandit,
        EarlyTerminationPolicy.MEDIAN_STOPPING: _median_stopping,
        EarlyTerminationPolicy.TRUNCATION_SELECTION: _truncation_selection,
    }[policy.policy]
    verdicts = {trial: judge(policy, field, trial, at) for trial, at in due.items()}
    return {
        trial: f"{policy.policy}: after {due[trial]} logged value{'s' * (due[trial] != 1)} {why}"
        for trial, why in verdicts.items()
        if why
    }


class _Field:
    """The trials in competition. Scores are values turned so that more is better; what is no number is worst."""

    def __init__(self, maximize: bool, courses: Mapping[str, Course]) -> None:
        self._sign = 1 if maximize else -1
        self._courses = courses
        self._scores = {trial: [self._score(value) for value in course.values] for trial, course in courses.items()}

    def bests(self, at: int) -> dict[str, float]:
        """Of each trial that has logged anything, the best of its first values."""
        return {trial: max(scores[:at]) for trial, scores in self._scores.items() if scores}

    def reached(self, at: int) -> list[str]:
        """The trials that have logged so many values."""
        return [trial for trial, scores in self._scores.items() if len(scores) >= at]

    def average(self, trial: str, at: int) -> float:
        return _mean(self._scores[trial][:at])

    def is_over(self, trial: str) -> bool:
        return self._courses[trial].is_over

    def shown(self, score: float) -> str:
        return f"{self._sign * score:.6g}" if score != -math.inf else "nothing that is a number"

    def _score(self, value: float) -> float:
        return -math.inf if math.isnan(value) else self._sign * value


def _bandit(policy: EarlyTermination, field: _Field, trial: str, at: int) -> str:
    bests = field.bests(at)
    first = max(bests, key=lambda each: bests[each])
    least = _slackened(policy, bests[first])
    if not bests[trial] < least:
        return ""
    slack = f"factor of {policy.slack_factor:g}" if policy.slack_factor else f"amount of {policy.slack_amount:g}"
    return (
        f"its best is {field.shown(bests[trial])}; trial {first} is at {field.shown(bests[first])}, "
        f"of which a slack {slack} makes {field.shown(least)}"
    )


def _slackened(policy: EarlyTermination, best: float) -> float:
    """The score that is still good enough: the best one moved towards the worse by the slack."""
    if policy.slack_factor:
        share = 1 + policy.slack_factor
        return best / share if best > 0 else best * share
    return best - (policy.slack_amount or 0.0)


def _median_stopping(policy: EarlyTermination, field: _Field, trial: str, at: int) -> str:  # noqa: ARG001
    others = [field.average(other, at) for other in field.reached(at) if other != trial]
    if not others:
        return ""
    best, middle = field.bests(at)[trial], median(others)
    if not best < middle:
        return ""
    return (
        f"its best is {field.shown(best)}, worse than {field.shown(middle)}, "
        f"the median of the running averages of {len(others)} other trial{'s' * (len(others) != 1)}"
    )


def _truncation_selection(policy: EarlyTermination, field: _Field, trial: str, at: int) -> str:
    compared = [each for each in field.reached(at) if not (policy.exclude_finished and field.is_over(each))]
    bests = field.bests(at)
    ranked = sorted(bests[each] for each in compared)
    cut = len(ranked) * (policy.truncation_percentage or 0) // 100
    # Of trials that are equally good none is worse, so those at the edge all stay.
    if cut == 0 or not bests[trial] < ranked[cut]:
        return ""
    return (
        f"its best is {field.shown(bests[trial])}, among the worst {policy.truncation_percentage} % "
        f"of {len(ranked)} trials; the next better one is at {field.shown(ranked[cut])}"
    )


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)
