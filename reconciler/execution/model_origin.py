"""What made a model version, as tags of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from reconciler.execution.origin import Origin
from reconciler.model.runs import Run
from reconciler.model.steps import DataSource, Graph
from reconciler.planning.signatures import semver_of

RUN = "reconciler.run"
COMMIT = "reconciler.commit"
_LONGEST = 5000  # what MLflow before version 3 takes
_Named = dict[str, dict[str, str | None]]


def commit_of(run: Run, origin: Origin) -> str:
    """The commit that a run is of, "" for files that were never committed."""
    if origin.commit:
        return origin.commit
    name, _, commit = run.revision.rpartition("sha1:")
    return commit if name and not run.revision.startswith("worktree") else ""


def origin_tags(run: Run, graph: Graph, origin: Origin) -> dict[str, str]:
    """The run, the commit, and the versions of all components and data of the pipeline."""
    tags = {
        RUN: run.id,
        "reconciler.pipeline": graph.pipeline,
        COMMIT: commit_of(run, origin),
        "reconciler.revision": run.revision,
        "reconciler.components": _told(_components(graph)),
        "reconciler.data": _told(_data(graph)),
    }
    return {name: value for name, value in tags.items() if value}


def _components(graph: Graph) -> _Named:
    definitions = [step.definition for step in graph.steps]
    return {
        each.component: {"version": each.version, "digest": f"git:{each.code.tree}" if each.code else each.digest}
        for each in definitions
    }


def _data(graph: Graph) -> _Named:
    found: _Named = {}
    for source in _data_sources(graph):
        name, _, version = source.label.rpartition(" ")
        is_versioned = bool(name) and semver_of(version) is not None
        found[name if is_versioned else source.label] = {
            "version": version if is_versioned else None,
            "digest": source.digest,
        }
    return found


def _data_sources(graph: Graph) -> Iterable[DataSource]:
    for step in graph.steps:
        for _, source in step.sources:
            if isinstance(source, DataSource):
                yield source


def _told(named: Mapping[str, Mapping[str, str | None]]) -> str:
    """As JSON; of what is too long, versions alone, and as many as there is room for."""
    if not named:
        return ""
    whole = _json(named)
    if len(whole) <= _LONGEST:
        return whole
    versions = {name: each["version"] or each["digest"] for name, each in named.items()}
    told: dict[str, str | None] = {}
    room = _LONGEST - len(_json({"…": str(len(versions))}))
    for name, version in versions.items():
        room -= len(_json({name: version}))
        if room < 0:
            return _json({**told, "…": str(len(versions) - len(told))})
        told[name] = version
    return _json(told)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
