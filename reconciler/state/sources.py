"""Sources, the resources that they hold, and the versions that were applied."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.model.events import SOURCE_KIND, Event, EventType, event_of_conditions, events_of_change
from reconciler.model.manifests import Kind
from reconciler.model.plan import ReleasedVersion
from reconciler.model.status import Condition, Resource
from reconciler.state.database import Database
from reconciler.state.encoding import conditions_of, conditions_text, version_of
from reconciler.state.events import Events

LOCAL_SOURCE = "local"  # what runs of work trees go by
_TABLES = (
    ("resources", "source"),
    ("schedules", "source"),
    ("waiting_revisions", "source"),
    ("pull_requests", "source"),
    ("previews", "source"),
    ("sources", "name"),
)
_FORGET_PREVIEWED = (
    "DELETE FROM results WHERE apart IN (SELECT source || '/pr-' || number FROM previews WHERE source = ?)"
)


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

    def __init__(self, database: Database, events: Events) -> None:
        self._database = database
        self._events = events
        self._resources: dict[str, dict[tuple[Kind | str, str], Resource]] = {}
        self._lock = database.lock

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

    def begin(self, source: SourceState) -> None:
        """Keep a source that is followed from now on, unless it is known; nothing has happened to it yet."""
        with self._lock:
            if self.get(source.name) is None:
                self._write(source, _dated(source.conditions, (), source.updated))

    def save(self, source: SourceState) -> None:
        before = self.get(source.name)
        conditions = _dated(source.conditions, before.conditions if before else (), source.updated)
        with self._database.transaction():
            self._write(source, conditions)
            self._events.record(_events_of_source(before, source), source.updated)

    def _write(self, source: SourceState, conditions: tuple[Condition, ...]) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO sources (name, url, branch, applied_revision, applied_commit,"
            " attempted_revision, attempted_commit, condition, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            happened: list[Event] = []
            for resource in resources:
                before = known.get((resource.kind, resource.name))
                if before is not None and _says_the_same(before, resource):
                    continue
                conditions = _dated(resource.conditions, before.conditions if before else (), now)
                changed.append(replace(resource, conditions=conditions))
                happened.extend(events_of_change(before, replace(resource, source=source)))
            if not changed:
                return
            with self._database.transaction():
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
                self._events.record(happened, now)
            known.update({(resource.kind, resource.name): resource for resource in changed})

    def remove_resources(
        self, source: str, keys: Iterable[tuple[Kind, str]], revision: str = "", now: float | None = None
    ) -> None:
        """Forget resources that are gone from their source, at a revision of it."""
        with self._lock, self._database.transaction():
            known = self._known(source)
            gone = [key for key in keys if key in known]
            self._database.execute_many(
                "DELETE FROM resources WHERE source = ? AND kind = ? AND name = ?",
                [(source, kind, name) for kind, name in gone],
            )
            self._events.record(
                (
                    Event(source, str(kind), name, EventType.NORMAL, "Pruned", "is gone from its source", revision)
                    for kind, name in gone
                ),
                time.time() if now is None else now,
            )
            for key in gone:
                known.pop(key, None)

    def forget(self, source: str) -> None:
        """Forget a source that is followed no more, with its resources and schedules; runs and versions stay."""
        with self._lock, self._database.transaction():
            self._database.execute(_FORGET_PREVIEWED, (source,))
            for table, column in _TABLES:
                self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (source,))  # noqa: S608 - ours
            self._resources.pop(source, None)

    def _known(self, source: str) -> dict[tuple[Kind | str, str], Resource]:
        """The resources of a source as this process last read or wrote them; only the daemon writes them."""
        with self._lock:
            if source not in self._resources:
                self._resources[source] = {
                    (resource.kind, resource.name): resource for resource in self.resources(source)
                }
            return self._resources[source]

    def versions(self, after: int = 0, source: str | None = None) -> list[ReleasedVersion]:
        """The versions in the order in which they were applied first, without the `after` oldest ones.

        Those of one source, with what counts for all; of None, of every one.
        """
        rows = self._database.rows(
            "SELECT * FROM versions WHERE source IN (COALESCE(?, source), '') ORDER BY rowid LIMIT -1 OFFSET ?",
            (source, after),
        )
        return [version_of(row) for row in rows]

    def versions_of(self, kind: Kind, name: str) -> list[ReleasedVersion]:
        """The versions of one manifest in the order in which they were applied first."""
        rows = self._database.rows("SELECT * FROM versions WHERE kind = ? AND name = ? ORDER BY rowid", (kind, name))
        return [version_of(row) for row in rows]

    def save_versions(self, versions: Iterable[ReleasedVersion], source: str = "") -> None:
        """Keep versions that were applied of a source, "" for all; what a version means there is never changed."""
        self._database.execute_many(
            "INSERT OR IGNORE INTO versions (source, kind, name, version, digest, revision, interface, description)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    source,
                    each.kind,
                    each.name,
                    each.version,
                    each.digest,
                    each.revision,
                    each.interface,
                    each.description,
                )
                for each in versions
            ],
        )


def _events_of_source(before: SourceState | None, now: SourceState) -> list[Event]:
    """What is said of a source now, if that is something else or of another revision than before."""
    said = event_of_conditions(_resource_of(now))
    if said is None:
        return []
    known = event_of_conditions(_resource_of(before)) if before is not None else None
    is_same = known is not None and (known.reason, known.message) == (said.reason, said.message)
    is_old = before is not None and before.attempted_revision == now.attempted_revision
    return [] if is_same and is_old else [said]


def _resource_of(source: SourceState) -> Resource:
    return Resource(SOURCE_KIND, source.name, None, source.name, source.attempted_revision, source.conditions)


def _says_the_same(before: Resource, now: Resource) -> bool:
    if before.version != now.version or before.is_suspended != now.is_suspended:
        return False
    return [_statement(condition) for condition in before.conditions] == [
        _statement(condition) for condition in now.conditions
    ]


def _statement(condition: Condition) -> Condition:
    return replace(condition, since=0.0)


def _dated(conditions: tuple[Condition, ...], before: tuple[Condition, ...], now: float) -> tuple[Condition, ...]:
    since = {(condition.type, condition.status): condition.since for condition in before}
    return tuple(
        replace(condition, since=since.get((condition.type, condition.status), now)) for condition in conditions
    )
