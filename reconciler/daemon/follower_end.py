"""How a follower comes to its end: it hands its source over, is given up, or stops with what it has under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.daemon.drift import DriftWatch
from reconciler.daemon.pipeline_names import PipelineNames
from reconciler.daemon.runs_under_way import RunsUnderWay
from reconciler.daemon.upgrades import Upgrades
from reconciler.execution.site import Site
from reconciler.source.mirror import Mirror

_PATIENCE_SECONDS = 5.0  # a push that is cut off does no harm


@dataclass(frozen=True, slots=True)
class FollowerEnd:
    """The end of the follower of one source.

    Attributes:
        source: its name.
        look_again: what the follower hears of others by.
    """

    site: Site
    source: str
    mirror: Mirror
    runs: RunsUnderWay
    names: PipelineNames
    drift: DriftWatch
    upgrades: Upgrades
    look_again: Callable[[], None]

    def retire(self) -> None:
        """Do nothing more, but let what runs go on to its end; blocks until it has come there."""
        self._hear_no_more()
        self.drift.stop(_PATIENCE_SECONDS)
        self.upgrades.wait(_PATIENCE_SECONDS)
        self.runs.listen(self.names.tell, instead_of=self.look_again)
        self.names.release(self.source, self.look_again)
        self.runs.wait()
        self.mirror.close()

    def give_up(self) -> None:
        """Hear of nothing any more, and wait for nothing."""
        self._hear_no_more()
        self.drift.stop(0.0)

    def stand_still(self) -> None:
        """Interrupt what runs, and wait until nothing is under way."""
        self.runs.interrupt()
        if self.site.remote_data is not None:
            self.site.remote_data.abandon()
        self.runs.wait()
        self.drift.stop(_PATIENCE_SECONDS)
        self.upgrades.wait(_PATIENCE_SECONDS)

    def _hear_no_more(self) -> None:
        self.site.environments.notify_no_more(self.look_again)
        self.site.recorder.notify_no_more(self.look_again)
