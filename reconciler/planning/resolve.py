"""References to the manifests that they mean."""

from __future__ import annotations

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
from reconciler.model.releases import Release, Resolution, Skipped
from reconciler.model.snapshot import EntryKind
from reconciler.planning.candidates import Candidates, Chosen, NoneFitsError
from reconciler.planning.changes import Changes
from reconciler.planning.content_digests import content_digest
from reconciler.planning.repository_paths import Unresolved, UnsupportedReference, within_repository

M = TypeVar("M", Component, Environment, DataAsset, Model, Pipeline)
_KINDS: dict[type, Kind] = {
    Component: Kind.COMPONENT,
    Environment: Kind.ENVIRONMENT,
    DataAsset: Kind.DATA,
    Model: Kind.MODEL,
    Pipeline: Kind.PIPELINE,
}


class Registry:
    """The manifests of a desired state by kind, name and version, and by file; those of releases among them.

    Attributes:
        parts: the pipeline components by file.
    """

    def __init__(self, desired: Desired) -> None:
        self.desired = desired
        self._chosen: dict[tuple[Kind, str, str], Chosen] = {}
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
        self._chosen.clear()
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
        name = reference.name or ""
        is_model = kind in MODEL_TYPES or not self._has(Kind.DATA, name)
        if reference.path is None and is_model and self._has(Kind.MODEL, name):
            return self.resolve(Model, reference, file, pointer)
        return self.resolve(DataAsset, reference, file, pointer)

    def choose(self, kind: Kind, reference: Reference) -> Chosen | None:
        """The version that a reference by name means, None where nothing of that name is there.

        Raises:
            NoneFitsError: none of the versions is what is asked for.
        """
        name = self._meant(kind, reference.name or "")
        if not self._has(kind, name):
            return None
        is_mapped = name != reference.name
        wanted = self.desired.pinned.get((kind, reference.short), LATEST if is_mapped else reference.wanted)
        key = (kind, name, wanted)
        known = self._chosen.get(key)
        if known is None:
            known = self._chosen[key] = self._candidates(kind, name).choose(wanted)
        return known

    def resolution(self, kind: Kind, reference: Reference, file: str) -> Resolution | None:
        """What a reference in `file` is resolved to, None where it leads nowhere."""
        skipped: tuple[Skipped, ...] = ()
        release: Release | None = None
        if kind is Kind.DATA and reference.path is None and not self._has(kind, reference.name or ""):
            kind = Kind.MODEL  # which data inputs may read too
        try:
            found = self._found(kind, reference, file, ())
            if reference.path is None:
                chosen = self.choose(kind, reference)
                release, skipped = (chosen.release, chosen.skipped) if chosen is not None else (None, ())
        except Unresolved:
            return None
        tag, commit = (release.tag, release.commit) if release is not None else ("", "")
        digest = content_digest(found, self.desired)
        return Resolution(
            kind_of(found), reference.short, found.name, found.version, found.file, tag, commit, digest, skipped
        )

    def key_of(self, kind: Kind, reference: Reference) -> tuple[Kind, str]:
        """The kind and name of what a reference by name means."""
        return kind, self._meant(kind, reference.name or "")

    def files_of(self, kind: Kind, name: str) -> tuple[str, ...]:
        """The files of the revision that hold a name."""
        return tuple(manifest.file for manifest in self._named.get((kind, name), ()))

    def names_of(self, kind: Kind) -> list[str]:
        """What there is of a kind, listed once for all the references that lead nowhere."""
        if kind not in self._names:
            known = (*self._named, *(key for key in self.desired.releases if key not in self._named))
            self._names[kind] = [name for known_kind, name in known if known_kind is kind]
        return self._names[kind]

    def _has(self, kind: Kind, name: str) -> bool:
        return (kind, name) in self._named or (kind, name) in self.desired.releases

    def _meant(self, kind: Kind, name: str) -> str:
        """The name of ours that a curated environment stands for, where there is none of its own."""
        if kind is not Kind.ENVIRONMENT or self._has(kind, name):
            return name
        return self.desired.settings.mapped_environment(name) or name

    def _candidates(self, kind: Kind, name: str) -> Candidates:
        settings = self.desired.settings
        labels = {
            label: wanted
            for (of_kind, of_name, label), wanted in settings.labels.items()
            if (of_kind, of_name) == (kind, name)
        }
        manifests = self._named.get((kind, name), ())
        releases = self.desired.releases.get((kind, name), ())
        return Candidates(kind, name, manifests, releases, settings.is_tags_only, labels)

    def _found(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        if reference.path is not None:
            return self._at_path(kind, reference, file, pointer)
        return self._named_as(kind, reference, file, pointer)

    def _at_path(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        path = within_repository(file, reference.path or "", pointer)
        found = self.desired.manifest_at(path)
        if found is not None:
            return found
        if path in self.desired.unsupported:
            message = f"{self.desired.unsupported[path]} are not supported: `{path}`"
            hint = "the pipeline's other steps are planned, but it does not run without this one"
            raise UnsupportedReference(Problem(file, Code.UNSUPPORTED_KIND, message, hint, pointer))
        entry = self.desired.snapshot.entry(path)
        if entry is not None and entry.kind is EntryKind.TREE:
            message, hint = f"`{reference.path}` is a folder", f"name the file of the {kind} in it"
        elif entry is not None:
            message, hint = f"`{path}` is not a {kind} that can be used", "mend the problems shown for that file"
        else:
            nearest = did_you_mean(path, [*self.desired.manifests])
            message, hint = f"there is no file `{path}`", nearest or "commit it, or correct the path"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))

    def _named_as(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        try:
            chosen = self.choose(kind, reference)
        except NoneFitsError as none:
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, none.message, none.hint, pointer)) from None
        if chosen is None:
            raise self._missing(kind, reference, file, pointer)
        if chosen.manifest is None:
            return self._released(kind, chosen.release, file, pointer)
        clash = self._clash(kind, chosen.manifest)
        if clash is not None:
            version = f" {clash.version}" if clash.version else ""
            first, second = sorted((chosen.manifest.file, clash.file))
            message = f"{kind} `{clash.name}`{version} stands in {first} and in {second}"
            hint = "refer to one of the two by its path, or give them different versions"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))
        return chosen.manifest

    def _released(self, kind: Kind, release: Release | None, file: str, pointer: Pointer) -> AnyManifest:
        """The manifest of a version that only a tag holds."""
        key = (release.tag if release else "", kind)
        found = self.desired.released.get(self.desired.release_files.get(key, ""))
        if found is not None:
            return found
        why = self.desired.broken_releases.get(key, "was not looked at")
        message = f"the tag `{key[0]}` cannot be used: {why}"
        hint = "refer to another version, or have the tag made anew where it was meant to lead"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))

    def _clash(self, kind: Kind, chosen: AnyManifest) -> AnyManifest | None:
        """Another manifest of the same name and version that means something else."""
        for other in self._named.get((kind, chosen.name), ()):
            if other.version == chosen.version and other.identity != chosen.identity:
                return other
        return None

    def _missing(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> Unresolved:
        name = reference.name or ""
        names = self.names_of(kind)
        ours = self.desired.settings.mapped_environment(name) if kind is Kind.ENVIRONMENT else None
        if kind is Kind.ENVIRONMENT and (reference.registry or name.startswith("AzureML-") or ours):
            message, hint = _unmapped(name, ours, sorted(names))
            return Unresolved(Problem(file, Code.UNMAPPED_ENVIRONMENT, message, hint, pointer))
        message = f"there is no {kind} `{name}`"
        if reference.registry:
            message += f": registry `{reference.registry}` is not within reach"
            hint = f"bring its files into the repository, with `name: {name}` in its manifest"
        else:
            article = "an" if kind is Kind.ENVIRONMENT else "a"
            hint = did_you_mean(name, names) or f"add {article} {kind} manifest with `name: {name}`"
        return Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))


def _unmapped(name: str, ours: str | None, names: list[str]) -> tuple[str, str]:
    if ours:
        message = f"the curated environment `{name}` stands for `{ours}`, which this repository does not have"
        return message, did_you_mean(ours, names) or f"correct it in reconciler.yaml, or add the environment `{ours}`"
    alike = [known for known in names if known.lower() in name.lower()]
    target = next(iter(alike or names), "my-environment")
    hint = f'add to reconciler.yaml: `environments: {{"{name}": {target}}}`'
    return f"the curated environment `{name}` stands for none of this repository's", hint


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


def _one(kind: Kind) -> str:
    return {Kind.ENVIRONMENT: "an environment", Kind.DATA: "a data asset"}.get(kind, f"a {kind}")


def _sort(several: Iterable[list[AnyManifest]]) -> None:
    """By file, so that the order does not tell how the registry came about."""
    for candidates in several:
        if len(candidates) > 1:
            candidates.sort(key=lambda manifest: manifest.file)
