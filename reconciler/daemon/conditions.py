"""What is said of each resource: one line that tells whether it is as Git says, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Environment, Kind
from reconciler.model.pipelines import Pipeline
from reconciler.model.runs import Run, RunStatus
from reconciler.model.schedules import Schedule
from reconciler.model.status import Condition, Resource, ready, reconciling, stalled
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.repository_paths import Unresolved
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
    """
    built = {environment.digest: environment for environment in state.environments.all(state.settings.engine)}
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
            conditions = reconciling("Frozen", (frozen or {})[manifest.name])
        elif isinstance(manifest, Schedule):
            conditions = schedules[manifest.name]
        else:
            conditions = _conditions(manifest, desired, state, built, waiting)
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
) -> Conditions:
    if isinstance(manifest, Pipeline):
        return pipeline_conditions(state, manifest.name, waiting.get(manifest.name, ""))
    if isinstance(manifest, Environment):
        try:
            return environment_conditions(built.get(environment_spec(manifest, desired).digest))
        except Unresolved as unresolved:
            return stalled("Invalid", unresolved.problem.message)
    return ready("Applied", "as in Git")


def pipeline_conditions(state: State, pipeline: str, waiting: str) -> Conditions:
    """What the newest run says of a pipeline."""
    newest = next(iter(state.runs.recent(pipeline, limit=1)), None)
    if newest is None:
        return reconciling("Waiting", waiting or "its first run is about to start")
    return _RUN_CONDITIONS[newest.status](newest, waiting)


def _failed(run: Run, waiting: str) -> Conditions:
    first = run.error.splitlines()[0] if run.error else "a step failed"
    if waiting:
        return reconciling("Retrying", f"{run.id}: {first} ({waiting})")
    return stalled("RunFailed", f"{run.id}: {first}")


_RUN_CONDITIONS: Mapping[RunStatus, Callable[[Run, str], Conditions]] = {
    RunStatus.RUNNING: lambda run, _: reconciling("Running", f"{run.id} is running"),
    RunStatus.SUCCEEDED: lambda run, _: ready("RunSucceeded", f"{run.id} is current"),
    RunStatus.RESTORED: lambda run, _: ready("RunRestored", f"{run.id} restored {run.restored_from}"),
    RunStatus.FAILED: _failed,
    RunStatus.CANCELLED: lambda run, _: stalled("RunCancelled", f"{run.id} was cancelled: {run.error}"),
}


def environment_conditions(environment: EnvironmentState | None) -> Conditions:
    """What the last build says of an environment; one that no step needed yet is not built, and that is right."""
    if environment is None:
        return ready("NotNeeded", "is built when a step needs it")
    if environment.status == BUILDING:
        return reconciling("Building", f"log: {environment.log}")
    if environment.status == FAILED:
        return stalled("BuildFailed", environment.error or "the build failed")
    if environment.status == GONE:
        return reconciling("Gone", "was removed from the engine by somebody else; it is built again")
    return ready("Built", f"digest {environment.digest[:12]}")
