"""Whether all that a revision needs of Git LFS is here."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.desired import Desired
from reconciler.model.problems import Problem
from reconciler.model.steps import Graph
from reconciler.planning.large_files import attribute_files, needed_files, problems_of
from reconciler.source.objects import Objects

_FILTER = b"filter=lfs"


def absent_large_files(desired: Desired, graphs: Sequence[Graph], objects: Objects) -> tuple[Problem, ...]:
    """What is to be said of files that steps need and that are nothing but pointers here.

    Raises:
        SourceError: the repository cannot be read.
    """
    attributes = objects.read_many(attribute_files(desired.snapshot))
    if not any(_FILTER in content for content in attributes.values()):
        return ()
    needed = needed_files(graphs, desired.snapshot)
    return tuple(problems_of(needed, objects.absent(needed)))
