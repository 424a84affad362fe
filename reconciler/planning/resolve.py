"""References to the manifests that they mean."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Component, DataAsset, Environment, Kind
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.references import LATEST, Reference
from reconciler.model.versions import InvalidRangeError, highest_fitting, parse_version
from reconciler.planning.changes import Changes

M = TypeVar("M", Component, Environment, DataAsset)
_KINDS: dict[type, Kind] = {Component: Kind.COMPONENT, Environment: Kind.ENVIRONMENT, DataAsset: Kind.DATA}


class Unresolved(Exception):  # noqa: N818 - a problem of a manifest, not an error of the program
    """A reference leads nowhere; carries the problem to show."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Registry:
    """The manifests of a desired state by kind, name and version, and by file."""

    def __init__(self, desired: Desired) -> None:
        self.desired = desired
        self._named: dict[tuple[Kind, str], list[AnyManifest]] = {}
        for manifest in desired.manifests.values():
            self._named.setdefault((kind_of(manifest), manifest.name), []).append(manifest)
        _sort(self._named.values())

    def follow(self, desired: Desired, changes: Changes) -> None:
        """Become the registry of a later desired state."""
        self.desired = desired
        for key in changes.names:
            self._named[key] = [known for known in self._named.get(key, ()) if known.file not in changes.files]
        for file in changes.files:
            manifest = desired.manifests.get(file)
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
        if reference.path is not None:
            found = self._at_path(kind, reference, file, pointer)
        else:
            found = self._named_as(kind, reference, file, pointer)
        if not isinstance(found, wanted):
            message = f"`{reference.text}` is {_one(kind_of(found))}, not {_one(kind)}"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, f"name {_one(kind)}", pointer))
        return found

    def _at_path(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        path = within_repository(file, reference.path or "", pointer)
        found = self.desired.manifests.get(path)
        if found is not None:
            return found
        if path in self.desired.snapshot.entries:
            message, hint = f"`{path}` is not a {kind} that can be used", "mend the problems shown for that file"
        else:
            message, hint = f"there is no file `{path}`", _nearest(path, [*self.desired.manifests])
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, message, hint, pointer))

    def _named_as(self, kind: Kind, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        name = reference.name or ""
        candidates = self._named.get((kind, name), [])
        if not candidates and kind is Kind.ENVIRONMENT:
            return self._curated(reference, file, pointer)
        if not candidates:
            names = [known for known_kind, known in self._named if known_kind is kind]
            hint = _nearest(name, names) or f"add a {kind} manifest with `name: {name}`"
            raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, f"there is no {kind} `{name}`", hint, pointer))
        return _fitting(candidates, reference, kind, file, pointer)

    def _curated(self, reference: Reference, file: str, pointer: Pointer) -> AnyManifest:
        name = reference.name or ""
        ours = self.desired.settings.mapped_environment(name)
        candidates = self._named.get((Kind.ENVIRONMENT, ours), []) if ours else []
        if candidates:
            return _fitting(candidates, Reference(reference.text, name=ours), Kind.ENVIRONMENT, file, pointer)
        names = [known for kind, known in self._named if kind is Kind.ENVIRONMENT]
        if reference.registry or name.startswith("AzureML-") or ours:
            target = min(names) if names else "my-environment"
            hint = f'add to reconciler.yaml: `environments: {{"{name}": {target}}}`'
            message = f"the curated environment `{name}` stands for none of this repository's"
            raise Unresolved(Problem(file, Code.UNMAPPED_ENVIRONMENT, message, hint, pointer))
        hint = _nearest(name, names) or f"add an environment manifest with `name: {name}`"
        raise Unresolved(Problem(file, Code.UNRESOLVED_REFERENCE, f"there is no environment `{name}`", hint, pointer))


def _fitting(
    candidates: list[AnyManifest], reference: Reference, kind: Kind, file: str, pointer: Pointer
) -> AnyManifest:
    """The highest version that fits; a manifest without a version fits only where none is asked for."""
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


def _nearest(name: str, names: list[str]) -> str:
    found = get_close_matches(name, names, n=1)
    return f"did you mean `{found[0]}`?" if found else ""
