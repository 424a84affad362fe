"""What a revision needs of its repository to be run: the content that has to be here before it counts as applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.desired import Desired
from reconciler.model.snapshot import EntryKind
from reconciler.model.steps import CodeFolder, DataSource, EnvironmentSpec, Graph
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.environments import environments_in
from reconciler.planning.repository_paths import Unresolved


def needed_content(desired: Desired, graphs: Iterable[Graph]) -> Iterator[str]:
    """The ids of files and folders: code, data and what environments are built from."""
    yield from _of_graphs(graphs)
    yield from _of_environments(desired)


def _of_graphs(graphs: Iterable[Graph]) -> Iterator[str]:
    for step in (step for graph in graphs for step in graph.steps):
        if step.definition.code is not None:
            yield from _of_code(step.definition.code)
        for _, source in step.sources:
            if isinstance(source, DataSource) and source.oid is not None:
                yield source.oid
        yield from _of_environment(step.environment)


def _of_code(code: CodeFolder) -> Iterator[str]:
    if code.entries is None:
        yield code.tree
        return
    yield from (each.oid for each in code.entries.values() if each.kind in (EntryKind.FILE, EntryKind.LINK))


def _of_environments(desired: Desired) -> Iterator[str]:
    for environment in environments_in(desired):
        try:
            yield from _of_environment(environment_spec(environment, desired))
        except Unresolved:
            continue  # told as a problem of its manifest


def _of_environment(spec: EnvironmentSpec) -> Iterator[str]:
    yield from filter(None, (spec.conda_blob, spec.context_tree))
