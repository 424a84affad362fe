"""`daemon`: follow sources, for ever or once."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace

from reconciler.cli.daemon_log import begin_log
from reconciler.cli.listening import http_settings
from reconciler.cli.output import LogFormat, LogLevel, complain, say
from reconciler.cli.progress import Progress
from reconciler.cli.run_table import show_run
from reconciler.cli.site_factory import SiteOptions
from reconciler.cli.sites import Sites
from reconciler.cli.sources import SourceOptions, followed
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pipeline_names import NAME_TAKEN
from reconciler.daemon.pull_requests.previewing import Surroundings
from reconciler.daemon.pull_requests.watch import PullRequestWatch
from reconciler.daemon.sd_notify import ServiceSupervisor
from reconciler.daemon.service import Daemon
from reconciler.daemon.source_settings import SourceSettings
from reconciler.log_facts import about
from reconciler.model.configuration import Configuration
from reconciler.model.errors import ReconcilerError
from reconciler.model.manifests import Kind
from reconciler.model.redaction import Redaction
from reconciler.notifications.notifier import Notifier
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.tracking.uri import parse_tracking_uri
from reconciler.web.server import Server
from reconciler.web.turns import Turns

log = logging.getLogger("reconciler")


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How the daemon is to behave as a service; what is None here, the configuration says.

    Attributes:
        is_once: reconcile one time, wait for the runs, and end.
        has_drift_mended: then look for what differs with no new commit too.
    """

    is_once: bool = False
    has_drift_mended: bool = False
    drain_seconds: float | None = None
    log_format: LogFormat | None = None
    log_level: LogLevel | None = None
    listen: str | None = None


def daemon(
    sources: SourceOptions,
    folder: StateFolder,
    options: SiteOptions,
    reread: Callable[[], Configuration],
    service: ServiceOptions,
) -> int:
    """Run the daemon; once, the exit status says whether the newest revisions are applied and their runs well.

    Args:
        reread: gives the configuration as it is now.
    """
    configuration = options.configuration
    wanted = followed(sources, configuration)
    form, redaction = _log_format(service, configuration), Redaction(configuration.secrets)
    begin_log(form, _log_level(service, configuration), redaction)

    def read_again() -> Sequence[SourceSettings]:
        fresh = reread()
        redaction.learn(fresh.secrets)
        again = followed(sources, fresh)
        server.settle(http_settings(fresh, service.listen))
        notifier.replace(fresh.receivers)
        pull_requests.replace(again)
        return again

    try:
        state = State(folder)
    except ReconcilerError as error:
        if form is LogFormat.CONSOLE:
            raise
        log.critical("%s", error)
        return 1
    sites = Sites(state, replace(options, is_work_tree=False))
    notifier = Notifier(state, configuration.receivers)
    try:
        site, *_ = [sites.of(source) for source in wanted]
        if service.is_once:
            return _once(sites, wanted, notifier, sources.url is None, service.has_drift_mended)
        http, turns = http_settings(configuration, service.listen), Turns()
        tell = say if form is LogFormat.CONSOLE else log.info
        for source in wanted:
            told = f"{source.branch} of {source.address}"
            with about(source=source.name):
                tell(f"following {told}; state in {folder.root}; engine {sites.of(source).engine.name}")
        drain = configuration.drain_seconds if service.drain_seconds is None else service.drain_seconds
        again = read_again if sources.url is None else None
        is_named = sources.url is None and form is LogFormat.CONSOLE  # elsewhere each line has a field for it
        reporter = _Reporter(is_named, tell, say if form is LogFormat.CONSOLE else log.error)
        on_outcome = _both(reporter.report, turns.note)
        running = Daemon(site, wanted, on_outcome, again, drain, ServiceSupervisor.of(os.environ), sites.of)
        pull_requests = PullRequestWatch(wanted, sites.of, _surroundings(running, options))
        server = Server(http, folder, running, turns, tell, rouse_reviews=pull_requests.rouse)
        running.run(_together(notifier, pull_requests, server))
        return 0
    except ReconcilerError as error:
        if form is LogFormat.CONSOLE:
            raise
        log.critical("%s", error)
        return 1
    finally:
        sites.close()
        state.close()


def _surroundings(running: Daemon, options: SiteOptions) -> Surroundings:
    """Runs are shown where a browser finds them; where a forge is told of runs by a notification, that is enough."""
    uri = options.tracking or ""
    pages = parse_tracking_uri(uri).address if uri.startswith(("http://", "https://")) else ""
    is_told = any(receiver.type.is_forge for receiver in options.configuration.receivers)
    return Surroundings(running, pages, sets_statuses=not is_told)


