"""What was found against what should be there: the comparisons, without a look at anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model.drift import Drift, DriftKind
from reconciler.model.manifests import MODEL_TYPES, Kind
from reconciler.model.runs import RegisteredModel, Run, StepRun
from reconciler.model.steps import Graph, Step, StepSource

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Registry:
    """What MLflow holds of models.

    Attributes:
        versions: MLflow's numbers by model.
        aliases: the versions that aliases point at, by model and alias.
    """

    versions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)


def lost_outputs(
    graph: Graph, run: Run, steps: Mapping[str, StepRun], lost: Mapping[str, str], with_result: frozenset[str]
) -> list[Drift]:
    """The outputs of a current run that are not there as they were written.

    One that no step reads and that is registered as nothing is told only as long as its result would be reused.

    Args:
        lost: what became of contents, by digest.
        with_result: the steps whose results are known.
    """
    needed = needed_outputs(graph) if graph.closure == run.closure else frozenset()
    by_name = {step.name: step for step in graph.steps}
    found = []
    for step in steps.values():
        for output, digest in step.outputs.items():
            is_needed = (step.name, output) in needed
            if digest not in lost or not (is_needed or step.name in with_result):
                continue
            can_be_mended = not is_needed or by_name[step.name].is_deterministic
            hint = f"it is not deterministic: `reconciler run {graph.pipeline} --force` makes it anew"
            found.append(
                Drift(
                    DriftKind.OUTPUT,
                    f"{step.name}.{output}",
                    f"as {run.id} wrote it",
                    lost[digest],
                    (Kind.PIPELINE, graph.pipeline),
                    run.id,
                    step.name,
                    can_be_mended,
                    is_needed and can_be_mended,
                    "" if can_be_mended else hint,
                )
            )
    return found


def needed_outputs(graph: Graph) -> frozenset[tuple[str, str]]:
    """The outputs, by step and name, that another step reads or that are registered."""
    read = {
        (source.step, source.output)
        for step in graph.steps
        for _, source in step.sources
        if isinstance(source, StepSource)
    }
    registered = {(step.name, output.name) for step in graph.steps for output in step.outputs if output.asset_name}
    return frozenset(read | registered)


def lost_runs(graph: Graph, run: Run, steps: Iterable[StepRun], gone: frozenset[str]) -> list[Drift]:
    """The MLflow runs of a current run that are gone."""
    noted = [(run.id, run.mlflow_run_id), *((f"{run.id}/{step.name}", step.mlflow_run_id) for step in steps)]
    return [
        Drift(
            DriftKind.MLFLOW_RUN,
            name,
            "in MLflow",
            GONE,
            (Kind.PIPELINE, graph.pipeline),
            run.id,
            can_be_mended=False,
            hint="restore it in MLflow; its results are reused all the same",
        )
        for name, mlflow_run_id in noted
        if mlflow_run_id in gone
    ]


def lost_versions(graph: Graph, run: Run, models: Iterable[RegisteredModel], registry: Registry) -> list[Drift]:
    """The model versions of a current run that are gone; what a step's output was registered as comes back."""
    again = _registered_outputs(graph) if graph.closure == run.closure else frozenset()
    hint = f"a step registered it by itself: `reconciler run {graph.pipeline} --force` does so again"
    return [
        Drift(
            DriftKind.MODEL_VERSION,
            f"{model.name} {model.version}",
            "in MLflow",
            GONE,
            (Kind.PIPELINE, graph.pipeline),
            run.id,
            can_be_mended=model.name in again,
            needs_run=model.name in again,
            hint="" if model.name in again else hint,
        )
        for model in models
        if model.mlflow_run_id and model.version not in registry.versions.get(model.name, frozenset())
    ]


def moved_aliases(
    graph: Graph, run: Run, name: str, expected: Mapping[str, str], registry: Registry
) -> list[tuple[Drift, str, str]]:
    """The aliases of a model that point elsewhere than a run left them, each with its version; others are nobody's."""
    versions = registry.versions.get(name, frozenset())
    found = []
    for alias, version in sorted(expected.items()):
        at = registry.aliases.get((name, alias), "")
        if version not in versions or at == version:
            continue
        said = f"at {at}" if at else "nowhere"
        resource = (Kind.PIPELINE, graph.pipeline)
        found.append(
            (Drift(DriftKind.ALIAS, f"{name}@{alias}", f"at {version}", said, resource, run.id), alias, version)
        )
    return found


def to_remake(findings: Iterable[Drift]) -> dict[str, tuple[Drift, ...]]:
    """What a run has to mend, by pipeline."""
    found: dict[str, tuple[Drift, ...]] = {}
    for drift in findings:
        if drift.needs_run and drift.can_be_mended:
            found[drift.resource[1]] = (*found.get(drift.resource[1], ()), drift)
    return found


def without_root(findings: Iterable[Drift]) -> frozenset[str]:
    """The runs whose root run in MLflow is gone, so that nothing can go on under it."""
    return frozenset(drift.run for drift in findings if drift.kind is DriftKind.MLFLOW_RUN and drift.name == drift.run)


def _registered_outputs(graph: Graph) -> frozenset[str]:
    return frozenset(
        output.asset_name
        for step in graph.steps
        for output in step.outputs
        if output.asset_name and _type_of(step, output.name, output.type) in MODEL_TYPES
    )


def _type_of(step: Step, name: str, written: str) -> str:
    return written or dict(step.definition.outputs).get(name, "")
