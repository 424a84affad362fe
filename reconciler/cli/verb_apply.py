"""`apply -f`: manifests of any kind, from a folder as it stands."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from reconciler.cli.output import complain, say
from reconciler.cli.progress import Progress
from reconciler.cli.run_table import show_run
from reconciler.cli.show_problems import counted, show_problems
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.cli.work_tree import LoadedTree, below, loaded_tree, plan_tree
from reconciler.execution.carry_out import Order, abandon_all, new_run, restore
from reconciler.execution.origin import Origin
from reconciler.execution.site import Site
from reconciler.manifests.settings import SETTINGS_FILE
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Component, DataAsset, Environment
from reconciler.model.pipelines import Pipeline, PipelineComponent
from reconciler.model.plan import Actual, PipelineAction, PipelinePlan
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.runs import Run
from reconciler.model.steps import DataSource, Graph
from reconciler.planning.diff import plan_pipeline
from reconciler.planning.environment_specs import environment_spec
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State


def apply(
    file: Path,
    folder: StateFolder,
    options: SiteOptions,
    data_roots: tuple[str, ...],
    is_forced: bool,
    is_strict: bool = False,
) -> int:
    """Apply what lies at a path; 1 where it is refused or a run fails."""
    state = State(folder)
    try:
        site = make_site(state, options)
        try:
            with loaded_tree(file, state, data_roots, site.base_images, is_strict, site.remote_data) as tree:
                return _apply(tree, file, site, is_forced)
        finally:
            site.close()
    finally:
        state.close()


def _apply(tree: LoadedTree, file: Path, site: Site, is_forced: bool) -> int:
    chosen = [manifest for path, manifest in tree.desired.manifests.items() if below(tree, file, path)]
    made, actual = plan_tree(tree, site.state, is_forced)
    planned = {graph.pipeline for graph in tree.graphs}
    pipelines = {manifest.name for manifest in chosen if isinstance(manifest, Pipeline)}
    files = _files_of([graph for graph in tree.graphs if graph.pipeline in pipelines], tree)
    problems = [_softened(problem) for problem in made.problems]
    if pipelines <= planned:  # what stands elsewhere, and is used by none of them, is no reason to refuse them
        problems = [each for each in problems if each.file in files or below(tree, file, each.file)]
    show_problems(problems, tree.content)
    if any(problem.is_error for problem in problems):
        complain(f"refused: {counted(problems)}; nothing was applied")
        return 1
    if not chosen:
        raise UsageError("there is no manifest here", place=str(file), hint="name a manifest or its folder")
    try:
        if site.state.presence.enter():
            abandon_all(site, LOCAL_SOURCE)
        plans = [plan_pipeline(graph, actual, is_forced) for graph in tree.graphs if graph.pipeline in pipelines]
        is_good = _build([m for m in chosen if isinstance(m, Environment)], tree, site) if not plans else True
        for manifest in chosen:
            if isinstance(manifest, Component | DataAsset) and not plans:
                verb = "runs" if isinstance(manifest, Component) else "is read"
                say(f"{kind_of(manifest)} {manifest.name}: valid; it {verb} when a pipeline uses it")
        results = [_carry_out(plan, actual, tree, site) for plan in plans]
        return 0 if is_good and all(results) else 1
    finally:
        site.state.presence.leave()


def _softened(problem: Problem) -> Problem:
    """A version may be edited freely until it is pushed: here that is worth a warning only."""
    from dataclasses import replace

    if problem.code in (Code.VERSION_MUTATED, Code.VERSION_BUMP):
        return replace(problem, severity=Severity.WARNING)
    return problem


def _files_of(graphs: Sequence[Graph], tree: LoadedTree) -> set[str]:
    """The manifests that graphs are made of."""
    files = {SETTINGS_FILE}
    for graph in graphs:
        files.add(graph.file)
        for step in graph.steps:
            files.update((step.file, step.environment.file))
            files.update(source.file for _, source in step.sources if isinstance(source, DataSource))
    if any(graph.nested for graph in graphs):
        manifests = tree.desired.manifests.items()
        files.update(file for file, manifest in manifests if isinstance(manifest, PipelineComponent))
    return files


def _build(environments: list[Environment], tree: LoadedTree, site: Site) -> bool:
    is_good = True
    for environment in environments:
        spec = environment_spec(environment, tree.desired)
        try:
            location = site.environments.location(spec, tree.worktree.objects, _origin(tree)).result()
            say(f"environment {environment.name}: built at {location}")
        except ReconcilerError as error:
            complain(f"environment {environment.name}: {error}")
            is_good = False
    return is_good


def _carry_out(plan: PipelinePlan, actual: Actual, tree: LoadedTree, site: Site) -> bool:
    snapshot = tree.desired.snapshot
    order = Order(LOCAL_SOURCE, snapshot.revision, "apply", _origin(tree))
    if plan.graph.hindrances:
        complain(f"pipeline {plan.name} does not run: {'; '.join(plan.reasons)}")
        return False
    if plan.action is PipelineAction.NONE:
        say(f"pipeline {plan.name}: nothing to do")
        return True
    if plan.action is PipelineAction.RESTORE:
        show_run(site.state, restore(site, plan, order))
        return True
    run = new_run(site, plan, actual, tree.worktree.objects, order)
    ended: list[Run] = []
    is_over = threading.Event()  # waited for instead of the thread: Python takes an interrupted join for its end

    def go() -> None:
        try:
            ended.append(run.go())
        finally:
            is_over.set()

    thread = threading.Thread(target=go, name=f"run {plan.name}")
    progress = Progress(site.state, since=site.clock() - 1.0)
    thread.start()
    try:
        progress.follow(is_over.is_set, is_over.wait)
    except KeyboardInterrupt:
        complain("cancelling; what has finished is kept")
        run.cancel("interrupted by hand")
        thread.join()
        raise
    thread.join()
    if not ended:
        return False
    show_run(site.state, ended[0])
    return ended[0].status.is_good


def _origin(tree: LoadedTree) -> Origin:
    return Origin(commit=tree.worktree.base or "")
