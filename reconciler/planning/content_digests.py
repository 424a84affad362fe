"""Digests of manifests with the content that they name: what a version stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Component, DataAsset, Environment, Kind, Model
from reconciler.planning.changes import changes_between
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.repository_paths import Unresolved, within_repository


def content_digest(manifest: AnyManifest, desired: Desired) -> str:
    """The digest of a manifest without what only describes, with the code, conda file, build context or data it names.

    What it names in vain counts as nothing: that is told as a problem of the manifest.
    """
    if isinstance(manifest, Environment):
        try:
            return digest_of([manifest.identity, [environment_spec(manifest, desired).recipe]])
        except Unresolved:
            return digest_of([manifest.identity, [""]])
    attached = [_oid(manifest, named, desired) for named in _named(manifest)]
    return digest_of([manifest.identity, attached])


def paths_of_content(manifest: AnyManifest) -> Iterator[str]:
    """The paths of the repository whose content is part of what a manifest stands for."""
    for named in _named(manifest):
        try:
            yield within_repository(manifest.file, named, ())
        except Unresolved:
            continue


def _named(manifest: AnyManifest) -> tuple[str, ...]:
    match manifest:
        case Component():
            return (*([manifest.code] if manifest.code else []), *manifest.includes)
        case Environment():
            return tuple(path for path in (manifest.conda_file, manifest.build_path) if path is not None)
        case DataAsset() | Model() if "://" not in manifest.path and not manifest.path.startswith("/"):
            return (manifest.path,)
        case _:
            return ()


def _oid(manifest: AnyManifest, named: str, desired: Desired) -> str:
    try:
        entry = desired.snapshot.entry(within_repository(manifest.file, named, ()))
    except Unresolved:
        return ""
    return entry.oid if entry else ""


class ContentDigests:
    """Digests of manifests with the content that they name: code, conda file, build context, data.

    They are kept from one desired state to the next, as far as nothing that they are made of changed.

    Attributes:
        changed: the files whose digests were computed anew the last time, or whose names have other releases now.
    """

    def __init__(self) -> None:
        self._desired: Desired | None = None
        self._digests: dict[str, str] = {}
        self._files_by_path: dict[str, set[str]] = {}
        self.changed: frozenset[str] = frozenset()

    def of(self, desired: Desired) -> Mapping[str, str]:
        """The digests of all manifests by file."""
        if desired is self._desired:
            self.changed = frozenset()
            return self._digests
        changes = changes_between(self._desired, desired)
        if changes.is_everything:
            self._digests, self._files_by_path = {}, {}
            files = set(desired.manifests)
        else:
            touched = (self._files_by_path.get(path, ()) for path in changes.paths)
            files = {*changes.files, *(file for some in touched for file in some)}
            files |= {environment.file for environment in desired.environments}
        for file in files:
            self._digests.pop(file, None)
            manifest = desired.manifests.get(file)
            if manifest is not None:
                self._digests[file] = content_digest(manifest, desired)
                for path in paths_of_content(manifest):
                    self._files_by_path.setdefault(path, set()).add(file)
        self.changed = frozenset(files | _of_names(changes.releases, desired))
        self._desired = desired
        return self._digests


def _of_names(names: frozenset[tuple[Kind, str]], desired: Desired) -> set[str]:
    """The files of the revision that hold names."""
    if not names:
        return set()
    return {file for file, manifest in desired.manifests.items() if (kind_of(manifest), manifest.name) in names}
