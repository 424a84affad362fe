"""Which version of a model holds which alias, and what became of versions at the gates of the runs that made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields

from reconciler.model.runs import Judgement, RegisteredModel, RunStatus
from reconciler.state.database import Database, Row
from reconciler.state.encoding import model_of

_LOOKED = ""  # stands for no model: its row says which alias was looked at, and that it was, though none may hold it
_FIELDS = tuple(field.name for field in fields(Judgement))
_SAVE = (
    f"INSERT OR REPLACE INTO judgements ({', '.join(_FIELDS)}, position) "  # noqa: S608 - the columns are ours
    f"VALUES ({', '.join('?' * (len(_FIELDS) + 1))})"
)


class ModelRegistry:
    """What is known of the registry in MLflow without asking it: as the last run or restoration left it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def aliases(self, name: str) -> dict[str, str]:
        """The versions that the aliases of a model point at; those that say a semantic version are left out."""
        rows = self._database.rows("SELECT alias, version FROM model_aliases WHERE name = ?", (name,))
        return {row["alias"]: row["version"] for row in rows}

    def replace_aliases(self, name: str, aliases: Mapping[str, str]) -> None:
        """Keep where all aliases of a model point."""
        with self._database.transaction():
            self._database.execute("DELETE FROM model_aliases WHERE name = ?", (name,))
            self._database.execute_many(
                "INSERT INTO model_aliases (name, alias, version) VALUES (?, ?, ?)",
                [(name, alias, version) for alias, version in aliases.items()],
            )

    def move_alias(self, name: str, alias: str, version: str) -> None:
        """Keep where one alias points."""
        self._database.execute(
            "INSERT OR REPLACE INTO model_aliases (name, alias, version) VALUES (?, ?, ?)", (name, alias, version)
        )

    def note_champions(self, run_id: str, alias: str, champions: Mapping[str, str]) -> None:
        """Keep who held an alias when a run began, by model."""
        self._database.execute_many(
            "INSERT OR REPLACE INTO champions_before (run_id, name, version) VALUES (?, ?, ?)",
            [(run_id, name, version) for name, version in {_LOOKED: alias, **champions}.items()],
        )

    def champions_before(self, run_id: str) -> dict[str, str] | None:
        """Who was champion when a run began, by model; None where nobody has looked."""
        found = self._noted(run_id)
        return None if found.pop(_LOOKED, None) is None else found

    def alias_at_stake(self, run_id: str) -> str:
        """The alias that a run's gate decides on, "" where it has none or did not come to begin."""
        return self._noted(run_id).get(_LOOKED, "")

    def _noted(self, run_id: str) -> dict[str, str]:
        rows = self._database.rows("SELECT name, version FROM champions_before WHERE run_id = ?", (run_id,))
        return {row["name"]: row["version"] for row in rows}

    def change_champion(self, name: str, version: str, by_run: str) -> None:
        """Tell the runs that are still to come to gates of their own who has to be beaten now."""
        self._database.execute(
            "INSERT OR REPLACE INTO champions_before (run_id, name, version)"
            " SELECT champions_before.run_id, ?, ? FROM champions_before JOIN runs ON runs.id = champions_before.run_id"
            " WHERE champions_before.name = ? AND runs.id != ?"
            " AND (runs.status = ? OR runs.id IN (SELECT run_id FROM waiting_records))",
            (name, version, _LOOKED, by_run, RunStatus.RUNNING),
        )

    def save_judgements(self, judgements: Iterable[Judgement]) -> None:
        """Keep what a run's gate decided, in its order."""
        self._database.execute_many(_SAVE, [(*astuple(each), place) for place, each in enumerate(judgements)])

    def judgements(self, run_id: str) -> list[Judgement]:
        rows = self._database.rows("SELECT * FROM judgements WHERE run_id = ? ORDER BY position", (run_id,))
        return [_judgement_of(row) for row in rows]

    def last_judgements(self) -> dict[tuple[str, str], Judgement]:
        """What the newest gate said of each version, by model and version."""
        rows = self._database.rows(
            "SELECT judgements.* FROM judgements JOIN runs ON runs.id = judgements.run_id"
            " ORDER BY runs.started, runs.sequence, position"
        )
        return {(row["name"], row["version"]): _judgement_of(row) for row in rows}

    def versions(self, name: str | None = None) -> list[RegisteredModel]:
        """Each version once, of one model or of all, as the run that made it left it; the newest first."""
        rows = self._database.rows(
            "SELECT models.* FROM models JOIN runs ON runs.id = models.run_id"
            " WHERE models.name = COALESCE(?, models.name) ORDER BY runs.started, runs.sequence",
            (name,),
        )
        found: dict[tuple[str, str], RegisteredModel] = {}
        for row in rows:
            found.setdefault((row["name"], row["version"]), model_of(row))
        return sorted(found.values(), key=lambda model: (model.name, -_number(model.version)))


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else 0


def _judgement_of(row: Row) -> Judgement:
    values = {name: row[name] for name in _FIELDS}
    return Judgement(**{**values, "is_promoted": bool(values["is_promoted"])})
