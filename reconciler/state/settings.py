"""What a state knows of itself: who it is, and which engines its steps run on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict

from reconciler.model.backlog import Backlog
from reconciler.state.database import Database

_ID, _ENGINE, _FOLLOWED, _BACKLOG = "id", "engine", "followed", "backlog"


class StateSettings:
    """A few facts, by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def state_id(self) -> str:
        """What tells this state's images and containers from those of other states on the same engine."""
        self._database.execute(
            "INSERT OR IGNORE INTO settings (name, value) VALUES (?, ?)", (_ID, uuid.uuid4().hex[:16])
        )
        return self._get(_ID)

    @property
    def engine(self) -> str:
        """The engine that ran steps last, `process` before the first."""
        return self._get(_ENGINE) or "process"

    @engine.setter
    def engine(self, name: str) -> None:
        if name != self._get(_ENGINE):
            self._database.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_ENGINE, name))

    def engine_of(self, source: str) -> str:
        """The engine that ran a source's steps last; that of the state before the first."""
        return self._get(f"{_ENGINE} of {source}") or self.engine

    def note_engine(self, source: str, name: str) -> None:
        """Keep which engine a source's steps run on, which the next ones of the state do as well."""
        if name != self._get(f"{_ENGINE} of {source}"):
            statement = "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)"
            self._database.execute(statement, (f"{_ENGINE} of {source}", name))

    @property
    def followed(self) -> tuple[str, ...]:
        """The sources that the newest daemon follows, in the order in which it was told of them."""
        return tuple(json.loads(self._get(_FOLLOWED) or "[]"))

    @followed.setter
    def followed(self, names: Sequence[str]) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_FOLLOWED, json.dumps(list(names)))
        )

    @property
    def backlog(self) -> Backlog | None:
        """What waited for MLflow when that was noted last; None where it answered."""
        kept = self._get(_BACKLOG)
        return Backlog(**json.loads(kept)) if kept else None

    def note_backlog(self, backlog: Backlog | None) -> None:
        kept = json.dumps(asdict(backlog)) if backlog else ""
        self._database.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (_BACKLOG, kept))

    def _get(self, name: str) -> str:
        row = self._database.row("SELECT value FROM settings WHERE name = ?", (name,))
        return str(row["value"]) if row else ""
