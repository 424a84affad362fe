"""References to the manifests that they mean."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TypeVar

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import (
    MODEL_TYPES,
    Component,
    DataAsset,
    Environment,
    InputPort,
    Kind,
    Model,
    OutputPort,
)
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import FromData, Literal, Pipeline, PipelineComponent
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.references import LATEST, Reference
from reconciler.model.snapshot import EntryKind
from reconciler.model.versions import InvalidRangeError, highest_fitting, parse_version
from reconciler.planning.changes import Changes

M = TypeVar("M", Component, Environment, DataAsset, Model, Pipeline)
_KINDS: dict[type, Kind] = {
    Component: Kind.COMPONENT,
    Environment: Kind.ENVIRONMENT,
    DataAsset: Kind.DATA,
    Model: Kind.MODEL,
    Pipeline: Kind.PIPELINE,
}


class Unresolved(Exception):  # noqa: N818 - a problem of a manifest, not an error of the program
    """A reference leads nowhere; carries the problem to show."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class UnsupportedReference(Unresolved):
    """A reference leads to a manifest of a kind that is recognised and refused."""


class Registry:
    """The manifests of a desired state by kind, name and version, and by file.

    Attributes:
        parts: the pipeline components by file.
    """

    def __init__(self, desired: Desired) -> None:
        self.desired = desired
        self._named: dict[tuple[Kind, str], list[AnyManifest]] = {}
        self._names: dict[Kind, list[str]] = {}
        self.parts: dict[str, PipelineComponent] = {}
        for manifest in desired.manifests.values():
            self._named.setdefault((kind_of(manifest), manifest.name), []).append(manifest)
            if isinstance(manifest, PipelineComponent):
                self.parts[manifest.file] = manifest
        _sort(self._named.values())

    def follow(self, desired: Desired, changes: Changes) -> None:
        """Become the registry of a later desired state."""
        self._names.clear()
        self.desired = desired
        for key in changes.names:
            self._named[key] = [known for known in self._named.get(key, ()) if known.file not in changes.files]
        for file in changes.files:
            self.parts.pop(file, None)
            manifest = desired.manifests.get(file)
            if isinstance(manifest, PipelineComponent):
                self.parts[file] = manifest
            if manifest is not None:
                self._named[kind_of(manifest), manifest.name].append(manifest)
        _sort(self._named[key] for key in changes.names)
        for key in changes.names:
            if not self._named[key]:
                del self._named[key]

    def resolve(self, wanted: type[M], reference: Reference, file: str, pointer: Pointer) -> M:
        """The manifest that a reference in `file` means.

        Raises:
            Unresolved: nothing fits; the problem lists what there is.
        """
        kind = _KINDS[wanted]
        found = self._found(kind, reference, file, pointer)
        if not isinstance(found, wanted):
            message = f"`{reference.text}` is {_one(kind_of(found))}, not {_one(kind)}"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, f"name {_one(kind)}", pointer))
        return found

    def component(self, reference: Reference, file: str, pointer: Pointer) -> Component | PipelineComponent:
        """The component of either kind that a reference in `file` means.

        Raises:
            UnsupportedReference: it is one of a kind that is not supported.
            Unresolved: nothing fits.
        """
        found = self._found(Kind.COMPONENT, reference, file, pointer)
        if isinstance(found, Pipeline):
            return _as_component(found)
        if not isinstance(found, Component | PipelineComponent):
            message = f"`{reference.text}` is {_one(kind_of(found))}, not a component"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, "name a component", pointer))
        return found

    def data(self, kind: str, reference: Reference, file: str, pointer: Pointer) -> DataAsset | Model:
        """The data asset or model that a reference means; `kind` is the type that is declared for it.

        Raises:
            Unresolved: nothing fits.
        """
        is_model = kind in MODEL_TYPES or (Kind.DATA, reference.name) not in self._named
        if reference.path is None and is_model and (Kind.MODEL, reference.name) in self._named:
            return self.resolve(Model, reference, file, pointer)
        return self.resolve(DataAsset, reference, file, pointer)

    def _found(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        if reference.path is not None:
            return self._at_path(kind, reference, file, pointer)
        return self._named_as(kind, reference, file, pointer)

    def _at_path(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        path = within_repository(file, reference.path or "", pointer)
        found = self.desired.manifests.get(path)
        if found is not None:
            return found
        if path in self.desired.unsupported:
            message = f"{self.desired.unsupported[path]} are not supported: `{path}`"
            hint = "the pipeline's other steps are planned, but it does not run without this one"
            raise UnsupportedReference(Problem(file, Code.UNSUPPORTED_KIND, message, hint, pointer))
        entry = self.desired.snapshot.entries.get(path)
        if not path or (entry is not None and entry.kind is EntryKind.TREE):
            message, hint = f"`{reference.path}` is a folder", f"name the file of the {kind} in it"
        elif entry is not None:
            message, hint = f"`{path}` is not a {kind} that can be used", "mend the problems shown for that file"
        else:
            nearest = did_you_mean(path, [*self.desired.manifests])
            message, hint = f"there is no file `{path}`", nearest or "commit it, or correct the path"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))

    def _named_as(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        name = reference.name or ""
        candidates = self._named.get((kind, name), [])
        if not candidates and kind is Kind.ENVIRONMENT:
            return self._curated(reference, file, pointer)
        if not candidates:
            message = f"there is no {kind} `{name}`"
            if reference.registry:
                message += f": registry `{reference.registry}` is not within reach"
                hint = f"bring its files into the repository, with `name: {name}` in its manifest"
            else:
                names = self._names_of(kind)
                hint = did_you_mean(name, names) or f"add a {kind} manifest with `name: {name}`"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))
        return _fitting(candidates, reference, kind, file, pointer)

    def _names_of(self, kind: Kind) -> list[str]:
        """What there is of a kind, listed once for all the references that lead nowhere."""
        if kind not in self._names:
            self._names[kind] = [known for known_kind, known in self._named if known_kind is kind]
        return self._names[kind]

    def _curated(self, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        name = reference.name or ""
        ours = self.desired.settings.mapped_environment(name)
        candidates = self._named.get((Kind.ENVIRONMENT, ours), []) if ours else []
        if candidates:
            return _fitting(candidates, Reference(reference.text, name=ours), Kind.ENVIRONMENT, file, pointer)
        names = self._names_of(Kind.ENVIRONMENT)
        if reference.registry or name.startswith("AzureML-") or ours:
            message, hint = _unmapped(name, ours, sorted(names))
            raise Unresolved(Problem(file, Code.UNMAPPED_ENVIRONMENT, message, hint, pointer))
        hint = did_you_mean(name, names) or f"add an environment manifest with `name: {name}`"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, f"there is no environment `{name}`", hint, pointer))


