"""A pipeline that finds out whether a step ran once too often, or was given half of what another one wrote."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from tests.execution.repository import ENVIRONMENT, choice, job, reads, sweep

Key = tuple[str, str]  # run, and step with its trial

# An output is two lines, written one after the other, and the checksum of both.
_STEP = """\
set -eu
notes=$1; salt=$2; output=$3; shift 3
at=${PWD%/code}; step=${at##*/}; run=${at%/*}
echo "${run##*/} $step" >> "$notes/begun"
for input; do
  whole=$(head -n 2 "$input" | cksum)
  test "$(tail -n +3 "$input")" = "$whole" || { echo "${run##*/} $step $input" >> "$notes/spoilt"; exit 3; }
done
echo "$salt of $(cat /dev/null "$@" | cksum)" > "$output"
sleep 0.03
echo "and more of $salt" >> "$output"
sum=$(cksum < "$output")
echo "$sum" >> "$output"
"""
_OUTPUTS = {"tuned": "model"}


class CarefulPipeline:
    """A chain, a diamond and a sweep.

    Args:
        folder: where executions are noted, apart from anything that the program keeps.
    """

    name = "careful"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)

    def files(self, early: str, late: str) -> dict[str, str | None]:
        """The pipeline as it is pushed; `early` stands in what all steps write, `late` in what one of them does."""
        jobs = {
            "first": self._step("first", early),
            "second": self._step("second", early, "first"),
            "left": self._step("left", early, "second"),
            "right": self._step("right", late, "second"),
            "tuned": self._sweep(early, "first"),
            "both": self._step("both", early, "left", "right"),
            "last": self._step("last", early, "both", "tuned"),
        }
        manifest = {"type": "pipeline", "name": self.name, "jobs": jobs}
        return {
            "pipeline.yaml": yaml.safe_dump(manifest, sort_keys=False),
            "python.yaml": yaml.safe_dump(ENVIRONMENT),
            "src/step.sh": _STEP,
        }

    def executions(self) -> Counter[Key]:
        """How often each step or trial of each run was begun."""
        noted = self._folder / "begun"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return Counter((run, step) for run, _, step in (line.partition(" ") for line in lines))

    def spoilt(self) -> str:
        """The steps that were given something else than what a whole step wrote."""
        noted = self._folder / "spoilt"
        return noted.read_text() if noted.exists() else ""

    def _step(self, name: str, salt: str, *before: str) -> dict[str, Any]:
        inputs = {each: {"type": "uri_file", "path": reads(each, _OUTPUTS.get(each, "out"))} for each in before}
        return job(self._command(f"{name}-{salt}", "out", *before), ("out",), code="./src", inputs=inputs)

    def _sweep(self, salt: str, before: str) -> dict[str, Any]:
        command = self._command(f"{salt}-${{{{inputs.rate}}}}", "model", before)
        return sweep(
            command,
            {"rate": choice(1, 2, 3, 4)},
            ports={before: {"type": "uri_file"}},
            inputs={before: {"type": "uri_file", "path": reads(before)}},
            trial={"code": "./src"},
            limits={"max_total_trials": 4, "max_concurrent_trials": 2},
        )

    def _command(self, salt: str, output: str, *before: str) -> str:
        places = (f"${{{{outputs.{output}}}}}", *(f"${{{{inputs.{each}}}}}" for each in before))
        return f"sh step.sh '{self._folder}' '{salt}' {' '.join(places)}"
