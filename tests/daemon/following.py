"""A follower of an origin, and what the state says after each of its turns."""

from __future__ import annotations

from dataclasses import replace

from reconciler.daemon.follower import Follower
from reconciler.daemon.outcome import Outcome
from reconciler.daemon.retries import RetryPolicy
from reconciler.daemon.source_settings import SourceSettings, open_mirror
from reconciler.engines.process import ProcessEngine
from reconciler.execution.site import Site
from reconciler.model.configuration import UpgradeSettings
from reconciler.model.runs import Run
from reconciler.model.status import Condition, Resource
from reconciler.model.upkeep import Upkeep
from reconciler.model.windows import Window
from reconciler.state.sources import SourceState

from .origin import Origin

SOURCE = "main"


class Following:
    """Turns of a follower, each with its runs waited for; `start` begins anew, as the next process does."""

    def __init__(
        self,
        site: Site,
        origin: Origin,
        retries: RetryPolicy | None = None,
        upgrades: UpgradeSettings | None = None,
        upkeep: Upkeep | None = None,
        windows: tuple[Window, ...] = (),
        deadline: float = 900.0,
    ) -> None:
        self.site = site
        self._settings = SourceSettings(
            SOURCE,
            str(origin.url),
            "main",
            retries=retries or RetryPolicy(),
            upgrades=upgrades,
            upkeep=upkeep or Upkeep(),
            windows=windows,
            deadline=deadline,
        )
        self.follower = self._new()

    def _new(self) -> Follower:
        return Follower(self.site, self._settings, open_mirror(self.site, self._settings), lambda: None)

    def restart(self) -> list[str]:
        """Stop, and begin anew as the next process does; returns the runs that it takes up."""
        self.follower.stop()
        self.site = replace(self.site, engine=ProcessEngine(kill_grace_seconds=1.0))  # which has left nothing yet
        self.follower = self._new()
        return self.follower.resume()

    def turn(self, trigger: str = "push", is_asked: bool = False) -> Outcome:
        """Reconcile, wait for the runs, and look once more, as the daemon does when a run has ended."""
        outcome = self.follower.reconcile(trigger, is_asked)
        self.follower.wait()
        self.follower.reconcile("run ended")
        return outcome

    @property
    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        return self.site.state.runs.recent()[::-1]

    @property
    def source(self) -> SourceState:
        found = self.site.state.sources.get(SOURCE)
        assert found is not None
        return found

    @property
    def source_reason(self) -> tuple[str, str]:
        """Why the source is as it is: reason and message."""
        return _reason(self.source.conditions)

    @property
    def resources(self) -> dict[str, Resource]:
        return {f"{resource.kind}/{resource.name}": resource for resource in self.site.state.sources.resources()}

    def reason(self, resource: str) -> tuple[str, str]:
        """Why a resource, such as `pipeline/greet`, is as it is."""
        return _reason(self.resources[resource].conditions)


def _reason(conditions: tuple[Condition, ...]) -> tuple[str, str]:
    (said,) = {(condition.reason, condition.message) for condition in conditions}
    return said