def _unmapped(name: str, ours: str | None, names: list[str]) -> tuple[str, str]:
    if ours:
        message = f"the curated environment `{name}` stands for `{ours}`, which this repository does not have"
        return message, did_you_mean(ours, names) or f"correct it in reconciler.yaml, or add the environment `{ours}`"
    alike = [known for known in names if known.lower() in name.lower()]
    target = next(iter(alike or names), "my-environment")
    hint = f'add to reconciler.yaml: `environments: {{"{name}": {target}}}`'
    return f"the curated environment `{name}` stands for none of this repository's", hint


def _fitting(
    candidates: list[AnyManifest], reference: Reference, kind: Kind, file: str, pointer: Pointer
) -> AnyManifest:
    """The highest version that fits; a manifest without a version fits only where none is asked for."""
    best = _best_fitting(candidates, reference, kind, file, pointer)
    for other in candidates:
        if other.version == best.version and other.identity != best.identity:  # a name that means two things at once
            version = f" {best.version}" if best.version else ""
            first, second = sorted((best.file, other.file))
            message = f"{kind} `{reference.name}`{version} stands in {first} and in {second}"
            hint = "refer to one of the two by its path, or give them different versions"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))
    return best


def _best_fitting(
    candidates: list[AnyManifest], reference: Reference, kind: Kind, file: str, pointer: Pointer
) -> AnyManifest:
    by_version = {manifest.version: manifest for manifest in candidates if manifest.version}
    anonymous = next((manifest for manifest in candidates if not manifest.version), None)
    if reference.wanted == LATEST:
        versions = [parse_version(version) for version in by_version]
        released = [version for version in versions if version.prerelease is None] or versions
        return by_version[str(max(released))] if released else candidates[0]
    try:
        best = highest_fitting(reference.wanted, frozenset(by_version))
    except InvalidRangeError as error:
        hint = "write a version, a range such as `^1.2`, or `latest`"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, str(error), hint, pointer)) from None
    if best is not None:
        return by_version[best]
    if anonymous is not None and len(candidates) == 1:
        hint = f"add `version:` to {anonymous.file} or refer to it with `@latest`"
        message = f"{kind} `{reference.name}` has no version, `{reference.wanted}` is asked for"
    else:
        existing = ", ".join(sorted(by_version, key=parse_version))
        message, hint = f"no version of {kind} `{reference.name}` fits `{reference.wanted}`", f"there are: {existing}"
    raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))


def _as_component(pipeline: Pipeline) -> PipelineComponent:
    """A pipeline job that is used as a node: its inputs are the interface, their values the defaults."""
    ports = tuple(
        InputPort(
            given.name,
            given.type or (given.value.type if isinstance(given.value, FromData) else "") or "any",
            default=given.value.value if isinstance(given.value, Literal) else None,
            is_optional=given.value is None,
        )
        for given in pipeline.inputs
    )
    outputs = tuple(OutputPort(output.name, output.type or "uri_folder") for output in pipeline.outputs)
    return PipelineComponent(
        pipeline.file,
        pipeline.name,
        pipeline.version,
        pipeline.description,
        pipeline.identity,
        inputs=ports,
        outputs=outputs,
        jobs=pipeline.jobs,
        data=tuple((given.name, given.value) for given in pipeline.inputs if isinstance(given.value, FromData)),
    )


def within_repository(file: str, path: str, pointer: Pointer) -> str:
    """A path relative to a manifest as a path in the repository.

    Raises:
        Unresolved: it leads out of the repository.
    """
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    if joined == ".." or joined.startswith(("../", "/")):
        message = f"`{path}` leads out of the repository"
        hint = "paths in a manifest are relative to it and stay in the repository"
        raise Unresolved(Problem(file, Code.OUTSIDE_REPOSITORY, message, hint, pointer))
    return "" if joined == "." else joined


def _one(kind: Kind) -> str:
    return {Kind.ENVIRONMENT: "an environment", Kind.DATA: "a data asset"}.get(kind, f"a {kind}")


def _sort(several: Iterable[list[AnyManifest]]) -> None:
    """By file, so that the order does not tell how the registry came about."""
    for candidates in several:
        if len(candidates) > 1:
            candidates.sort(key=lambda manifest: manifest.file)
