"""The demonstration, played once for all tests that look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Answer, reconciler


@dataclass(frozen=True)
class Played:
    """What the demonstration printed, act by act, and what it left.

    Attributes:
        runs: `runs -o json`, the oldest first.
    """

    folder: Path
    answer: Answer
    acts: list[str]
    runs: list[dict[str, Any]]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def steps(self, run: int) -> dict[str, dict[str, Any]]:
        """The steps of a run by name, without trials."""
        return {step["name"]: step for step in self.runs[run]["steps"]}


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo") / "workspace"
    answer = reconciler("demo", "--quick", "--dir", folder)
    assert answer.code == 0, answer.out + answer.err
    acts = re.split(r"^=== \d\. .* ===$", answer.out, flags=re.MULTILINE)
    runs = reconciler("runs", "--state", folder / "state", "-o", "json").data()
    return Played(folder, answer, acts, sorted(runs, key=lambda run: str(run["started"])))
