"""Resources that are gone from Git and kept all the same, as `prune: false` wants it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.status import Resource, ready
from reconciler.planning.pruning import orphaned
from reconciler.state.sources import Sources


def orphans(sources: Sources, source: str, desired: Desired) -> list[Resource]:
    """What is said of each; nothing is looked up where there are none."""
    left = set(orphaned(desired, sources.applied(source)))
    if not left:
        return []
    said = ready("Orphaned", "is gone from Git, and kept as `prune: false` says; nothing runs for it any more")
    known = [each for each in sources.resources(source) if isinstance(each.kind, Kind)]
    return [replace(each, conditions=said) for each in known if (each.kind, each.name) in left]
