"""The data that manifests name, before references are resolved: what has to be looked at outside of Git."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.data_paths import BadPathError, DataPlace, InRepository, data_place
from reconciler.model.desired import Desired
from reconciler.model.manifests import DATA_TYPES, Component, DataAsset, InputPort, Model
from reconciler.model.pipelines import Binding, FromData, FromPipelineInput, Job, Literal, Pipeline, PipelineComponent
from reconciler.model.references import Reference
from reconciler.model.schedules import Schedule
from reconciler.model.snapshot import MOUNT

_HINTS = ("/", "file:", "azureml:/")


@dataclass(frozen=True, slots=True)
class NamedData:
    """Data that a manifest names.

    Attributes:
        type: one of DATA_TYPES, "" where it is not said.
        file: the manifest; relative paths start there.
        is_used: False for a data asset or model that nothing refers to.
    """

    place: DataPlace
    type: str
    file: str
    is_used: bool = True


def named_data(desired: Desired) -> Iterator[NamedData]:
    """All data that manifests name by a path."""
    naming = _Naming(desired)
    for manifest in desired.with_released():
        match manifest:
            case Pipeline() | PipelineComponent():
                yield from naming.in_pipeline(manifest)
            case Schedule():
                for _, value in manifest.overrides.inputs:
                    if isinstance(value, FromData):
                        yield from naming.bound(value, manifest.file)
                if isinstance(manifest.job, Pipeline):
                    yield from naming.in_pipeline(manifest.job)
    yield from naming.assets()


def place_in_repository(place: InRepository, file: str) -> str:
    """A path of the repository, from its root; one that leads out of it begins with `..`."""
    tag, is_mounted, inside = file.rpartition(MOUNT)
    base = "" if place.is_from_root else posixpath.dirname(inside)
    joined = posixpath.normpath(posixpath.join(base, place.path.replace("\\", "/")))
    return ("" if place.is_from_root else tag + is_mounted) + ("" if joined == "." else joined)


class _Naming:
    """What one desired state names."""

    def __init__(self, desired: Desired) -> None:
        self._desired = desired
        self._components: dict[str, list[Component | PipelineComponent]] | None = None
        self._names: set[str] = set()
        self._files: set[str] = set()

    def in_pipeline(self, pipeline: Pipeline | PipelineComponent) -> Iterator[NamedData]:
        if isinstance(pipeline, Pipeline):
            for given in pipeline.inputs:
                if isinstance(given.value, FromData):
                    yield from self.bound(given.value, pipeline.file)
                elif _may_be_outside(given.value):
                    ports = None if given.type else self._ports_of(pipeline, given.name)
                    yield from self._literal(given.value, given.type, ports, pipeline.file)
        for job in pipeline.jobs:
            file = job.file or pipeline.file
            for name, value in job.inputs:
                if isinstance(value, FromData):
                    yield from self.bound(value, file)
                elif _may_be_outside(value):
                    yield from self._literal(value, None, self._ports(job, name, file), file)
            if isinstance(job.component, PipelineComponent):
                yield from self.in_pipeline(job.component)

    def bound(self, data: FromData, file: str) -> Iterator[NamedData]:
        if data.reference is not None:
            self._refer(data.reference, data.file or file)
        elif data.path:
            yield from self._at(data.path, data.type, data.file or file)

    def assets(self) -> Iterator[NamedData]:
        """The data assets and models; they are used where what was seen so far refers to them."""
        for manifest in self._desired.with_released():
            if isinstance(manifest, DataAsset | Model):
                is_used = manifest.name in self._names or manifest.file in self._files
                yield from self._at(manifest.path, manifest.type, manifest.file, is_used)

    def _refer(self, reference: Reference, file: str) -> None:
        if reference.path is not None:
            self._files.add(place_in_repository(InRepository(reference.path), file))
        elif reference.name is not None:
            self._names.add(reference.name)

    def _literal(
        self, literal: Binding | None, kind: str | None, ports: Sequence[InputPort] | None, file: str
    ) -> Iterator[NamedData]:
        """A text is data where the input that it is bound to is, or where nothing is known of that input."""
        if not isinstance(literal, Literal) or not isinstance(literal.value, str):
            return
        types = [kind] if kind else [port.type for port in ports or ()]
        data_types = [each for each in types if each in DATA_TYPES]
        if data_types or not types:
            yield from self._at(literal.value, data_types[0] if data_types else "", file)

    def _at(self, path: str, kind: str, file: str, is_used: bool = True) -> Iterator[NamedData]:
        try:
            yield NamedData(data_place(path, self._desired.settings.datastores), kind, file, is_used)
        except BadPathError:
            return  # told as a problem of the manifest

    def _ports_of(self, pipeline: Pipeline, name: str) -> list[InputPort]:
        """The inputs of jobs that an input of the pipeline is bound to."""
        return [
            port
            for job in pipeline.jobs
            for input_name, value in job.inputs
            if value == FromPipelineInput(name)
            for port in self._ports(job, input_name, job.file or pipeline.file)
        ]

    def _ports(self, job: Job, name: str, file: str) -> list[InputPort]:
        components: Sequence[Component | PipelineComponent]
        match job.component:
            case Reference(path=str(path)):
                manifest = self._desired.manifest_at(place_in_repository(InRepository(path), file))
                components = [manifest] if isinstance(manifest, Component | PipelineComponent) else []
            case Reference(name=str(wanted)):
                components = self._named(wanted)
            case Component() | PipelineComponent():
                components = [job.component]
            case _:
                components = []
        return [port for component in components for port in component.inputs if port.name == name]

    def _named(self, name: str) -> Sequence[Component | PipelineComponent]:
        if self._components is None:
            self._components = {}
            for manifest in self._desired.with_released():
                if isinstance(manifest, Component | PipelineComponent):
                    self._components.setdefault(manifest.name, []).append(manifest)
        return self._components.get(name, ())


def _may_be_outside(value: Binding | None) -> bool:
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        return False
    return value.value.startswith(_HINTS) or "://" in value.value
