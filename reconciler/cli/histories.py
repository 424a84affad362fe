"""What came of a resource over time: each content once for each thing that came of it, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.cli.contract import rfc3339
from reconciler.model.events import SOURCE_KIND
from reconciler.model.manifests import Kind
from reconciler.state.environments import READY
from reconciler.state.store import State
from reconciler.state.waiting_revisions import SKIPPED

Body = dict[str, Any]


def history_json(state: State, kind: str, name: str, limit: int) -> list[Body]:
    """Revisions of a source, runs of a pipeline, builds of an environment, versions of a model and of all else."""
    told = _BY_KIND.get(kind)
    return told(state, name, limit) if told else _versions(state, Kind(kind), name, limit)


def _entry(what: str, status: str, first: float | None, last: float | None, **more: Any) -> Body:
    return {
        "what": what,
        "status": status,
        "first": None if first is None else rfc3339(first),
        "last": None if last is None else rfc3339(last),
        "count": 1,
        "digest": None,
        "revision": None,
        "run": None,
        "trigger": None,
        "message": None,
        **{key: value if value != "" else None for key, value in more.items()},
    }


def _source(state: State, name: str, limit: int) -> list[Body]:
    return [
        _entry(
            each.revision,
            each.outcome,
            each.first,
            each.last,
            count=each.count,
            digest=each.revision.rpartition(":")[2],
            revision=each.revision,
            trigger=each.trigger,
            message=": ".join(filter(None, (each.reason, each.message))),
        )
        for each in state.history.revisions(name, limit)
    ]


def _pipeline(state: State, name: str, limit: int) -> list[Body]:
    """Runs, and the revisions that were skipped as a newer one came."""
    told = [*_runs(state, name, limit), *_skipped(state, name)]
    return sorted(told, key=lambda each: str(each["last"]), reverse=True)[:limit]


def _skipped(state: State, name: str) -> list[Body]:
    return [
        _entry(
            each.revision,
            "skipped",
            each.first,
            each.last,
            count=each.count,
            revision=each.revision,
            message=each.message,
        )
        for each in reversed(state.events.recent(Kind.PIPELINE, name))
        if each.reason == SKIPPED
    ]


def _runs(state: State, name: str, limit: int) -> list[Body]:
    return [
        _entry(
            each.run.id,
            each.run.status,
            each.first,
            each.run.ended or each.run.started,
            count=each.count,
            digest=each.run.closure,
            revision=each.run.revision,
            run=each.run.id,
            trigger=each.run.trigger,
            message=each.run.error.partition("\n")[0] or "; ".join(each.run.reasons),
        )
        for each in state.history.runs(name, limit)
    ]


def _environment(state: State, name: str, limit: int) -> list[Body]:
    return [
        _entry(
            f"{each.version or name} for {each.engine}",
            "built" if each.status == READY else each.status,
            each.first,
            each.ended,
            count=each.count,
            digest=each.digest,
            message=each.error.partition("\n")[0],
        )
        for each in state.history.builds(name, limit)
    ]


def _model(state: State, name: str, limit: int) -> list[Body]:
    judged = state.model_registry.last_judgements()
    told = []
    for model in state.model_registry.versions(name)[:limit]:
        run, judgement = state.runs.get(model.run_id), judged.get((model.name, model.version))
        status = "registered" if judgement is None else "promoted" if judgement.is_promoted else "not promoted"
        moment = (run.ended or run.started) if run else None
        told.append(
            _entry(
                model.semver or model.version,
                status,
                moment,
                moment,
                revision=run.revision if run else "",
                run=model.run_id,
                trigger=run.trigger if run else "",
                message=judgement.why if judgement else "",
            )
        )
    return told


def _versions(state: State, kind: Kind, name: str, limit: int) -> list[Body]:
    told = []
    for known in list(reversed(state.sources.versions_of(kind, name)))[:limit]:
        applied = state.history.applied(known.revision)
        moment = applied.first if applied else None
        told.append(
            _entry(
                known.version,
                "applied",
                moment,
                moment,
                digest=known.digest,
                revision=known.revision,
                trigger=applied.trigger if applied else "",
            )
        )
    return told


_BY_KIND: Mapping[str, Callable[[State, str, int], list[Body]]] = {
    SOURCE_KIND: _source,
    Kind.PIPELINE: _pipeline,
    Kind.ENVIRONMENT: _environment,
    Kind.MODEL: _model,
}
