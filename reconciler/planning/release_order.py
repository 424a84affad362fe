"""The order in which manifests are released: what others name comes before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from reconciler.model.desired import Desired
from reconciler.model.kinds import AnyManifest, kind_of
from reconciler.model.manifests import Kind
from reconciler.planning.named import UsedReference, references_of
from reconciler.planning.repository_paths import Unresolved, within_repository
from reconciler.planning.resolve import Registry

_RANK = {kind: rank for rank, kind in enumerate((Kind.ENVIRONMENT, Kind.DATA, Kind.MODEL, Kind.COMPONENT))}
Place = tuple[int, str, str]


def in_order(manifests: Iterable[AnyManifest], desired: Desired) -> list[AnyManifest]:
    """Manifests after all that they name, also through others; by kind and by name where that leaves a choice."""
    places = {manifest.file: _place(manifest) for manifest in manifests}
    registry = Registry(desired)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for manifest in desired.manifests.values():
        named = (file for used in references_of(manifest) for file in _files(used, registry))
        sorter.add(manifest.file, *(file for file in named if file in desired.manifests and file != manifest.file))
    try:
        sorter.prepare()
    except CycleError:
        return [desired.manifests[file] for file in sorted(places, key=lambda file: places[file])]
    return [desired.manifests[file] for file in _sorted(sorter, desired) if file in places]


def _sorted(sorter: TopologicalSorter[str], desired: Desired) -> Iterator[str]:
    ready: list[Place] = []
    while sorter.is_active():
        for file in sorter.get_ready():
            heappush(ready, _place(desired.manifests[file]))
        *_, file = heappop(ready)
        yield file
        sorter.done(file)


def _place(manifest: AnyManifest) -> Place:
    return _RANK.get(kind_of(manifest), len(_RANK)), manifest.name, manifest.file


def _files(used: UsedReference, registry: Registry) -> tuple[str, ...]:
    """The files that a reference may mean, whichever version of a name it is."""
    reference = used.reference
    if reference.path is not None:
        try:
            return (within_repository(used.file, reference.path, ()),)
        except Unresolved:
            return ()
    name = reference.name or ""
    kinds = (Kind.DATA, Kind.MODEL) if used.kind is Kind.DATA else (used.kind,)
    found = tuple(file for kind in kinds for file in registry.files_of(kind, name))
    if found or used.kind is not Kind.ENVIRONMENT:
        return found
    return registry.files_of(Kind.ENVIRONMENT, registry.desired.settings.mapped_environment(name) or name)
