"""The actual state where nobody can be asked for it: whatever a revision asked for is taken to have been done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Actual, ReleasedVersion
from reconciler.model.runs import Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.steps import Graph, Step, fingerprint_of
from reconciler.planning.diff import known_inputs

_BASE = "the base"  # stands where a run that made something is named


def assumed_actual(
    revision: str,
    graphs: Iterable[Graph],
    versions: Collection[ReleasedVersion],
    applied: frozenset[tuple[Kind, str]],
) -> Actual:
    """The state that there is once every pipeline of a revision has succeeded.

    What steps wrote is not known; it is named after all that it was made of, so that what is made of the same is reused
    and what comes after something that runs is a maybe.
    """
    current: dict[str, Run] = {}
    current_steps: dict[str, Mapping[str, StepRun]] = {}
    results: dict[str, Result] = {}
    environments: set[str] = set()
    definitions = {}
    for graph in graphs:
        if graph.hindrances:
            continue
        run = Run(_BASE, graph.pipeline, "", revision, graph.closure, RunStatus.SUCCEEDED, "", 0.0)
        current[graph.pipeline] = run
        made: dict[str, Result | None] = {}
        steps: dict[str, StepRun] = {}
        for step in graph.steps:
            result, ran = _as_if_run(step, made)
            made[step.name] = results[result.fingerprint] = result
            steps[step.name] = ran
            definitions[step.definition.digest] = step.definition
            environments.add(step.environment.digest)
        current_steps[graph.pipeline] = steps
    return Actual(
        revision=revision,
        ready_environments=frozenset(environments),
        results=results,
        current=current,
        current_steps=current_steps,
        definitions=definitions,
        versions=versions_known(versions),
        applied=applied,
    )


def versions_known(versions: Iterable[ReleasedVersion]) -> dict[tuple[Kind, str, str], ReleasedVersion]:
    """Versions by what they are called."""
    return {(each.kind, each.name, each.version): each for each in versions}


def names_in(desired: Desired) -> frozenset[tuple[Kind, str]]:
    """The kinds and names of all manifests of a revision."""
    return frozenset((kind_of(manifest), manifest.name) for manifest in desired.manifests.values())


def _as_if_run(step: Step, made: Mapping[str, Result | None]) -> tuple[Result, StepRun]:
    inputs, _ = known_inputs(step, made)
    fingerprint = fingerprint_of(step.definition.digest, inputs)
    outputs = {name: f"{name} of {fingerprint}" for name, _ in step.definition.outputs}
    result = Result(fingerprint, step.definition.digest, outputs, _BASE, step.name)
    ran = StepRun(
        _BASE,
        step.name,
        kind=step.kind,
        status=StepStatus.SUCCEEDED,
        fingerprint=fingerprint,
        definition=step.definition.digest,
        inputs=inputs,
        outputs=outputs,
    )
    return result, ran