@contextmanager
def _together(*parts: AbstractContextManager[object]) -> Iterator[None]:
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield


def _both(one: Callable[[str, Outcome], None], other: Callable[[str, Outcome], None]) -> Callable[[str, Outcome], None]:
    def tell(source: str, outcome: Outcome) -> None:
        one(source, outcome)
        other(source, outcome)

    return tell


def _log_format(service: ServiceOptions, configuration: Configuration) -> LogFormat:
    """As is said, else for a person where one looks at it, and for a program elsewhere."""
    said = service.log_format or configuration.log.format
    if said:
        return LogFormat(said)
    is_for_people = service.is_once or sys.stderr.isatty()  # once, a table says what came of it
    return LogFormat.CONSOLE if is_for_people else LogFormat.JSON


def _log_level(service: ServiceOptions, configuration: Configuration) -> LogLevel:
    said = service.log_level or configuration.log.level
    return LogLevel(said) if said else LogLevel.ERROR if service.is_once else LogLevel.INFO


def _once(
    sites: Sites, wanted: Sequence[SourceSettings], notifier: Notifier, is_configured: bool, has_drift_mended: bool
) -> int:
    """Reconcile once, showing what happens, then what came of it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: runs are taken up next time
    site = sites.of(wanted[0])
    state = site.state
    reporter = _Reporter(is_configured)
    again = (lambda: wanted) if is_configured else None
    running = Daemon(site, wanted, reporter.report, again, site_of=sites.of)
    progress, is_over = Progress(state), threading.Event()
    shown = threading.Thread(target=progress.follow, args=(is_over.is_set, is_over.wait), name="progress", daemon=True)
    shown.start()
    try:
        outcomes = running.once(notifier, has_drift_mended)
    finally:
        is_over.set()
        shown.join()
    for run in progress.runs():
        show_run(state, run)
    drifted = [each for source in wanted for each in _drifted(state, source.name)] if has_drift_mended else []
    return max([int(bool(drifted)), *(_status(state, source, outcomes) for source in wanted)])


def _status(state: State, source: SourceSettings, outcomes: Mapping[str, Outcome]) -> int:
    outcome = outcomes[source.name]
    if outcome.is_good and not outcome.revision:
        complain(f"{source.address} has no {source.followed.told} yet")
        return 1
    return 0 if outcome.is_good and not _failures(state, source.name) else 1


class _Reporter:
    """Says what the turns of sources came to; nothing where nothing changed.

    Args:
        is_named: whether it is said which source it is about.
        tell: how a thing is said.
        tell_trouble: how it is said where a person may have to act.
    """

    def __init__(
        self, is_named: bool, tell: Callable[[str], None] = say, tell_trouble: Callable[[str], None] = say
    ) -> None:
        self._is_named = is_named
        self._tell = tell
        self._tell_trouble = tell_trouble
        self._said: dict[str, str] = {}

    def report(self, source: str, outcome: Outcome) -> None:
        """Say it, in the thread of the source."""
        named = f"{source}: " if self._is_named else ""
        said = self._said.get(source, "")
        if outcome.error:
            if outcome.error != said:
                what = f"refused {outcome.revision}: {outcome.error}" if outcome.revision else outcome.error
                self._tell_trouble("\n".join([f"{named}{what}", *(f"  {problem}" for problem in outcome.problems)]))
        elif outcome.revision and outcome.plan is not None and outcome.revision != said:
            self._tell(f"{named}applied {outcome.revision}")
        self._said[source] = outcome.error or outcome.revision or said
        for pipeline in outcome.started:
            self._tell(f"{named}started {pipeline}")


def _drifted(state: State, source: str) -> list[str]:
    """The resources of a source that differ although nothing was pushed, after what could be mended was."""
    found = []
    for resource in state.sources.resources(source):
        told = [condition.message for condition in resource.conditions if condition.reason == "Drifted"]
        if told:
            complain(f"{resource.kind} {resource.name} has drifted: {told[0]}")
            found.append(resource.name)
    return found


def _failures(state: State, source: str) -> list[str]:
    """The pipelines of a source whose newest run did not end well, or that cannot have one."""
    failed = []
    for resource in state.sources.resources(source):
        if resource.kind != Kind.PIPELINE:
            continue
        taken = [condition.message for condition in resource.conditions if condition.reason == NAME_TAKEN]
        newest = next(iter(state.runs.recent(resource.name, limit=1)), None)
        if taken:
            complain(f"{resource.name}: {taken[0]}")
            failed.append(resource.name)
        elif newest is not None and not newest.status.is_good:
            complain(f"{newest.id} {newest.status}")
            failed.append(resource.name)
    return failed
