"""What is due by the clock alone: looks at the sources, and tidying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from reconciler.daemon.source_loop import SourceLoop

_TIDYING = "what is kept"  # unlike the name of any source
_FIRST_TIDYING = timedelta(hours=1)


class Clockwork:
    """Has things done at their times, in threads of its own."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Have nothing more begun."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def look_at(self, loop: SourceLoop) -> None:
        """Have a source looked at in its interval, by this loop and no other any more."""
        self._scheduler.add_job(
            lambda: loop.rouse("interval"),
            "interval",
            id=_looks_at(loop.name),
            replace_existing=True,
            seconds=loop.settings.interval,
            jitter=min(loop.settings.jitter, loop.settings.interval / 2) or None,
            coalesce=True,
            max_instances=1,
        )

    def look_no_more(self, source: str) -> None:
        self._scheduler.remove_job(_looks_at(source))

    def tidy_daily(self, tidy: Callable[[], None]) -> None:
        """Have what is not to be kept removed, an hour after the start and then once a day."""
        first = datetime.now(UTC) + _FIRST_TIDYING
        self._scheduler.add_job(tidy, "interval", id=_TIDYING, days=1, next_run_time=first, coalesce=True)


def _looks_at(source: str) -> str:
    """The job that has a source looked at; no other job is named so."""
    return f"source {source}"
