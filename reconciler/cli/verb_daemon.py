"""`daemon`: follow a source, for ever or once."""

from __future__ import annotations

import logging
import re
import signal
import threading
from dataclasses import replace

from reconciler.cli.output import complain, say
from reconciler.cli.progress import Progress
from reconciler.cli.run_table import show_run
from reconciler.cli.site_factory import SiteOptions, make_site
from reconciler.daemon.follower import Outcome
from reconciler.daemon.service import Daemon, DaemonSettings
from reconciler.daemon.source_settings import SourceSettings
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.source.mirror import redacted
from reconciler.state.folder import StateFolder
from reconciler.state.sources import LOCAL_SOURCE
from reconciler.state.store import State

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*\Z")


def daemon(
    source: str,
    branch: str,
    name: str,
    folder: StateFolder,
    options: SiteOptions,
    interval: float,
    data_roots: tuple[str, ...],
    is_once: bool,
) -> int:
    """Run the daemon; with `is_once` the exit status says whether the newest revision is applied and its runs well."""
    if name == LOCAL_SOURCE or not _NAME.match(name):
        hint = f"use letters, digits, `.`, `_` and `-`; `{LOCAL_SOURCE}` is what `apply` goes by"
        raise UsageError(f"a source cannot be named `{name}`", hint=hint)
    upgrades = options.configuration.upgrades
    if upgrades is not None and upgrades.branch == branch:
        hint = "name another one in the configuration: `upgrades: {branch: reconciler/upgrades}`"
        raise UsageError(f"upgrades cannot be committed to `{branch}`, which is followed", hint=hint)
    level = logging.ERROR if is_once else logging.INFO  # once, the table at the end says all
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    state = State(folder)
    site = make_site(state, replace(options, is_work_tree=False))
    reporter = _Reporter()
    try:
        settings = DaemonSettings(SourceSettings(name, source, branch, data_roots, upgrades=upgrades), interval)
        running = Daemon(site, settings, reporter.report)
        if not is_once:
            say(f"following {branch} of {redacted(source)}; state in {folder.root}; engine {state.settings.engine}")
            running.run()
            return 0
        outcome = _once(running, state)
        if outcome.is_good and not outcome.revision:
            complain(f"{redacted(source)} has no branch `{branch}` yet")
            return 1
        return 0 if outcome.is_good and not _failures(state, name) else 1
    finally:
        site.close()
        state.close()


def _once(running: Daemon, state: State) -> Outcome:
    """Reconcile once, showing what happens, then what came of it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: runs are taken up next time
    progress, is_over = Progress(state), threading.Event()
    shown = threading.Thread(target=progress.follow, args=(is_over.is_set, is_over.wait), name="progress", daemon=True)
    shown.start()
    try:
        outcome = running.once()
    finally:
        is_over.set()
        shown.join()
    for run in progress.runs():
        show_run(state, run)
    return outcome


class _Reporter:
    """Says what a reconciliation came to; nothing where nothing changed."""

    def __init__(self) -> None:
        self._said = ""

    def report(self, outcome: Outcome) -> None:
        if outcome.error:
            if outcome.error != self._said:
                say(f"refused {outcome.revision}: {outcome.error}" if outcome.revision else outcome.error)
                for problem in outcome.problems:
                    say(f"  {problem}")
        elif outcome.revision and outcome.plan is not None and outcome.revision != self._said:
            say(f"applied {outcome.revision}")
        self._said = outcome.error or outcome.revision or self._said
        for pipeline in outcome.started:
            say(f"started {pipeline}")


def _failures(state: State, source: str) -> list[str]:
    """The pipelines of a source whose newest run did not end well."""
    failed = []
    for name in sorted(name for kind, name in state.sources.applied(source) if kind is Kind.PIPELINE):
        newest = next(iter(state.runs.recent(name, limit=1)), None)
        if newest is not None and not newest.status.is_good:
            complain(f"{newest.id} {newest.status}")
            failed.append(name)
    return failed
