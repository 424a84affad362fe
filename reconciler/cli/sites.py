"""The places where runs of a daemon's sources happen: one for each engine."""

from __future__ import annotations

import logging
from dataclasses import replace

from reconciler.cli.engine_choice import AUTO
from reconciler.cli.site_factory import SiteOptions, settled_choice, site_on
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.state.store import State

log = logging.getLogger("reconciler")


class Sites:
    """Makes a place when a source first needs it; all of them are on one state and share their threads.

    A source stays where it was until the process ends: what runs there is not moved.

    Args:
        options: how it is where a source says nothing of its own.
    """

    def __init__(self, state: State, options: SiteOptions) -> None:
        self._state = state
        self._options = options
        self._made: dict[str, Site] = {}
        self._of: dict[str, Site] = {}

    def of(self, source: SourceSettings) -> Site:
        """The place of a source.

        Raises:
            UsageError: its engine does not answer, or steps there could not reach MLflow.
        """
        known = self._of.get(source.name)
        if known is None:
            known = self._of[source.name] = self._settled(source)
        elif source.engine not in ("", AUTO, known.engine.name):
            log.warning("%s goes to engine %s after a restart", source.name, source.engine)
        return known

    def _settled(self, source: SourceSettings) -> Site:
        options = replace(self._options, engine=source.engine or self._options.engine)
        choice = settled_choice(self._state, options, source.name)
        if not self._made:
            self._state.settings.engine = choice.name
        if choice.name not in self._made:
            self._made[choice.name] = site_on(choice, self._state, options, self.first)
        return self._made[choice.name]

    @property
    def first(self) -> Site | None:
        """The one that was made first; None before it."""
        return next(iter(self._made.values()), None)

    def close(self) -> None:
        """Finish what is to be recorded and let go of threads and processes."""
        first = self.first
        for site in [*self._made.values()][1:]:
            site.environments.close()
            site.engine.close()
        if first is not None:
            first.close()
        for site in [*self._made.values()][1:]:
            if first is None or site.tracking is not first.tracking:
                site.tracking.close()
