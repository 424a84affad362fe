"""What is said of each resource: one line that tells whether it is as Git says, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Environment, Kind
from reconciler.model.pipelines import Pipeline
from reconciler.model.runs import Run, RunStatus
from reconciler.model.schedules import Schedule
from reconciler.model.status import Condition, Resource, not_ready, ready, reconciling, stalled, transient, waits
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.repository_paths import Unresolved
from reconciler.state.backlog import moment, told
from reconciler.state.environments import BUILDING, FAILED, GONE, EnvironmentState
from reconciler.state.store import State

Conditions = tuple[Condition, ...]
_NOTHING: Mapping[tuple[Kind, str], str] = {}


def resources_of(
    desired: Desired,
    state: State,
    source: str,
    waiting: Mapping[str, str],
    unsupported: Mapping[str, str],
    schedules: Mapping[str, Conditions],
    mutated: Mapping[tuple[Kind, str], str] = _NOTHING,
    taken: Mapping[str, str] | None = None,
    frozen: Mapping[str, str] | None = None,
    lost: Mapping[str, str] | None = None,
    retries: Mapping[str, float] | None = None,
    lines: Mapping[str, str] | None = None,
    heals_itself: bool = True,
) -> list[Resource]:
    """All resources of a desired state.

    Args:
        waiting: what the daemon waits for, by pipeline.
        unsupported: why pipelines cannot run here, by name.
        schedules: how schedules stand, by name.
        mutated: what a newer revision, which is refused, does to versions of resources.
        taken: the sources that have pipelines of the same names, by name.
        frozen: why pipelines may not start now, by name.
        lost: why pipelines cannot be what they are pinned to, by name.
        retries: when failed pipelines are tried again, by name.
        lines: the revisions that wait for pipelines to run them, by name.
        heals_itself: whether environments that are gone are built again.
    """
    built = {
        environment.digest: environment for environment in state.environments.all(state.settings.engine_of(source))
    }
    found: dict[tuple[Kind, str], Resource] = {}
    for manifest in desired.manifests.values():
        kind = kind_of(manifest)
        if (kind, manifest.name) in mutated:
            conditions = stalled("VersionMutated", mutated[kind, manifest.name])
        elif isinstance(manifest, Pipeline) and manifest.name in unsupported:
            conditions = stalled("Unsupported", unsupported[manifest.name])
        elif isinstance(manifest, Pipeline) and manifest.name in (taken or {}):
            conditions = stalled("NameTaken", _taken(manifest.name, (taken or {})[manifest.name]))
        elif isinstance(manifest, Pipeline) and manifest.name in (lost or {}):
            conditions = stalled("PinLost", (lost or {})[manifest.name])
        elif isinstance(manifest, Pipeline) and manifest.name in (frozen or {}):
            conditions = waits("Frozen", (frozen or {})[manifest.name])
        elif isinstance(manifest, Schedule):
            conditions = schedules[manifest.name]
        else:
            conditions = _conditions(manifest, desired, state, built, waiting, retries or {}, heals_itself)
        if isinstance(manifest, Pipeline):
            conditions = _with_line(conditions, (lines or {}).get(manifest.name, ""))
        revision = desired.snapshot.revision
        is_suspended = isinstance(manifest, Pipeline | Schedule) and manifest.is_suspended
        found[kind, manifest.name] = Resource(
            kind, manifest.name, manifest.version, source, revision, conditions, is_suspended
        )
    return list(found.values())


def _taken(pipeline: str, source: str) -> str:
    return f"source {source} has a pipeline {pipeline}, whose runs go by that name; give this one another name"


def _conditions(
    manifest: AnyManifest,
    desired: Desired,
    state: State,
    built: Mapping[str, EnvironmentState],
    waiting: Mapping[str, str],
    retries: Mapping[str, float],
    heals_itself: bool,
) -> Conditions:
    if isinstance(manifest, Pipeline):
        name = manifest.name
        return pipeline_conditions(state, name, waiting.get(name, ""), retries.get(name))
    if isinstance(manifest, Environment):
        try:
            return environment_conditions(built.get(environment_spec(manifest, desired).digest), heals_itself)
        except Unresolved as unresolved:
            return stalled("Invalid", unresolved.problem.message)
    return ready("Applied", "as in Git")


def _with_line(conditions: Conditions, line: str) -> Conditions:
    return tuple(replace(each, message=f"{each.message}; {line}") for each in conditions) if line else conditions


def pipeline_conditions(state: State, pipeline: str, waiting: str, retry_at: float | None = None) -> Conditions:
    """What the newest run says of a pipeline.

    Args:
        waiting: what it waits for, "" for nothing.
        retry_at: when it is tried again, None where it is not.
    """
    newest = next(iter(state.runs.recent(pipeline, limit=1)), None)
    if newest is None:
        return waits("Waiting", waiting) if waiting else reconciling("Waiting", "its first run is about to start")
    backlog = state.settings.backlog if newest.status is RunStatus.RUNNING else None
    if backlog is not None:
        return waits("RecordWaits", f"{newest.id} is running; {told(backlog)}")
    if newest.status is RunStatus.FAILED:
        return _with_line(_failed(newest, waiting, retry_at), _record_told(state, newest))
    return _with_line(_RUN_CONDITIONS[newest.status](newest), _record_told(state, newest))


def _record_told(state: State, run: Run) -> str:
    """That the record of a run which is over waits, "" where it does not."""
    since = state.waiting_records.since(run.id)
    return "" if since is None else f"its record waits for MLflow since {moment(since)}"


def _failed(run: Run, waiting: str, retry_at: float | None) -> Conditions:
    first = run.error.splitlines()[0] if run.error else "a step failed"
    if not waiting:
        return stalled("RunFailed", f"{run.id}: {first}")
    message = f"{run.id}: {first} ({waiting})"
    if retry_at is None:
        return waits("Retrying", message)
    return transient("Retrying", message, run.attempt, retry_at)


_RUN_CONDITIONS: Mapping[RunStatus, Callable[[Run], Conditions]] = {
    RunStatus.RUNNING: lambda run: reconciling("Running", f"{run.id} is running"),
    RunStatus.SUCCEEDED: lambda run: ready("RunSucceeded", f"{run.id} is current"),
    RunStatus.RESTORED: lambda run: ready("RunRestored", f"{run.id} restored {run.restored_from}"),
    RunStatus.CANCELLED: lambda run: stalled("RunCancelled", f"{run.id} was cancelled: {run.error}"),
}


def environment_conditions(environment: EnvironmentState | None, heals_itself: bool = True) -> Conditions:
    """What the last build says of an environment; one that no step needed yet is not built, and that is right."""
    if environment is None:
        return ready("NotNeeded", "is built when a step needs it")
    if environment.status == BUILDING:
        return reconciling("Building", f"log: {environment.log}")
    if environment.status == FAILED:
        return stalled("BuildFailed", environment.error or "the build failed")
    if environment.status == GONE and heals_itself:
        return reconciling("Gone", "was removed from the engine by somebody else; it is built again")
    if environment.status == GONE:
        return not_ready("Gone", "was removed from the engine by somebody else; it is built again when a step needs it")
    return ready("Built", f"digest {environment.digest[:12]}")
