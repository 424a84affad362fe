"""What the corpus expects of an invalid case, as it is written in its files, and how it is written anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.problems import Problem

from .repositories import EXPECTED, Case

MARK = "#: "
_ACCEPTED = "accepted by azure-ai-ml: "

IS_REWRITTEN = os.environ.get("CORPUS") == "rewrite"
"""Whether the golden files are to be written anew: `CORPUS=rewrite`."""


@dataclass(frozen=True)
class Expectation:
    """The problems of a case, line by line, and why Microsoft's client does not mind, "" where it does."""

    problems: tuple[str, ...]
    accepted: str = ""

    @property
    def lines(self) -> list[str]:
        return [*self.problems, *([_ACCEPTED + self.accepted] if self.accepted else [])]


def line_of(problem: Problem, case: Case) -> str:
    """A problem in one line; the file is left out where the case has only one."""
    text = str(problem)
    if case.is_single:
        text = text.removeprefix(f"{case.path.name}:")
    return f"{text} [{problem.code}]"


def expectation_of(case: Case) -> Expectation:
    if case.is_single:
        text = case.path.read_text(encoding="utf-8")
        lines = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    else:
        lines = (case.path / EXPECTED).read_text(encoding="utf-8").splitlines()
    accepted = [line.removeprefix(_ACCEPTED) for line in lines if line.startswith(_ACCEPTED)]
    return Expectation(tuple(line for line in lines if not line.startswith(_ACCEPTED)), accepted[0] if accepted else "")


def rewrite(case: Case, problems: Sequence[str]) -> None:
    """Write what is expected anew; the reason why Azure accepts it stays."""
    lines = Expectation(tuple(problems), expectation_of(case).accepted).lines
    if not case.is_single:
        (case.path / EXPECTED).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return
    text = case.path.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(MARK)]
    case.path.write_text("".join(f"{line}\n" for line in [*kept, *(MARK + line for line in lines)]), encoding="utf-8")
