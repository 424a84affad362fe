"""What is wrong with components and environments by themselves, whether a pipeline uses them or not."""

from __future__ import annotations

from reconciler.model.desired import Desired
from reconciler.model.manifests import Component
from reconciler.model.problems import Problem
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.changes import Changes
from reconciler.planning.code_folders import CodeFolders
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.environments import Environments, NamedEnvironment, environment_named
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import Registry


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
            for path in code.paths if code is not None else ():
                self._files_by_path.setdefault(path, set()).add(component.file)
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
