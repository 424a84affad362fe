"""The lock of a pipeline: every reference in it with what it was resolved to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.pipelines import Pipeline
from reconciler.model.releases import Resolution
from reconciler.planning.named import UsedReference, references_of
from reconciler.planning.nesting import Unfolded
from reconciler.planning.resolve import Registry


def references_in(pipeline: Pipeline, unfolded: Unfolded) -> tuple[UsedReference, ...]:
    """All references that a pipeline depends on, in the order in which they stand; each once."""
    found: dict[object, UsedReference] = {}
    for used in every_reference_in(pipeline, unfolded):
        found.setdefault(used.key, used)
    return tuple(found.values())


def lock_of(references: Iterable[UsedReference], registry: Registry) -> tuple[Resolution, ...]:
    """What the references are resolved to; one that leads nowhere, which is told as a problem, is left out."""
    resolved = (registry.resolution(used.kind, used.reference, used.file) for used in references)
    return tuple(resolution for resolution in resolved if resolution is not None)


def every_reference_in(pipeline: Pipeline, unfolded: Unfolded) -> Iterator[UsedReference]:
    """The references that a pipeline depends on, each where it stands."""
    yield from references_of(pipeline)
    for part in unfolded.parts:
        yield from references_of(part)
    for job in unfolded.jobs:
        component = unfolded.components.get(job.name)
        if job.environment is None and component is not None:
            yield from references_of(component)
