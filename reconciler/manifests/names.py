"""The names of manifests: from their files where they have none of their own, and told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Code, Problem, Severity

_THAT_RUN = (Kind.PIPELINE, Kind.SCHEDULE)
# Files that are called after what they hold are named after their folder.
_PLAIN = {"component", "environment", "data", "pipeline", "job", "schedule", "model", "compute", "env"}


def default_name(path: str) -> str:
    """What a manifest is called that does not say."""
    folder, _, file = path.rpartition("/")
    stem, dot, suffix = file.rpartition(".")
    if not (stem and dot and suffix):
        stem = file
    parent = folder.rpartition("/")[2]
    return _usable(parent if stem.lower() in _PLAIN and parent else stem)


class Names:
    """Gives manifests that are named after their files longer names where two would have the same.

    What was renamed before stays the same value, so that it counts as unchanged.
    """

    def __init__(self) -> None:
        self._renamed: dict[str, tuple[AnyManifest, AnyManifest]] = {}

    def told_apart(self, manifests: Mapping[str, AnyManifest]) -> tuple[dict[str, AnyManifest], frozenset[str]]:
        """The manifests, none of which shares its name by accident, and the files of those that were renamed."""
        if all(manifest.is_named for manifest in manifests.values()):
            return dict(manifests), frozenset()
        names: dict[str, str] = {}
        for longer_names in (_names_with_folders, _whole_names):
            clashes = _clashes(manifests, names)
            if not clashes:
                break
            for paths in clashes:
                unnamed = [path for path in paths if not manifests[path].is_named]
                names.update(zip(unnamed, longer_names(unnamed, paths), strict=True))
        renamed = {path: self._rename(path, manifests[path], name) for path, name in names.items()}
        return {path: renamed.get(path, manifest) for path, manifest in manifests.items()}, frozenset(renamed)

    def _rename(self, path: str, manifest: AnyManifest, name: str) -> AnyManifest:
        known = self._renamed.get(path)
        if known is not None and known[0] is manifest and known[1].name == name:
            return known[1]
        renamed: AnyManifest = replace(manifest, name=name)
        if isinstance(manifest, Pipeline) and isinstance(renamed, Pipeline) and manifest.experiment == manifest.name:
            renamed = replace(renamed, experiment=name)
        self._renamed[path] = (manifest, renamed)
        return renamed


def duplicates(manifests: Mapping[str, AnyManifest], is_strict: bool) -> list[Problem]:
    """Two files may hold two versions of one name, but not the same version with other content."""
    seen: dict[tuple[Kind, str, str | None], str] = {}
    problems = []
    for path, manifest in manifests.items():
        kind = kind_of(manifest)
        version = None if kind in _THAT_RUN else manifest.version
        first = seen.setdefault((kind, manifest.name, version), path)
        if first != path:
            problems.append(_duplicate(kind, manifest, manifests[first], is_strict))
    return problems


def _duplicate(kind: Kind, manifest: AnyManifest, first: AnyManifest, is_strict: bool) -> Problem:
    """Things that run are told apart by their names; others by file, unless a version says that they are the same."""
    version = f" {manifest.version}" if manifest.version and kind not in _THAT_RUN else ""
    is_copy = manifest.identity == first.identity
    is_clash = kind in _THAT_RUN or (bool(version) and not is_copy and is_strict)
    severity = Severity.ERROR if is_clash else Severity.WARNING
    message = f"{kind} `{manifest.name}`{version} stands in {first.file} too" + (
        "" if is_copy else ", with other content"
    )
    hint = f"give one of the two another name{'' if kind in _THAT_RUN else ' or version'}"
    return Problem(manifest.file, Code.DUPLICATE_NAME, message, hint, ("name",), severity)


def _clashes(manifests: Mapping[str, AnyManifest], names: Mapping[str, str]) -> list[list[str]]:
    """The files of manifests that share a name, the same ones together; some have other `names` than they say."""
    by_name: dict[tuple[Kind, str], list[str]] = {}
    for path, manifest in manifests.items():
        by_name.setdefault((kind_of(manifest), names.get(path, manifest.name)), []).append(path)
    return [] if len(by_name) == len(manifests) else [paths for paths in by_name.values() if len(paths) > 1]


def _names_with_folders(unnamed: Iterable[str], paths: Iterable[str]) -> list[str]:
    """The names of files with as many of their folders before them as tell all of them apart."""
    all_paths = list(paths)
    names = []
    for path in unnamed:
        parts = _parts(path)
        others = [_parts(other) for other in all_paths if other != path]
        count = 2
        while count < len(parts) and any(other[-count:] == parts[-count:] for other in others):
            count += 1
        names.append(".".join(parts[-count:]))
    return names


def _whole_names(unnamed: Iterable[str], paths: Iterable[str]) -> list[str]:
    """What the files are called from the root on, for a `job.yml` beside a `pipeline.yml`; at worst with its suffix."""
    files = [PurePosixPath(path) for path in unnamed]
    names = [".".join(_usable(part) for part in (*file.parent.parts, file.stem)) for file in files]
    if len(set(names)) == len(list(paths)):
        return names
    return [name + file.suffix for name, file in zip(names, files, strict=True)]


def _parts(path: str) -> list[str]:
    pure = PurePosixPath(path)
    folders = [_usable(part) for part in pure.parent.parts]
    return folders if pure.stem.lower() in _PLAIN and folders else [*folders, _usable(pure.stem)]


def _usable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).lstrip(".-") or "_"
