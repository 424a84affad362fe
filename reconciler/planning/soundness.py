"""What is wrong with components and environments by themselves, whether a pipeline uses them or not."""

from __future__ import annotations

from reconciler.model.desired import Desired
from reconciler.model.manifests import Component
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.snapshot import EntryKind
from reconciler.model.steps import CodeFolder, EnvironmentSpec
from reconciler.planning.changes import Changes
from reconciler.planning.environments import Environments, NamedEnvironment, environment_named, environment_spec
from reconciler.planning.resolve import Registry, Unresolved, within_repository


class CodeFolders:
    """The code folders of components, each listed once as long as its tree stays the same."""

    def __init__(self) -> None:
        self._known: dict[str, CodeFolder] = {}

    def of(self, component: Component, desired: Desired) -> CodeFolder | None:
        """The component's code folder, None where it has none.

        Raises:
            Unresolved: the repository has no such folder.
        """
        if component.code is None:
            return None
        pointer: Pointer = ("code",)
        path = within_repository(component.file, component.code, pointer)
        entry = desired.snapshot.entries.get(path)
        if path and (entry is None or entry.kind is not EntryKind.TREE):
            message = f"there is no folder `{path}`" if entry is None else f"`{path}` is not a folder"
            hint = "commit the folder of the component's code, or correct `code:`"
            raise Unresolved(Problem(component.file, Code.MISSING_FILE, message, hint, pointer))
        tree = entry.oid if entry else desired.snapshot.tree
        known = self._known.get(path)
        if known is None or known.tree != tree:
            known = self._known[path] = CodeFolder(path, tree, desired.snapshot.files_under(path))
        return known


class Soundness:
    """Judges every manifest once; again only when it, its code or its environment changed."""

    def __init__(self, codes: CodeFolders) -> None:
        self._codes = codes
        self._files_by_path: dict[str, set[str]] = {}
        self._environments: dict[object, tuple[NamedEnvironment, EnvironmentSpec]] = {}
        self._broken: dict[str, Problem] = {}

    def problems(self, registry: Registry, environments: Environments, changes: Changes) -> list[Problem]:
        """What is wrong in a desired state."""
        desired = registry.desired
        if changes.is_everything or not self._environments_hold(environments):
            self._files_by_path, self._environments, self._broken = {}, {}, {}
            files = set(desired.manifests)
        else:
            touched = (self._files_by_path.get(path, ()) for path in changes.paths)
            files = {*changes.files, *self._broken, *(file for some in touched for file in some)}
        for file in files:
            self._broken.pop(file, None)
            manifest = desired.manifests.get(file)
            if isinstance(manifest, Component):
                self._judge(manifest, desired, environments)
        return [*self._broken.values(), *_environment_problems(desired)]

    def _environments_hold(self, environments: Environments) -> bool:
        return all(environments.still_means(named, spec) for named, spec in self._environments.values())

    def _judge(self, component: Component, desired: Desired, environments: Environments) -> None:
        try:
            code = self._codes.of(component, desired)
            if code is not None:
                self._files_by_path.setdefault(code.path, set()).add(component.file)
            named = environment_named(None, component, component.file)
            self._environments.setdefault(named.key, (named, environments.of(named)))
        except Unresolved as unresolved:
            self._broken[component.file] = unresolved.problem


def _environment_problems(desired: Desired) -> list[Problem]:
    problems = []
    for environment in desired.environments:
        try:
            environment_spec(environment, desired)
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
    return problems
