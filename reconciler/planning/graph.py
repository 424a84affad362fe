"""Pipelines to graphs: jobs in order, references resolved, definitions and closures computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from reconciler.model.desired import Desired
from reconciler.model.digests import digest_of
from reconciler.model.manifests import Component, Environment, FromStep, Job, Pipeline
from reconciler.model.problems import Code, Pointer, Problem
from reconciler.model.snapshot import EntryKind
from reconciler.model.steps import (
    CodeFolder,
    DataSource,
    Definition,
    EnvironmentSpec,
    Graph,
    InputSource,
    Step,
    StepSource,
    define,
)
from reconciler.planning.bindings import BoundInputs, JobBinder
from reconciler.planning.resolve import Registry, Unresolved, within_repository


@dataclass(frozen=True, slots=True)
class _Bound:
    """A job with its inputs bound, valid as long as the job and the component are the very same values."""

    job: Job
    component: Component
    inputs: BoundInputs

    def still_holds(self, job: Job, component: Component, outputs: Mapping[str, Component]) -> bool:
        if job is not self.job or component is not self.component:
            return False
        for _, source in self.inputs.sources:
            if not isinstance(source, StepSource):
                return False
            upstream = outputs.get(source.step)
            if upstream is None or all(port.name != source.output for port in upstream.outputs):
                return False
        return True


class GraphBuilder:
    """Builds graphs, revision after revision; what did not change since the last one is taken over.

    Equal desired states give equal graphs, whatever was built before.
    """

    def __init__(self) -> None:
        self._orders: dict[str, tuple[Pipeline, tuple[str, ...]]] = {}
        self._bound: dict[tuple[str, str], _Bound] = {}
        self._steps: dict[tuple[str, str], tuple[_Ingredients, Step]] = {}
        self._codes = _Codes()

    def build(self, desired: Desired) -> tuple[list[Graph], list[Problem]]:
        """The graphs of all pipelines without problems, and the problems of the others."""
        registry = Registry(desired)
        environments = _Environments(registry)
        graphs: list[Graph] = []
        problems: list[Problem] = []
        for pipeline in desired.pipelines:
            found: list[Problem] = []
            graph = self._graph(pipeline, registry, environments, found)
            problems.extend(found)
            if graph is not None and not any(problem.is_error for problem in found):
                graphs.append(graph)
        problems.extend(_component_problems(registry, environments, self._codes))
        return graphs, list(dict.fromkeys(problems))

    def _graph(
        self, pipeline: Pipeline, registry: Registry, environments: _Environments, problems: list[Problem]
    ) -> Graph | None:
        components = _components(pipeline, registry, problems)
        order = self._order(pipeline, problems)
        if order is None or len(components) < len(pipeline.jobs):
            return None
        binder = JobBinder(registry, pipeline)
        for name, component in components.items():
            binder.declare_outputs(name, component)
        jobs = {job.name: job for job in pipeline.jobs}
        steps: dict[str, Step] = {}
        for name in order:
            bound = self._bind(pipeline, jobs[name], components, binder)
            step = self._step(pipeline, jobs[name], bound, environments, steps, problems)
            if step is not None:
                steps[name] = step
        problems.extend(binder.problems)
        if len(steps) < len(jobs):
            return None
        closure = digest_of(sorted([step.name, step.closure] for step in steps.values()))
        return Graph(
            pipeline.name,
            pipeline.version,
            pipeline.file,
            pipeline.experiment,
            tuple(steps.values()),
            closure,
            pipeline.continue_on_step_failure,
            pipeline.force_rerun,
        )

    def _order(self, pipeline: Pipeline, problems: list[Problem]) -> tuple[str, ...] | None:
        known = self._orders.get(pipeline.file)
        if known is not None and known[0] is pipeline:
            return known[1]
        order = _ordered(pipeline, problems)
        if order is not None:
            self._orders[pipeline.file] = (pipeline, order)
        return order

    def _bind(self, pipeline: Pipeline, job: Job, components: Mapping[str, Component], binder: JobBinder) -> _Bound:
        key = (pipeline.file, job.name)
        known = self._bound.get(key)
        if known is not None and known.still_holds(job, components[job.name], components):
            return known
        count = len(binder.problems)
        bound = _Bound(job, components[job.name], binder.bind(job, components[job.name]))
        if len(binder.problems) == count:
            self._bound[key] = bound
        return bound

    def _step(
        self,
        pipeline: Pipeline,
        job: Job,
        bound: _Bound,
        environments: _Environments,
        steps: Mapping[str, Step],
        problems: list[Problem],
    ) -> Step | None:
        try:
            code = self._codes.of(bound.component, environments.registry.desired)
            environment = environments.of(job, bound.component, pipeline.file)
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
            return None
        after = _after(job)
        if any(name not in steps for name in after):
            return None  # an earlier step has a problem, which is reported there
        ingredients = _Ingredients(bound, code, environment, tuple(steps[name] for name in after))
        key = (pipeline.file, job.name)
        known = self._steps.get(key)
        if known is not None and known[0].same_as(ingredients):
            return known[1]
        step = _build_step(job, ingredients, after)
        self._steps[key] = (ingredients, step)
        return step


@dataclass(frozen=True, slots=True)
class _Ingredients:
    """All that a step is made of; equal ingredients make equal steps."""

    bound: _Bound
    code: CodeFolder | None
    environment: EnvironmentSpec
    upstream: tuple[Step, ...]

    def same_as(self, other: _Ingredients) -> bool:
        return (
            self.bound is other.bound
            and self.code is other.code
            and len(self.upstream) == len(other.upstream)
            and all(mine is theirs for mine, theirs in zip(self.upstream, other.upstream, strict=True))
            and self.environment == other.environment
        )


def _build_step(job: Job, ingredients: _Ingredients, after: tuple[str, ...]) -> Step:
    bound, environment = ingredients.bound, ingredients.environment
    component = bound.component
    definition = Definition(
        component=component.name,
        version=component.version,
        command=component.command,
        code=ingredients.code,
        environment=environment.name,
        environment_digest=environment.digest,
        ports=bound.inputs.ports,
        literals=bound.inputs.literals,
        outputs=tuple((port.name, port.type) for port in component.outputs),
        variables=tuple(sorted({**component.variables, **job.variables}.items())),
        sweep=job.sweep,
    )
    digest = define(definition)
    closures = {step.name: step.closure for step in ingredients.upstream}
    closure = digest_of([digest, [[name, _source_closure(source, closures)] for name, source in bound.inputs.sources]])
    return Step(
        name=job.name,
        definition=replace(definition, digest=digest),
        environment=environment,
        sources=bound.inputs.sources,
        after=after,
        is_deterministic=component.is_deterministic,
        closure=closure,
        timeout_seconds=job.timeout_seconds,
    )


def _source_closure(source: InputSource, closures: Mapping[str, str]) -> list[str]:
    if isinstance(source, DataSource):
        return [source.digest]
    return [closures[source.step], source.output]


def _after(job: Job) -> tuple[str, ...]:
    upstream = [binding.job for _, binding in job.inputs if isinstance(binding, FromStep)]
    return tuple(dict.fromkeys([*upstream, *job.depends_on]))


def _components(pipeline: Pipeline, registry: Registry, problems: list[Problem]) -> dict[str, Component]:
    found: dict[str, Component] = {}
    for job in pipeline.jobs:
        if isinstance(job.component, Component):
            found[job.name] = job.component
            continue
        key = "trial" if job.sweep else "component"
        try:
            found[job.name] = registry.resolve(Component, job.component, pipeline.file, ("jobs", job.name, key))
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
    return found


def _ordered(pipeline: Pipeline, problems: list[Problem]) -> tuple[str, ...] | None:
    jobs = {job.name: job for job in pipeline.jobs}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    is_whole = True
    for job in pipeline.jobs:
        for name in job.depends_on:
            if name not in jobs:
                nearest = get_close_matches(name, list(jobs), n=1)
                hint = f"did you mean `{nearest[0]}`?" if nearest else f"jobs: {', '.join(jobs)}"
                pointer: Pointer = ("jobs", job.name, "depends_on")
                message = f"`{job.name}` depends on `{name}`, which is no job"
                problems.append(Problem(pipeline.file, Code.UNRESOLVED_BINDING, message, hint, pointer))
                is_whole = False
        sorter.add(job.name, *(name for name in _after(job) if name in jobs))
    try:
        order = tuple(sorter.static_order())
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        message = f"jobs wait for each other: {' → '.join(cycle)}"
        pointer = ("jobs", cycle[0])
        problems.append(Problem(pipeline.file, Code.CYCLE, message, "remove one of these bindings", pointer))
        return None
    return order if is_whole else None


class _Codes:
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


class _Environments:
    """The environments that components name, each resolved once."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._known: dict[object, EnvironmentSpec] = {}

    def of(self, job: Job | None, component: Component, file: str) -> EnvironmentSpec:
        """The environment of a job, which its own `environment:` may replace.

        Raises:
            Unresolved: there is none, or it cannot be found.
        """
        if job is not None and job.environment is not None:
            return self._resolved(job.environment, file, ("jobs", job.name, "environment"))
        if component.environment is None:
            hint = "add `environment: azureml:NAME@latest`"
            message = f"component `{component.name}` has no environment"
            raise Unresolved(Problem(component.file, Code.MISSING_PROPERTY, message, hint))
        return self._resolved(component.environment, component.file, ("environment",))

    def _resolved(self, wanted: object, file: str, pointer: Pointer) -> EnvironmentSpec:
        if isinstance(wanted, Environment):
            return environment_spec(wanted, self.registry.desired)
        key = (wanted.text, file if wanted.path else "")  # type: ignore[attr-defined]
        if key not in self._known:
            environment = self.registry.resolve(Environment, wanted, file, pointer)  # type: ignore[arg-type]
            self._known[key] = environment_spec(environment, self.registry.desired)
        return self._known[key]


