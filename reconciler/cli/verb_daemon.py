"""`daemon`: follow a source, for ever or once."""

from __future__ import annotations

import logging

from reconciler.cli.output import say
from reconciler.cli.site_factory import make_site
from reconciler.daemon.follower import Outcome, SourceSettings
from reconciler.daemon.service import Daemon, DaemonSettings
from reconciler.state.folder import StateFolder
from reconciler.state.store import State


def daemon(
    source: str,
    branch: str,
    name: str,
    folder: StateFolder,
    engine: str,
    tracking: str | None,
    interval: float,
    max_parallel: int,
    data_roots: tuple[str, ...],
    is_once: bool,
) -> int:
    """Run the daemon; with `is_once` the exit status says whether the newest revision is applied and its runs well."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    state = State(folder)
    site = make_site(state, engine, tracking, max_parallel)
    reporter = _Reporter()
    try:
        settings = DaemonSettings(SourceSettings(name, source, branch, data_roots), interval)
        running = Daemon(site, settings, reporter.report)
        if not is_once:
            say(f"following {branch} of {source}; state in {folder.root}")
            running.run()
            return 0
        outcome = running.once()
        return 0 if outcome.is_good and not _failures(state, name) else 1
    finally:
        site.close()
        state.close()


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
    names = [resource.name for resource in state.sources.resources(source) if resource.kind == "pipeline"]
    failed = []
    for name in names:
        newest = next(iter(state.runs.recent(name, limit=1)), None)
        if newest is not None and not newest.status.is_good:
            say(f"{newest.id} {newest.status}: {newest.error}")
            failed.append(name)
    return failed
