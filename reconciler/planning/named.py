"""What a manifest names: references to other manifests, and paths of the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.data_paths import BadPathError, InRepository, data_place
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Component, DataAsset, Environment, Kind, Model
from reconciler.model.pipelines import Binding, FromData, Job, Literal, Pipeline, PipelineComponent
from reconciler.model.problems import Pointer
from reconciler.model.references import Reference
from reconciler.model.schedules import Schedule


@dataclass(frozen=True, slots=True)
class UsedReference:
    """A reference in `file`.

    Attributes:
        pointer: the way to it there, or to the mapping that holds it as `path:`.
    """

    kind: Kind
    reference: Reference
    file: str
    pointer: Pointer = ()

    @property
    def key(self) -> object:
        """Equal where the same is meant."""
        return (self.kind, self.reference.short, self.file if self.reference.path is not None else "")


def references_of(manifest: AnyManifest) -> Iterator[UsedReference]:
    """The references that stand in a manifest."""
    match manifest:
        case Component(environment=Reference() as environment):
            yield UsedReference(Kind.ENVIRONMENT, environment, manifest.file, (*manifest.place, "environment"))
        case Pipeline():
            for given in manifest.inputs:
                yield from _of_data(given.value, manifest.file, (*manifest.place, "inputs", given.name))
            yield from _of_jobs(manifest.jobs, manifest.file)
        case PipelineComponent():
            for name, value in manifest.data:
                yield from _of_data(value, manifest.file, (*manifest.place, "inputs", name))
            yield from _of_jobs(manifest.jobs, manifest.file)
        case Schedule():
            for name, given_value in manifest.overrides.inputs:
                yield from _of_data(given_value, manifest.file, ("create_job", "inputs", name))
            if isinstance(manifest.job, Reference):
                yield UsedReference(Kind.PIPELINE, manifest.job, manifest.file, manifest.job_place)
            else:
                yield from references_of(manifest.job) if isinstance(manifest.job, Pipeline) else ()


def paths_named_by(manifest: AnyManifest) -> Iterator[str]:
    """The paths, as written, of what a manifest is made of; they start at its file."""
    match manifest:
        case Component():
            yield from (path for path in (manifest.code, *manifest.includes) if path is not None)
            if isinstance(manifest.environment, Environment):
                yield from paths_named_by(manifest.environment)
        case Environment():
            yield from (path for path in (manifest.conda_file, manifest.build_path) if path is not None)
        case DataAsset() | Model():
            yield from _of_path(manifest.path)
        case Pipeline() | PipelineComponent():
            given = (each.value for each in manifest.inputs) if isinstance(manifest, Pipeline) else ()
            for value in (*given, *(value for job in manifest.jobs for _, value in job.inputs)):
                yield from _of_value(value)
            for job in manifest.jobs:
                yield from _of_job(job)


def _of_jobs(jobs: Iterable[Job], file: str) -> Iterator[UsedReference]:
    for job in jobs:
        if isinstance(job.component, Reference):
            pointer = (*job.place, "trial" if job.sweep else "component")
            yield UsedReference(Kind.COMPONENT, job.component, job.file or file, pointer)
        elif job.component is not None:
            yield from references_of(job.component)
        if isinstance(job.environment, Reference):
            yield UsedReference(Kind.ENVIRONMENT, job.environment, job.file or file, (*job.place, "environment"))
        for name, value in job.inputs:
            yield from _of_data(value, job.file or file, (*job.place, "inputs", name))


def _of_data(value: Binding | None, file: str, pointer: Pointer) -> Iterator[UsedReference]:
    if isinstance(value, FromData) and value.reference is not None:
        yield UsedReference(Kind.DATA, value.reference, value.file or file, pointer)


def _of_job(job: Job) -> Iterator[str]:
    match job.component:
        case Reference(path=str(path)):
            yield path
        case Component() | PipelineComponent():
            yield from paths_named_by(job.component)
    if isinstance(job.environment, Environment):
        yield from paths_named_by(job.environment)


def _of_value(value: Binding | None) -> Iterator[str]:
    match value:
        case FromData(path=str(path)):
            yield from _of_path(path)
        case Literal(str(text)) if "/" in text:
            yield from _of_path(text)


def _of_path(written: str) -> Iterator[str]:
    try:
        place = data_place(written)
    except BadPathError:
        return
    if isinstance(place, InRepository) and not place.is_from_root:
        yield place.path