def environment_spec(environment: Environment, desired: Desired) -> EnvironmentSpec:
    """An environment with the digest of its image, conda file or build context.

    Raises:
        Unresolved: a file that it names is not in the repository.
    """
    entries = desired.snapshot.entries
    conda_blob = context_tree = context = None
    if environment.conda_file is not None:
        path = within_repository(environment.file, environment.conda_file, ("conda_file",))
        entry = entries.get(path)
        if entry is None or entry.kind is not EntryKind.FILE:
            message, hint = f"there is no conda file `{path}`", "commit it, or correct the path"
            raise Unresolved(Problem(environment.file, Code.MISSING_FILE, message, hint, ("conda_file",)))
        conda_blob = entry.oid
    if environment.build_path is not None:
        path = within_repository(environment.file, environment.build_path, ("build", "path"))
        context_tree = desired.snapshot.tree if not path else entries[path].oid if path in entries else None
        dockerfile = f"{path}/{environment.dockerfile}" if path else str(environment.dockerfile)
        if context_tree is None or dockerfile not in entries:
            message, hint = f"there is no `{dockerfile}`", "commit the Dockerfile, or correct `build:`"
            raise Unresolved(Problem(environment.file, Code.MISSING_FILE, message, hint, ("build",)))
        context = _context_files(environment, path, desired)
    digest = digest_of([environment.image, conda_blob, environment.conda, context, environment.dockerfile])
    return EnvironmentSpec(
        name=environment.name,
        version=environment.version,
        digest=digest,
        file=environment.file,
        image=environment.image,
        conda=environment.conda,
        conda_blob=conda_blob,
        context_tree=context_tree,
        dockerfile=environment.dockerfile,
    )


def _context_files(environment: Environment, path: str, desired: Desired) -> list[tuple[str, str]]:
    """The files of a build context; the manifest itself is none, so that a new version builds nothing."""
    files = desired.snapshot.files_under(path)
    prefix = f"{path}/" if path else ""
    return sorted((name, oid) for name, oid in files.items() if prefix + name != environment.file)


def _component_problems(registry: Registry, environments: _Environments, codes: _Codes) -> list[Problem]:
    """What is wrong with components and environments, whether a pipeline uses them or not."""
    problems: list[Problem] = []
    for component in registry.desired.components:
        try:
            codes.of(component, registry.desired)
            environments.of(None, component, component.file)
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
    for environment in registry.desired.environments:
        try:
            environment_spec(environment, registry.desired)
        except Unresolved as unresolved:
            problems.append(unresolved.problem)
    return problems
