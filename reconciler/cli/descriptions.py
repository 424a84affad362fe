"""What the state knows of one resource, beyond what `get` says of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.cli.contract import lock_json, resource_json, rfc3339, seconds
from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.runs import RegisteredModel, Run
from reconciler.model.status import Resource
from reconciler.state.environments import EnvironmentState
from reconciler.state.schedules import ScheduleState
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State
from reconciler.state.uses import Use

_RUNS_SHOWN = 10
Body = dict[str, Any]


def description(state: State, resource: Resource, resources: Sequence[Resource]) -> Body:
    """A resource with what only its kind has; `resources` are all that were applied."""
    more = _MORE.get(resource.kind)
    return {**resource_json(resource), **(more(state, resource.name, resources) if more else {})}


def pipeline_of_runs(state: State, name: str) -> Body | None:
    """A pipeline that no source holds, but that ran: of a work tree, at a schedule, or before it was deleted."""
    newest = next(iter(state.runs.recent(name, limit=1)), None)
    if newest is None:
        return None
    return description(state, Resource(Kind.PIPELINE, name, None, newest.source, newest.revision, ()), ())


def model_of_runs(state: State, name: str) -> Body | None:
    """A model that no manifest names, but that a run registered."""
    newest = next(iter(state.runs.models_named(name)), None)
    run = state.runs.get(newest.run_id) if newest else None
    if run is None:
        return None
    return description(state, Resource(Kind.MODEL, name, None, run.source, run.revision, ()), ())


def data_of_runs(state: State, name: str) -> Body | None:
    """Data that no manifest names, but that a step registered."""
    known = state.assets.named(name)
    run = state.runs.get(known[-1].run_id) if known else None
    if run is None:
        return None
    resource = Resource(Kind.DATA, name, known[-1].version, run.source, run.revision, ())
    return description(state, resource, ())


def _source(state: State, name: str, _: Sequence[Resource]) -> Body:
    source = state.sources.get(name)
    if source is None:
        return {}
    return {"url": source.url, "branch": source.branch, "attempted_revision": source.attempted_revision}


def _pipeline(state: State, name: str, resources: Sequence[Resource]) -> Body:
    found = state.runs.current(name)
    current = state.runs.get(found.id) if found else None  # with its lock
    return {
        "versions": _versions(state, Kind.PIPELINE, name),
        "schedules": [
            _schedule_json(schedule, _says(resources, schedule)) for schedule in state.schedules.of_pipeline(name)
        ],
        "waiting": [
            {"revision": each.revision, "since": rfc3339(each.since), "trigger": each.trigger, "source": each.source}
            for each in state.waiting_revisions.of_pipeline(name)
        ],
        "runs": [_run_json(run) for run in state.runs.recent(name, limit=_RUNS_SHOWN)],
        "current": current.id if current else None,
        "lock": explained_lock_json(current.lock) if current else [],
        "models": models_json(state, state.runs.models_of(name)),
    }


def _component(state: State, name: str, resources: Sequence[Resource]) -> Body:
    return {
        "versions": _versions(state, Kind.COMPONENT, name),
        "used_by": _used_by(state, Kind.COMPONENT, name, resources),
    }


def _environment(state: State, name: str, resources: Sequence[Resource]) -> Body:
    builds = [_build_json(build) for build in reversed(state.environments.all()) if build.name == name]
    return {
        "versions": _versions(state, Kind.ENVIRONMENT, name),
        "builds": builds,
        "used_by": _used_by(state, Kind.ENVIRONMENT, name, resources),
    }


def _data(state: State, name: str, resources: Sequence[Resource]) -> Body:
    registered = [
        {"version": each.version, "type": each.type, "digest": each.digest, "run": each.run_id, "step": each.step}
        for each in reversed(state.assets.named(name))
    ]
    return {
        "versions": _versions(state, Kind.DATA, name),
        "registered": registered,
        "used_by": _used_by(state, Kind.DATA, name, resources),
    }


def _model(state: State, name: str, resources: Sequence[Resource]) -> Body:
    return {
        "models": models_json(state, state.model_registry.versions(name)),
        "used_by": _used_by(state, Kind.MODEL, name, resources),
    }


def _schedule(state: State, name: str, _: Sequence[Resource]) -> Body:
    known = next(iter(state.schedules.named(name)), None)
    if known is None:
        return {"pipeline": None, "fired": None, "run": None}
    told = _schedule_json(known, "")
    return {"pipeline": known.pipeline or None, "fired": told["fired"], "run": told["run"]}


_MORE: Mapping[str, Callable[[State, str, Sequence[Resource]], Body]] = {
    "source": _source,
    Kind.PIPELINE: _pipeline,
    Kind.COMPONENT: _component,
    Kind.ENVIRONMENT: _environment,
    Kind.DATA: _data,
    Kind.MODEL: _model,
    Kind.SCHEDULE: _schedule,
}


def explained_lock_json(lock: Sequence[Resolution]) -> list[Body]:
    """A lock with each resolution in a line too."""
    told = zip(lock_json(lock), lock, strict=True)
    return [{**body, "explained": resolution.explained()} for body, resolution in told]


def models_json(state: State, newest_first: Sequence[RegisteredModel]) -> list[Body]:
    """Each version once, with the run that made it, and the aliases that point at it now."""
    made = {(model.name, model.version): model for model in newest_first}
    held = {name: state.model_registry.aliases(name) for name in {name for name, _ in made}}
    return [
        {
            "name": model.name,
            "version": model.version,
            "semver": model.semver or None,
            "aliases": [alias for alias, version in held[model.name].items() if version == model.version],
            "metric_name": model.metric_name or None,
            "metric": model.metric,
            "run": model.run_id,
            "mlflow_run_id": model.mlflow_run_id,
        }
        for model in made.values()
    ]


def _versions(state: State, kind: Kind, name: str) -> list[Body]:
    """The versions that were applied, the newest first."""
    return [
        {"version": known.version, "digest": known.digest, "revision": known.revision}
        for known in reversed(state.sources.versions_of(kind, name))
    ]


def _used_by(state: State, kind: Kind, name: str, resources: Sequence[Resource]) -> list[Body]:
    """The current runs that it is in, without those of pipelines that are gone from their source."""
    applied = {(each.source, str(each.kind), each.name) for each in resources}
    return [_use_json(use) for use in state.uses.of(kind, name) if _is_alive(use, applied)]


def _is_alive(use: Use, applied: set[tuple[str, str, str]]) -> bool:
    _, _, schedule = use.pipeline.partition("@")  # the runs of a schedule's own are named after it
    holder = (use.source, Kind.SCHEDULE, schedule) if schedule else (use.source, Kind.PIPELINE, use.pipeline)
    return use.source == LOCAL_SOURCE or holder in applied


def _use_json(use: Use) -> Body:
    return {
        "pipeline": use.pipeline,
        "run": use.run_id,
        "version": use.version,
        "references": list(use.references),
        "tag": use.tag or None,
        "commit": use.commit or None,
        "steps": list(use.steps),
    }


def _run_json(run: Run) -> Body:
    return {
        "id": run.id,
        "status": run.status,
        "trigger": run.trigger,
        "revision": run.revision,
        "started": rfc3339(run.started),
        "seconds": seconds(run.started, run.ended),
    }


def _build_json(build: EnvironmentState) -> Body:
    return {
        "engine": build.engine,
        "version": build.version or None,
        "status": build.status,
        "digest": build.digest,
        "location": build.location or None,
        "started": rfc3339(build.started) if build.started is not None else None,
        "seconds": seconds(build.started, build.ended),
        "log": build.log or None,
        "error": build.error or None,
    }


def _schedule_json(schedule: ScheduleState, says: str) -> Body:
    return {
        "name": schedule.name,
        "source": schedule.source,
        "fired": rfc3339(schedule.fired) if schedule.fired is not None else None,
        "run": schedule.run_id or None,
        "says": says or schedule.said,
    }


def _says(resources: Sequence[Resource], schedule: ScheduleState) -> str:
    for each in resources:
        if (each.kind, each.source, each.name) == (Kind.SCHEDULE, schedule.source, schedule.name):
            return "; ".join(condition.message for condition in each.conditions[:1])
    return ""
