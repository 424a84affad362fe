"""Which versions of a component, environment or data asset the current runs were made of."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.runs import RunStatus
from reconciler.state.database import Database
from reconciler.state.encoding import lock_of, text

_CURRENT = (
    "WITH newest AS (SELECT pipeline, MAX(sequence) AS sequence FROM runs"  # noqa: S608 - all of it is ours
    f" WHERE status IN ('{RunStatus.SUCCEEDED}', '{RunStatus.RESTORED}') GROUP BY pipeline),"
    " current AS (SELECT runs.* FROM newest JOIN runs"
    " ON runs.pipeline = newest.pipeline AND runs.sequence = newest.sequence) "
)
_FIELDS = {Kind.COMPONENT: "component", Kind.ENVIRONMENT: "environment"}


@dataclass(frozen=True, slots=True)
class Use:
    """A version that the current run of a pipeline was made of.

    Attributes:
        references: as they are written, none where the run kept no lock.
        steps: those whose definition names it; of data, none.
    """

    pipeline: str
    run_id: str
    source: str
    version: str | None
    references: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    tag: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step whose definition names what is looked for."""

    name: str
    version: str | None


class Uses:
    """Looks through the current runs of all pipelines: through their locks, and the definitions of their steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: Kind, name: str) -> list[Use]:
        """The versions in use, by pipeline.

        A lock says it best. Where it does not, as in runs that are older than locks, the steps do: a component without
        a version is not told from a job of the same name then, and is left out.
        """
        with self._database.snapshot():
            steps = self._steps(kind, name)
            locks = self._locks(kind, name)
            runs = self._database.rows(
                f"{_CURRENT} SELECT id, pipeline, source FROM current ORDER BY pipeline"  # noqa: S608 - all ours
            )
        found: list[Use] = []
        for run in runs:
            own, lock = steps.get(run["id"], []), locks.get(run["id"])
            origin = (run["pipeline"], run["id"], run["source"])
            found.extend(_locked(origin, lock, own) if lock else _defined(origin, own))
        return found

    def _locks(self, kind: Kind, name: str) -> dict[str, list[Resolution]]:
        """What the locks of the current runs say of it, by run; only those that hold its name are read."""
        rows = self._database.rows(
            f"{_CURRENT} SELECT id, lock FROM current WHERE instr(lock, ?)",  # noqa: S608
            (f'"name":{text(name)}',),
        )
        found = {
            row["id"]: [each for each in lock_of(row["lock"]) if (each.kind, each.name) == (kind, name)] for row in rows
        }
        return {run_id: resolutions for run_id, resolutions in found.items() if resolutions}

    def _steps(self, kind: Kind, name: str) -> dict[str, list[_Step]]:
        """The steps of the current runs whose definitions name it, by run."""
        field = _FIELDS.get(kind)
        if field is None:
            return {}
        versions = self._versions_by_definition(kind, f'"{field}":{text(name)}')
        rows = self._database.rows(
            f"{_CURRENT} SELECT steps.run_id, steps.name, steps.definition FROM current"  # noqa: S608
            " JOIN steps ON steps.run_id = current.id WHERE trial = '' ORDER BY position"
        )
        found: dict[str, list[_Step]] = {}
        for row in rows:
            if row["definition"] in versions:
                found.setdefault(row["run_id"], []).append(_Step(row["name"], versions[row["definition"]]))
        return found

    def _versions_by_definition(self, kind: Kind, told: str) -> dict[str, str | None]:
        rows = self._database.rows("SELECT digest, body FROM definitions WHERE instr(body, ?)", (told,))
        bodies = {row["digest"]: json.loads(row["body"]) for row in rows}
        if kind is Kind.COMPONENT:
            return {digest: body["version"] for digest, body in bodies.items() if body["version"] is not None}
        built = {
            row["digest"]: row["version"] for row in self._database.rows("SELECT digest, version FROM environments")
        }
        return {digest: built.get(body["environment_digest"]) or None for digest, body in bodies.items()}


def _locked(origin: tuple[str, str, str], lock: list[Resolution], steps: list[_Step]) -> list[Use]:
    """One use for each version of a lock, with the steps of that version, or all of them where there is but one."""
    by_version: dict[tuple[str | None, str], list[Resolution]] = {}
    for resolution in lock:
        by_version.setdefault((resolution.version, resolution.tag), []).append(resolution)
    return [
        Use(
            *origin,
            version,
            tuple(dict.fromkeys(each.reference for each in same)),
            tuple(step.name for step in steps if len(by_version) == 1 or step.version == version),
            tag,
            same[0].commit,
        )
        for (version, tag), same in by_version.items()
    ]


def _defined(origin: tuple[str, str, str], steps: list[_Step]) -> list[Use]:
    by_version: dict[str | None, list[str]] = {}
    for step in steps:
        by_version.setdefault(step.version, []).append(step.name)
    return [Use(*origin, version, (), tuple(names)) for version, names in by_version.items()]
