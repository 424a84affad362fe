"""References by name that could choose a higher version than they do, and what that would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest
from reconciler.model.manifests import Kind
from reconciler.model.pipelines import Pipeline
from reconciler.model.plan import Bump
from reconciler.model.problems import Pointer
from reconciler.model.references import LATEST, Reference
from reconciler.model.releases import Release
from reconciler.model.upgrades import caret_of, is_higher
from reconciler.model.versions import parse_version
from reconciler.planning.bumps import required_bump
from reconciler.planning.candidates import Chosen, NoneFitsError
from reconciler.planning.lock import every_reference_in
from reconciler.planning.named import UsedReference
from reconciler.planning.nesting import unfold
from reconciler.planning.resolve import Registry


@dataclass(frozen=True, slots=True)
class Pinned:
    """A reference of a pipeline, in a file of the revision, with the versions that it could choose.

    Attributes:
        pointers: where it stands in the file, or the mappings that hold it as `path:`.
        now: what it chooses, None where no version fits.
        within: the highest of its range, or of the caret range of an exact version.
        newest: the highest of all that are no pre-releases, None where there are only such.
        required: the bump that the change of interface from `now` to `newest` demands.
        changes: what of the interface changes.
        broken: why the newest cannot be used, "" where it can.
    """

    pipeline: str
    kind: Kind
    reference: Reference
    file: str
    pointers: tuple[Pointer, ...]
    now: Chosen | None
    within: Chosen | None
    newest: Chosen | None
    required: Bump = Bump.NONE
    changes: tuple[str, ...] = ()
    broken: str = ""

    @property
    def name(self) -> str:
        return self.reference.name or ""

    @property
    def resolves_to(self) -> str | None:
        return version_of(self.now)

    @property
    def is_outdated(self) -> bool:
        """Whether there is a higher version than the one it chooses."""
        return any(is_higher(version_of(other), self.resolves_to) for other in (self.within, self.newest))


def version_of(chosen: Chosen | None) -> str | None:
    if chosen is None:
        return None
    if chosen.release is not None:
        return chosen.release.version
    return chosen.manifest.version if chosen.manifest is not None else None


def pinned_by(pipelines: Iterable[Pipeline], registry: Registry) -> list[Pinned]:
    """The references by name of pipelines, in the order in which they stand.

    They are those in their own files, in the pipelines that they hold and in the components that they use, as far as
    these are files of the revision; what a tag holds stays as it is.
    """
    return [row for pipeline in pipelines for row in _of_pipeline(pipeline, registry)]


def releases_to_compare(rows: Iterable[Pinned]) -> Iterator[tuple[Release, Kind]]:
    """The newest versions that only tags hold, which nothing refers to yet."""
    for row in rows:
        newest = row.newest
        if newest is not None and newest.manifest is None and newest.release is not None and _has_newer(row):
            yield newest.release, row.kind


def manifests_to_compare(rows: Iterable[Pinned], desired: Desired) -> list[AnyManifest]:
    """The manifests whose interfaces tell what would change."""
    chosen = ((row.kind, each) for row in rows if _has_newer(row) for each in (row.now, row.newest))
    found = (_manifest(kind, each, desired) for kind, each in chosen)
    return list({manifest.file: manifest for manifest in found if manifest is not None}.values())


def with_changes(rows: Iterable[Pinned], desired: Desired, interfaces: Mapping[str, str]) -> list[Pinned]:
    """The references with what would change if they chose the newest version.

    Args:
        interfaces: of `manifests_to_compare`, by file.
    """
    return [_with_change(row, desired, interfaces) if _has_newer(row) else row for row in rows]


def _of_pipeline(pipeline: Pipeline, registry: Registry) -> Iterator[Pinned]:
    standing: dict[tuple[Kind, str, str], dict[Pointer, UsedReference]] = {}
    for used in every_reference_in(pipeline, unfold(pipeline, registry, [])):
        if used.reference.path is None and used.file in registry.desired.manifests:
            standing.setdefault((used.kind, used.reference.text, used.file), {})[used.pointer] = used
    for places in standing.values():
        used = next(iter(places.values()))
        row = _row(pipeline.name, used, tuple(places), registry)
        if row is not None:
            yield row


def _row(pipeline: str, used: UsedReference, pointers: tuple[Pointer, ...], registry: Registry) -> Pinned | None:
    """None where nothing of the name has a version, or the name stands for another one."""
    kinds = (Kind.DATA, Kind.MODEL) if used.kind is Kind.DATA else (used.kind,)
    for kind in kinds:
        newest = _chosen(kind, used.reference, LATEST, registry)
        version = version_of(newest)
        if newest is None or version is None or _name_of(newest) != used.reference.name:
            continue
        wanted = used.reference.wanted
        now = _chosen(kind, used.reference, wanted, registry)
        caret = caret_of(wanted)
        within = now if caret == wanted else _chosen(kind, used.reference, caret, registry)
        is_released = parse_version(version).prerelease is None
        return Pinned(
            *(pipeline, kind, used.reference, used.file, pointers),
            now=now,
            within=within,
            newest=newest if is_released else None,
        )
    return None


def _chosen(kind: Kind, reference: Reference, wanted: str, registry: Registry) -> Chosen | None:
    name = reference.name or ""
    try:
        return registry.choose(kind, Reference(f"{name}@{wanted}", name, wanted))
    except NoneFitsError:
        return None


def _name_of(chosen: Chosen) -> str:
    if chosen.release is not None:
        return chosen.release.name
    return chosen.manifest.name if chosen.manifest is not None else ""


def _has_newer(row: Pinned) -> bool:
    return is_higher(version_of(row.newest), row.resolves_to)


def _manifest(kind: Kind, chosen: Chosen | None, desired: Desired) -> AnyManifest | None:
    if chosen is None or chosen.manifest is not None or chosen.release is None:
        return chosen.manifest if chosen is not None else None
    return desired.released.get(desired.release_files.get((chosen.release.tag, kind), ""))


def _with_change(row: Pinned, desired: Desired, interfaces: Mapping[str, str]) -> Pinned:
    release = row.newest.release if row.newest is not None else None
    if release is not None and (release.tag, row.kind) in desired.broken_releases:
        why = desired.broken_releases[release.tag, row.kind]
        return replace(row, broken=f"the tag `{release.tag}` cannot be used: {why}")
    old, new = (_manifest(row.kind, each, desired) for each in (row.now, row.newest))
    if old is None or new is None:
        return row
    required, changes = required_bump(interfaces.get(old.file, ""), interfaces.get(new.file, ""))
    return replace(row, required=required, changes=changes)
