"""Pipelines that refer to versions of a component which note what they say when they run."""

from __future__ import annotations

import json
from pathlib import Path

SAY = "components/say/component.yaml"
WORDS = "components/say/src/words"


class Saying:
    """A component whose code is a word, and the pipelines that have it said."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "said"

    def component(self, word: str, version: str = "", **more: object) -> dict[str, str]:
        """The files of the component."""
        manifest = {
            "name": "say",
            **({"version": version} if version else {}),
            "type": "command",
            "code": "src",
            "inputs": {"by": {"type": "string"}},
            "command": f"echo ${{{{inputs.by}}}} $(cat words) >> '{self._notes}'",
            "environment": {"image": "python"},
            **more,
        }
        return {SAY: json.dumps(manifest), WORDS: word}

    def pipeline(self, name: str, reference: str) -> dict[str, str]:
        """The file of a pipeline that has it said once."""
        jobs = {"say": {"component": reference, "inputs": {"by": name}}}
        return {f"{name}.yaml": json.dumps({"type": "pipeline", "name": name, "jobs": jobs})}

    def heard(self) -> list[str]:
        """What was said since the last time."""
        said = self._notes.read_text().splitlines() if self._notes.exists() else []
        self._notes.unlink(missing_ok=True)
        return sorted(said)
