"""The revisions that are known, by what people call them, and the runs that were current at each."""

from __future__ import annotations

from reconciler.model.runs import Run, RunStatus
from reconciler.state.database import Database
from reconciler.state.encoding import run_of

_GOOD = f"('{RunStatus.SUCCEEDED}', '{RunStatus.RESTORED}')"
_COMMIT = "sha1:"


class Revisions:
    """What was applied or ran, by revision."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> list[str]:
        """All of them, in no order."""
        rows = self._database.rows(
            "SELECT revision FROM runs UNION SELECT revision FROM revisions WHERE revision != ''"
        )
        return [row["revision"] for row in rows]

    def called(self, text: str) -> dict[str, list[str]]:
        """The revisions that a text may mean, by commit: one in full, else those whose commit begins so."""
        known = self.known()
        if text in known:
            return {commit_of(text): [text]}
        found: dict[str, list[str]] = {}
        for revision in known:
            commit = commit_of(revision)
            if text and commit.startswith(text.lower()):
                found.setdefault(commit, []).append(revision)
        return found

    def pipelines(self) -> list[str]:
        """The pipelines that ever ran well."""
        rows = self._database.rows(
            f"SELECT DISTINCT pipeline FROM runs WHERE status IN {_GOOD} ORDER BY pipeline"  # noqa: S608
        )
        return [row["pipeline"] for row in rows]

    def run(self, pipeline: str, revisions: list[str]) -> Run | None:
        """The newest good run of a pipeline at a revision; else the one that was current when that was applied."""
        marks = ", ".join("?" * len(revisions))
        row = self._database.row(
            f"SELECT * FROM runs WHERE pipeline = ? AND status IN {_GOOD} AND revision IN ({marks})"  # noqa: S608
            " ORDER BY sequence DESC LIMIT 1",
            (pipeline, *revisions),
        )
        if row is None:
            row = self._database.row(
                f"SELECT * FROM runs WHERE pipeline = ? AND status IN {_GOOD} AND started <= (SELECT MIN(first)"  # noqa: S608
                f" FROM revisions WHERE outcome = 'applied' AND revision IN ({marks})) ORDER BY sequence DESC LIMIT 1",
                (pipeline, *revisions),
            )
        return run_of(row, row["lock"]) if row is not None else None

    def runs(self, source: str, revision: str) -> list[Run]:
        """All runs of a revision of a source, the oldest first; without their locks."""
        rows = self._database.rows(
            "SELECT * FROM runs WHERE source = ? AND revision = ? ORDER BY started, sequence", (source, revision)
        )
        return [run_of(row) for row in rows]


def commit_of(revision: str) -> str:
    """The commit, or tree of a work tree, that a revision names."""
    return revision.rpartition(_COMMIT)[2]
