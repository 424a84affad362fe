"""How the steps of runs hang together."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.model.wiring import StepWiring, Wire
from reconciler.state.database import Database
from reconciler.state.encoding import text


class Wirings:
    """The record of the wiring of runs; those of before it was kept have none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, steps: Iterable[StepWiring]) -> None:
        body = [
            [each.name, each.after, [[w.port, w.step, w.output, w.data] for w in each.inputs], each.environment_version]
            for each in steps
        ]
        self._database.execute("INSERT OR REPLACE INTO wirings (run_id, body) VALUES (?, ?)", (run_id, text(body)))

    def of_run(self, run_id: str) -> dict[str, StepWiring]:
        """The wiring of a run's steps by name, in the order of the graph."""
        row = self._database.row("SELECT body FROM wirings WHERE run_id = ?", (run_id,))
        if row is None:
            return {}
        return {
            name: StepWiring(name, tuple(after), tuple(Wire(*wire) for wire in inputs), version)
            for name, after, inputs, version in json.loads(row["body"])
        }
