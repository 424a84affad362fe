"""The loop of one source, watched by a watchdog that a test asks to look."""

from __future__ import annotations

from reconciler.daemon.outcome import Outcome
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.requests import Answer, Request
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.source_loop import SourceLoop
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.watchdog import Watchdog
from reconciler.execution.site import Site

from .daemon_process import until


class WatchedLoop:
    """Begins a loop, and another one whenever the watchdog gives one up."""

    def __init__(self, site: Site, settings: SourceSettings, superseding_seconds: float = 60.0) -> None:
        self._site = site
        self._settings = settings
        self._runs = RunsUnderWay()
        self._names = PipelineNames(site.state)
        self.outcomes: list[Outcome] = []
        self.answers: list[Answer] = []
        self.all: list[SourceLoop] = []
        self._loops: dict[str, SourceLoop] = {}
        self.watchdog = Watchdog(site.state, self._loops, lambda _: self._begin(), superseding_seconds)
        self._begin()

    @property
    def loop(self) -> SourceLoop:
        """The one that counts."""
        return self._loops[self._settings.name]

    @property
    def reason(self) -> str:
        """Why the source is as it is."""
        found = self._site.state.sources.get(self._settings.name)
        return found.conditions[0].reason if found is not None and found.conditions else ""

    @property
    def message(self) -> str:
        found = self._site.state.sources.get(self._settings.name)
        return found.conditions[0].message if found is not None and found.conditions else ""

    def until_begun_anew(self, count: int = 1) -> None:
        """Have the watchdog look until so many loops were given up."""

        def is_done() -> bool:
            self.watchdog.look()
            return len(self.all) > count

        until(is_done)

    def until_reason(self, reason: str) -> None:
        """Have the watchdog look until the source is as it is for this reason."""

        def is_so() -> bool:
            self.watchdog.look()
            return self.reason == reason

        until(is_so)

    def end(self) -> None:
        for loop in self.all:
            loop.end()
        self._runs.interrupt()
        if self._site.remote_data is not None:
            self._site.remote_data.abandon()
        for loop in self.all:
            if loop.is_over():
                loop.stop()

    def _begin(self) -> None:
        loop = SourceLoop(self._site, self._settings, self._runs, self._names, self._came_to, self._answer)
        self._loops[self._settings.name] = loop
        self.all.append(loop)
        loop.start()

    def _came_to(self, _: str, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def _answer(self, _: str, __: Request, answer: Answer) -> None:
        self.answers.append(answer)
