"""The gate of a pipeline: whether a model version takes the champion's place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reconciler.model.pipelines import Goal, Promotion

_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Contender:
    """A model version as the gate sees it.

    Attributes:
        label: how it is called, such as `1.4.0`.
        names: of all metrics that it has.
    """

    label: str
    metric: float | None
    names: tuple[str, ...] = ()


def judge(gate: Promotion, new: Contender, champion: Contender | None) -> tuple[bool, str]:
    """Whether the new version is promoted, and why.

    It beats the champion when its metric is better by `min_delta` at least; by anything at all where that is 0.
    """
    if gate.bar:
        return False, gate.bar
    if new.metric is None:
        return False, f"it has no metric `{gate.metric}`: {_listed(new.names)}"
    if math.isnan(new.metric):
        return False, f"its {gate.metric} is not a number"
    if champion is None:
        return True, f"there was no {gate.alias}"
    if champion.metric is None:
        hint = f"move the alias `{gate.alias}` in MLflow once, to the version that is to be beaten"
        return False, f"{gate.alias} {champion.label} has no metric `{gate.metric}` to be compared with; {hint}"
    told = f"{gate.metric} {_figure(new.metric)}, {gate.alias} {champion.label} has {_figure(champion.metric)}"
    return is_beaten(gate, champion.metric, new.metric), told + _demanded(gate)


def is_beaten(gate: Promotion, champion: float, new: float) -> bool:
    if math.isnan(champion):
        return True
    if champion == new:  # two infinities too
        return gate.min_delta < 0
    better_by = new - champion if gate.goal is Goal.MAXIMIZE else champion - new
    if gate.min_delta == 0:
        return better_by > 0
    # 0.82 is better than 0.81 by 0.01, whatever binary fractions make of it.
    return better_by > gate.min_delta or math.isclose(better_by, gate.min_delta, rel_tol=1e-9, abs_tol=1e-12)


def _demanded(gate: Promotion) -> str:
    if gate.min_delta == 0:
        return ""
    return f", min_delta {_figure(gate.min_delta)}"


def _figure(value: float) -> str:
    return f"{value:.6g}"


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "its run logged none"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"there are {', '.join(sorted(names)[:_MOST_NAMES])}{more}"
