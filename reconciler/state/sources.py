"""Sources, the resources that they hold, and the versions that were applied."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.model.manifests import Kind
from reconciler.model.plan import ReleasedVersion
from reconciler.model.status import Condition, Resource
from reconciler.state.database import Database
from reconciler.state.encoding import conditions_of, conditions_text, version_of

LOCAL_SOURCE = "local"  # what runs of work trees go by


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
        self._resources: dict[str, dict[tuple[Kind | str, str], Resource]] = {}
        self._lock = threading.RLock()

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
            "SELECT resources.*, applied_revision FROM resources LEFT JOIN sources ON sources.name = source"
            " WHERE source = COALESCE(?, source) ORDER BY source, kind, resources.name",
            (source,),
        )
        return [
            Resource(
                Kind(row["kind"]),
                row["name"],
                row["version"],
                row["source"],
                row["applied_revision"] or "",
                conditions_of(row["conditions"]),
                bool(row["is_suspended"]),
            )
            for row in rows
        ]

    def applied(self, source: str) -> frozenset[tuple[Kind, str]]:
        """The kinds and names of a source's resources."""
        with self._lock:
            return frozenset((kind, name) for kind, name in self._known(source) if isinstance(kind, Kind))

    def save_resources(self, source: str, resources: Iterable[Resource], now: float) -> None:
        """Keep what is said of a source's resources; `since` stays where a condition's status stays."""
        with self._lock:
            known = self._known(source)
            changed: list[Resource] = []
            for resource in resources:
                before = known.get((resource.kind, resource.name))
                if before is not None and _says_the_same(before, resource):
                    continue
                conditions = _dated(resource.conditions, before.conditions if before else (), now)
                changed.append(replace(resource, conditions=conditions))
            self._database.execute_many(
                "INSERT OR REPLACE INTO resources (source, kind, name, version, conditions, is_suspended)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        source,
                        resource.kind,
                        resource.name,
                        resource.version,
                        conditions_text(resource.conditions),
                        int(resource.is_suspended),
                    )
                    for resource in changed
                ],
            )
            known.update({(resource.kind, resource.name): resource for resource in changed})

    def remove_resources(self, source: str, keys: Iterable[tuple[Kind, str]]) -> None:
        with self._lock:
            known = self._known(source)
            gone = [key for key in keys if key in known]
            self._database.execute_many(
                "DELETE FROM resources WHERE source = ? AND kind = ? AND name = ?",
                [(source, kind, name) for kind, name in gone],
            )
            for key in gone:
                known.pop(key, None)

    def _known(self, source: str) -> dict[tuple[Kind | str, str], Resource]:
        """The resources of a source as this process last read or wrote them; only the daemon writes them."""
        with self._lock:
            if source not in self._resources:
                self._resources[source] = {
                    (resource.kind, resource.name): resource for resource in self.resources(source)
                }
            return self._resources[source]

    def versions(self, after: int = 0) -> list[ReleasedVersion]:
        """The versions in the order in which they were applied first, without the `after` oldest ones."""
        rows = self._database.rows("SELECT * FROM versions ORDER BY rowid LIMIT -1 OFFSET ?", (after,))
        return [version_of(row) for row in rows]

    def versions_of(self, kind: Kind, name: str) -> list[ReleasedVersion]:
        """The versions of one manifest in the order in which they were applied first."""
        rows = self._database.rows("SELECT * FROM versions WHERE kind = ? AND name = ? ORDER BY rowid", (kind, name))
        return [version_of(row) for row in rows]

    def save_versions(self, versions: Iterable[ReleasedVersion]) -> None:
        """Keep versions that were applied; what a version means is never changed."""
        self._database.execute_many(
            "INSERT OR IGNORE INTO versions (kind, name, version, digest, revision, interface, description)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (each.kind, each.name, each.version, each.digest, each.revision, each.interface, each.description)
                for each in versions
            ],
        )


def _says_the_same(before: Resource, now: Resource) -> bool:
    if before.version != now.version or before.is_suspended != now.is_suspended:
        return False
    return [_statement(condition) for condition in before.conditions] == [
        _statement(condition) for condition in now.conditions
    ]


def _statement(condition: Condition) -> tuple[str, bool, str, str]:
    return condition.type, condition.status, condition.reason, condition.message


def _dated(conditions: tuple[Condition, ...], before: tuple[Condition, ...], now: float) -> tuple[Condition, ...]:
    since = {(condition.type, condition.status): condition.since for condition in before}
    return tuple(
        replace(condition, since=since.get((condition.type, condition.status), now)) for condition in conditions
    )
