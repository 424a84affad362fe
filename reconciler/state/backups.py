"""Copies of a database as it was before it was brought to a newer format, for who has to go back."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from reconciler.model.errors import StateError

log = logging.getLogger("reconciler")
_KEPT = 3


class Backups:
    """`state.db.backup-N` beside `state.db`, N being the format that it has."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def keep(self, version: int) -> Path:
        """Copy what is committed, and forget all but the newest copies.

        Raises:
            StateError: it cannot be copied.
        """
        kept = self._database.with_name(f"{self._database.name}.backup-{version}")
        unfinished = self._database.with_name(f"{kept.name}.tmp")
        try:
            unfinished.unlink(missing_ok=True)
            with closing(sqlite3.connect(self._database)) as source, closing(sqlite3.connect(unfinished)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")  # one file, and none beside it
            unfinished.replace(kept)
            for _, path in self._all()[_KEPT:]:
                path.unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            unfinished.unlink(missing_ok=True)
            message = f"the state cannot be copied before it is brought to a newer format: {error}"
            hint = "make room on its disk; nothing of it was changed"
            raise StateError(message, place=str(kept), hint=hint) from error
        log.info("the state of format %d is kept as %s", version, kept)
        return kept

    def newest(self, most: int) -> Path | None:
        """The newest copy of a format that is not above this one."""
        return next((path for version, path in self._all() if version <= most), None)

    def _all(self) -> list[tuple[int, Path]]:
        """The newest format first."""
        found = []
        for path in self._database.parent.glob(f"{self._database.name}.backup-*"):
            number = path.name.rpartition("-")[2]
            if number.isdigit():
                found.append((int(number), path))
        return sorted(found, reverse=True)
