"""`run`: one run of a pipeline because somebody asks for it."""

from __future__ import annotations

import http
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.cli.act_told import of_one_source
from reconciler.cli.daemon_client import DaemonClient
from reconciler.cli.output import complain, harmless, say
from reconciler.cli.person import caller
from reconciler.cli.progress import Progress
from reconciler.cli.remembered import remembered
from reconciler.cli.remote_progress import RemoteProgress
from reconciler.cli.run_table import show_run
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.cli.verbs_state import all_resources
from reconciler.cli.whereabouts import Server, Where, client_of, daemon_of
from reconciler.daemon.asked_runs import Begun
from reconciler.daemon.follower import Follower
from reconciler.daemon.source_settings import open_mirror
from reconciler.model.asked_runs import AskedRun
from reconciler.model.errors import RefusedError, UnknownError, UsageError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import RunStatus
from reconciler.state.sources import SourceState
from reconciler.state.store import State


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How it is run.

    Attributes:
        settings: `input=value`, as they were written.
        source: whose pipeline is meant, None where only one has it.
        timeout_seconds: how long the daemon may take to answer.
    """

    settings: tuple[str, ...] = ()
    is_forced: bool = False
    is_overriding: bool = False
    is_waiting: bool = False
    timeout_seconds: float = 60.0
    data_roots: tuple[str, ...] = ()
    source: str | None = None


def run(pipeline: str, where: Where, options: RunOptions, site_options: SiteOptions) -> int:
    """Run a pipeline as the applied revision has it; 1 where it is refused, or waited for and fails.

    Raises:
        UsageError: there is no such pipeline, an input does not take its value, or something is in the way.
    """
    asked = AskedRun(pipeline, caller(), _inputs(options.settings), options.is_forced, options.is_overriding)
    if isinstance(where, Server):
        return _elsewhere(client_of(where), asked, options)
    state = State(where)
    try:
        source = _source_of(state, pipeline, options.source)
        daemon = daemon_of(state)
        if daemon is not None:
            return _through_daemon(state, daemon, asked, replace(options, source=source.name))
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


def _source_of(state: State, pipeline: str, chosen: str | None) -> SourceState:
    """The source whose applied revision holds a pipeline."""
    resources = [each for each in all_resources(state) if each.kind == Kind.PIPELINE]
    holders = [each for each in resources if each.name == pipeline]
    source = state.sources.get(of_one_source(holders, chosen).source) if holders else None
    if source is None:
        names = [each.name for each in resources]
        hint = did_you_mean(pipeline, names, "see `reconciler get pipelines`; `apply` runs one of a work tree")
        raise UnknownError(f"no applied revision has a pipeline `{pipeline}`", hint=hint)
    return source


def _through_daemon(state: State, daemon: DaemonClient, asked: AskedRun, options: RunOptions) -> int:
    progress = Progress(state)
    begun = _begun(daemon, asked, options)
    if begun is None:
        return 1
    if not begun or not options.is_waiting:
        return 0
    progress.confine(begun)
    progress.follow(lambda: _is_over(state, begun))
    return _ended(state, begun)


def _elsewhere(daemon: DaemonClient, asked: AskedRun, options: RunOptions) -> int:
    begun = _begun(daemon, asked, options)
    if begun is None:
        return 1
    if not begun or not options.is_waiting:
        return 0
    return 0 if RemoteProgress(daemon).follow_run(begun) else 1


def _begun(daemon: DaemonClient, asked: AskedRun, options: RunOptions) -> str | None:
    """The run that the daemon started, "" where there is nothing to do, None where it refuses; that is said."""
    wish = {
        "inputs": dict(asked.inputs),
        "force": asked.is_forced,
        "override": asked.is_overriding,
        "source": options.source,
    }
    try:
        told = daemon.post("run", asked.pipeline, wish=wish, timeout_seconds=options.timeout_seconds)
    except RefusedError as error:
        if error.status != http.HTTPStatus.CONFLICT:
            raise
        complain(f"refused: {error.message}")
        return None
    say(harmless(told["message"]))
    return told["run"] or ""


def _directly(
    state: State, asked: AskedRun, source: SourceState, options: RunOptions, site_options: SiteOptions
) -> int:
    """Run it in this process, which nobody else may do meanwhile; what is interrupted, the next daemon takes up."""
    state.lock.acquire()
    try:
        settings = remembered(source, site_options.configuration, options.data_roots)
        engine = settings.engine or site_options.engine
        site = make_site(state, replace(site_options, engine=engine, is_work_tree=False), source.name)
        try:
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
