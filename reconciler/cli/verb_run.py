"""`run`: one run of a pipeline because somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.cli.output import complain, harmless, say
from reconciler.cli.person import caller
from reconciler.cli.progress import Progress
from reconciler.cli.remembered import remembered
from reconciler.cli.run_table import show_run
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.cli.verbs_state import all_resources
from reconciler.daemon.asked_runs import Begun
from reconciler.daemon.follower import Follower
from reconciler.daemon.requests import Requests
from reconciler.daemon.source_settings import open_mirror
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.sources import SourceState
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How it is run.

    Attributes:
        settings: `input=value`, as they were written.
        timeout_seconds: how long the daemon may take to answer.
    """

    settings: tuple[str, ...] = ()
    is_forced: bool = False
    is_overriding: bool = False
    is_waiting: bool = False
    timeout_seconds: float = 60.0
    data_roots: tuple[str, ...] = ()


def run(pipeline: str, folder: StateFolder, options: RunOptions, site_options: SiteOptions) -> int:
    """Run a pipeline as the applied revision has it; 1 where it is refused, or waited for and fails.

    Raises:
        UsageError: there is no such pipeline, an input does not take its value, or something is in the way.
    """
    asked = AskedRun(pipeline, caller(), _inputs(options.settings), options.is_forced, options.is_overriding)
    state = State(folder)
    try:
        source = _source_of(state, pipeline)
        if state.lock.owner() is not None:
            return _through_daemon(state, asked, source, options)
        return _directly(state, asked, source, options, site_options)
    finally:
        state.close()


def _inputs(settings: Sequence[str]) -> tuple[tuple[str, str], ...]:
    inputs: dict[str, str] = {}
    for setting in settings:
        name, is_given, value = setting.partition("=")
        if not is_given or not name.strip():
            raise UsageError(f"`--set {setting}` gives no input a value", hint="write `--set input=value`")
        inputs[name.strip()] = value
    return tuple(inputs.items())


def _source_of(state: State, pipeline: str) -> SourceState:
    """The source whose applied revision holds a pipeline."""
    resources = [each for each in all_resources(state) if each.kind == Kind.PIPELINE]
    holders = [each.source for each in resources if each.name == pipeline]
    source = state.sources.get(holders[0]) if holders else None
    if source is None:
        names = [each.name for each in resources]
        hint = did_you_mean(pipeline, names, "see `reconciler get pipelines`; `apply` runs one of a work tree")
        raise UsageError(f"no applied revision has a pipeline `{pipeline}`", hint=hint)
    return source


def _through_daemon(state: State, asked: AskedRun, source: SourceState, options: RunOptions) -> int:
    progress = Progress(state)
    requests = Requests(state.folder.requests)
    answer = requests.wait(requests.ask(run=asked, source=source.name), options.timeout_seconds)
    if answer is None:
        complain(f"the daemon did not answer within {options.timeout_seconds:g} seconds")
        return 1
    if not answer.is_good:
        complain(harmless(f"refused: {answer.message}"))
        return 1
    say(harmless(answer.message))
    if not answer.run or not options.is_waiting:
        return 0
    progress.follow(lambda: _is_over(state, answer.run))
    return _ended(state, answer.run)


def _directly(
    state: State, asked: AskedRun, source: SourceState, options: RunOptions, site_options: SiteOptions
) -> int:
    """Run it in this process, which nobody else may do meanwhile; what is interrupted, the next daemon takes up."""
    state.lock.acquire()
    try:
        site = make_site(state, replace(site_options, is_work_tree=False))
        try:
            settings = remembered(source, site_options.configuration, options.data_roots)
            follower = Follower(site, settings, open_mirror(site, settings), lambda: None)
            try:
                return _carried_out(state, follower, asked)
            finally:
                follower.stop()
        finally:
            site.close()
    finally:
        state.lock.release()


def _carried_out(state: State, follower: Follower, asked: AskedRun) -> int:
    progress = Progress(state)
    begun: Begun = follower.run(asked)
    say(harmless(begun.message))
    if not begun.run:
        return 0
    progress.follow(lambda: _is_over(state, begun.run))
    follower.wait()
    return _ended(state, begun.run)


def _is_over(state: State, run_id: str) -> bool:
    found = state.runs.get(run_id)
    return found is None or found.status is not RunStatus.RUNNING


def _ended(state: State, run_id: str) -> int:
    ended = state.runs.get(run_id)
    if ended is None:
        return 1
    show_run(state, ended)
    return 0 if ended.status.is_good else 1
