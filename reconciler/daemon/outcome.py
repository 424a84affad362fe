"""What a reconciliation came to."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.plan import Plan
from reconciler.model.problems import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reconciliation came to; `seconds` is how long it took, None where that is not known."""

    revision: str = ""
    plan: Plan | None = None
    problems: tuple[Problem, ...] = ()
    error: str = ""
    started: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def is_good(self) -> bool:
        return not self.error and not any(problem.is_error for problem in self.problems)
