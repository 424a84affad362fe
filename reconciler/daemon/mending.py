"""What differs with no new commit: looked for, mended on the spot or by runs, and told."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.daemon.drift import DriftWatch
from reconciler.daemon.healing import heal
from reconciler.daemon.planner import Loaded
from reconciler.daemon.schedules import SourceSchedules
from reconciler.daemon.source_settings import SourceSettings
from reconciler.daemon.starter import Starter
from reconciler.execution.site import Site
from reconciler.execution.workspace import Objects


class Mending:
    """Has one source looked over; called by one thread at a time.

    Attributes:
        drift: the look for all but environments that are gone, in a thread of its own.
    """

    def __init__(
        self,
        site: Site,
        settings: SourceSettings,
        objects: Objects,
        schedules: SourceSchedules,
        on_found: Callable[[], None],
    ) -> None:
        self._site = site
        self._settings = settings
        self._objects = objects
        self._schedules = schedules
        self._engine_trouble = ""
        self.drift = DriftWatch(site, settings.upkeep, settings.deadline, on_found)

    @property
    def trouble(self) -> str:
        """Why something could not be looked at, "" where all could."""
        return "; ".join(filter(None, (self.drift.trouble, self._engine_trouble)))

    def look(self, applied: Loaded, is_thorough: bool) -> bool:
        """Look for environments that are gone, which takes an answer of the engine; for all else when it is time to.

        True where an environment is gone.
        """
        is_lost = False
        if is_thorough or self.drift.has_broken_environments:
            origin = self._settings.origin(applied.desired.snapshot.commit)
            heals_itself = self._settings.upkeep.heals_itself
            healed = heal(self._site, applied.environments, self._objects, origin, heals_itself)
            is_lost, self._engine_trouble = healed.is_lost, healed.trouble
        self.drift.give_up_hung()
        if self.drift.is_due():
            self.drift.look(applied, self._schedules)
        return is_lost

    def start(self, applied: Loaded, starter: Starter) -> tuple[str, ...]:
        """Start the runs that mend what was found; returns the pipelines."""
        if not self._settings.upkeep.heals_itself or not self.drift.findings:
            return ()
        return tuple(starter.mend(applied, self.drift.findings))
