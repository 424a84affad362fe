"""Sources, the resources that they hold, and the versions that were applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.model.manifests import Kind
from reconciler.model.plan import ReleasedVersion
from reconciler.model.status import Condition, Resource
from reconciler.state.database import Database
from reconciler.state.encoding import conditions_of, conditions_text, version_of


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as the daemon left it: what was applied last, what was tried last."""

    name: str
    url: str
    branch: str
    applied_revision: str = ""
    applied_commit: str = ""
    attempted_revision: str = ""
    attempted_commit: str = ""
    conditions: tuple[Condition, ...] = ()
    updated: float = 0.0


class Sources:
    """Sources, resources and released versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> SourceState | None:
        found = [source for source in self.all() if source.name == name]
        return found[0] if found else None

    def all(self) -> list[SourceState]:
        return [
            SourceState(
                row["name"],
                row["url"],
                row["branch"],
                row["applied_revision"],
                row["applied_commit"],
                row["attempted_revision"],
                row["attempted_commit"],
                conditions_of(row["condition"]),
                row["updated"],
            )
            for row in self._database.rows("SELECT * FROM sources ORDER BY name")
        ]

    def save(self, source: SourceState) -> None:
        before = self.get(source.name)
        conditions = _dated(source.conditions, before.conditions if before else (), source.updated)
        self._database.execute(
            "INSERT OR REPLACE INTO sources (name, url, branch, applied_revision, applied_commit, attempted_revision,"
            " attempted_commit, condition, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                source.name,
                source.url,
                source.branch,
                source.applied_revision,
                source.applied_commit,
                source.attempted_revision,
                source.attempted_commit,
                conditions_text(conditions),
                source.updated,
            ),
        )

    def resources(self, source: str | None = None) -> list[Resource]:
        rows = self._database.rows(
            "SELECT * FROM resources WHERE source = COALESCE(?, source) ORDER BY source, kind, name", (source,)
        )
        return [
            Resource(
                Kind(row["kind"]),
                row["name"],
                row["version"],
                row["source"],
                row["revision"],
                conditions_of(row["conditions"]),
                bool(row["is_suspended"]),
            )
            for row in rows
        ]

    def applied(self, source: str) -> frozenset[tuple[Kind, str]]:
        """The kinds and names of a source's resources."""
        rows = self._database.rows("SELECT kind, name FROM resources WHERE source = ?", (source,))
        return frozenset((Kind(row["kind"]), row["name"]) for row in rows)

    def save_resources(self, resources: Iterable[Resource], now: float) -> None:
        """Keep what is said of resources; `since` stays where a condition's status stays."""
        with self._database.transaction():
            before = {(resource.source, resource.kind, resource.name): resource for resource in self.resources()}
            self._database.execute_many(
                "INSERT OR REPLACE INTO resources (source, kind, name, version, revision, conditions, is_suspended)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        resource.source,
                        resource.kind,
                        resource.name,
                        resource.version,
                        resource.revision,
                        conditions_text(_dated(resource.conditions, _conditions_before(resource, before), now)),
                        int(resource.is_suspended),
                    )
                    for resource in resources
                ],
            )

    def remove_resources(self, source: str, keys: Iterable[tuple[Kind, str]]) -> None:
        self._database.execute_many(
            "DELETE FROM resources WHERE source = ? AND kind = ? AND name = ?",
            [(source, kind, name) for kind, name in keys],
        )

    def versions(self, after: int = 0) -> list[ReleasedVersion]:
        """The versions in the order in which they were applied first, without the `after` oldest ones."""
        rows = self._database.rows("SELECT * FROM versions ORDER BY rowid LIMIT -1 OFFSET ?", (after,))
        return [version_of(row) for row in rows]

    def save_versions(self, versions: Iterable[ReleasedVersion]) -> None:
        """Keep versions that were applied; what a version means is never changed."""
        self._database.execute_many(
            "INSERT OR IGNORE INTO versions (kind, name, version, digest, revision, interface)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (version.kind, version.name, version.version, version.digest, version.revision, version.interface)
                for version in versions
            ],
        )


def _conditions_before(
    resource: Resource, before: dict[tuple[str, Kind | str, str], Resource]
) -> tuple[Condition, ...]:
    known = before.get((resource.source, resource.kind, resource.name))
    return known.conditions if known else ()


def _dated(conditions: tuple[Condition, ...], before: tuple[Condition, ...], now: float) -> tuple[Condition, ...]:
    since = {(condition.type, condition.status): condition.since for condition in before}
    return tuple(
        replace(condition, since=since.get((condition.type, condition.status), now)) for condition in conditions
    )
