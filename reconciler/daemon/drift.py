"""What differs with no new commit: looked for now and then, in a thread of its own that everything else goes before."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Sequence

from reconciler.daemon.drift_look import DriftLook
from reconciler.daemon.planner import Loaded
from reconciler.daemon.progress import GivenUpError, Progress
from reconciler.daemon.schedules import SourceSchedules
from reconciler.execution.site import Site
from reconciler.model.drift import Drift, DriftKind
from reconciler.model.errors import ReconcilerError
from reconciler.model.manifests import Kind
from reconciler.model.upkeep import Upkeep

log = logging.getLogger("reconciler")
_LOWEST = 19  # nice
_AGAIN_SECONDS = 5.0
MOST_GIVEN_UP = 3


class DriftWatch:
    """Looks for drift in one source; what it finds is read, and what it has to do asked for, by one thread.

    A look that hangs is given up, and another one begins when it is due, unless several have not come back.

    Args:
        deadline_seconds: how long one step of a look may take, such as reading an output.
        on_found: called in the thread of the look when something else is found than before.
    """

    def __init__(self, site: Site, upkeep: Upkeep, deadline_seconds: float, on_found: Callable[[], None]) -> None:
        self._site = site
        self._upkeep = upkeep
        self._deadline_seconds = deadline_seconds
        self._on_found = on_found
        self._due = site.clock() + upkeep.drift_seconds
        self._is_thorough = False
        self._thread: threading.Thread | None = None
        self._progress = Progress()
        self._given_up: list[threading.Thread] = []
        self._is_stopping = False
        self._hung = ""
        self._unasked = ""
        self.findings: tuple[Drift, ...] = ()

    @property
    def trouble(self) -> str:
        """Why something could not be looked at, "" where all could."""
        return "; ".join(filter(None, (self._hung, self._unasked)))

    @property
    def has_broken_environments(self) -> bool:
        return any(drift.kind is DriftKind.ENVIRONMENT for drift in self.findings)

    def next_due(self) -> float:
        """When the next look is due, or one that is under way may hang; seconds since the epoch."""
        now = self._site.clock()
        if self._is_looking():
            left = self._deadline_seconds - self._progress.step.seconds
            return now + max(_AGAIN_SECONDS, min(left, self._upkeep.drift_seconds))
        return now + self._upkeep.drift_seconds if self._have_many_hung() else self._due

    def is_due(self) -> bool:
        """Whether it is time to look, or a run has mended something since the last look."""
        if self._is_looking() or self._have_many_hung():
            return False
        return self._site.clock() >= self._due or self._has_other_runs()

    def ask(self, is_thorough: bool = True) -> None:
        """Look at the next opportunity; a thorough look is one at the content of every output."""
        self._due = self._site.clock()
        self._is_thorough |= is_thorough

    def look(self, applied: Loaded, schedules: SourceSchedules) -> None:
        """Begin to look; what comes of it is told by `on_found`."""
        self._due = self._site.clock() + self._upkeep.drift_seconds
        is_thorough, self._is_thorough = self._is_thorough, False
        missing = self._missing_schedules(schedules)
        self._progress = Progress()
        look = DriftLook(self._site, self._upkeep, applied, self.findings, is_thorough, self._progress)
        work = threading.Thread(target=self._look, args=(look, self._progress, missing), name="drift", daemon=True)
        self._thread = work
        work.start()

    def give_up_hung(self) -> None:
        """Give the look up that is under way, if it is at one step for too long."""
        step, thread = self._progress.step, self._thread
        if thread is None or not self._is_looking() or step.seconds <= self._deadline_seconds:
            return
        self._progress.give_up()
        self._thread = None
        self._given_up = [*(each for each in self._given_up if each.is_alive()), thread]
        self._hung = f"the look for drift hung at {step.what} for {step.seconds:.0f} seconds and was given up"
        self._due = self._site.clock() + self._upkeep.drift_seconds
        log.error("%s", self._hung)

    def stop(self, patience_seconds: float) -> None:
        """Begin nothing more, and wait a while for the end of a look."""
        self._is_stopping = True
        self._progress.give_up()
        self._wait(patience_seconds)

    def settle(self) -> None:
        """Wait until the look that is under way is over, or is given up."""
        while self._is_looking():
            self._wait(_AGAIN_SECONDS)
            self.give_up_hung()

    def _wait(self, timeout: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    def _is_looking(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _have_many_hung(self) -> bool:
        return sum(each.is_alive() for each in self._given_up) >= MOST_GIVEN_UP

    def _missing_schedules(self, schedules: SourceSchedules) -> list[Drift]:
        missing = schedules.missing()
        if missing and self._upkeep.heals_itself:
            schedules.put_back(missing)
        return [
            Drift(DriftKind.SCHEDULE, name, "in the state", "missing from it", (Kind.SCHEDULE, name))
            for name in missing
        ]

    def _has_other_runs(self) -> bool:
        """Whether a pipeline that something was found of has another current run by now."""
        for drift in self.findings:
            if drift.run:
                current = self._site.state.runs.current(drift.resource[1])
                if current is not None and current.id != drift.run:
                    return True
        return False

    def _look(self, look: DriftLook, progress: Progress, of_schedules: Sequence[Drift]) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
        before, trouble = self.findings, self.trouble
        try:
            found = look.found()
            progress.at("telling what was found")
            self.findings, self._unasked = (*of_schedules, *found), look.trouble
        except GivenUpError:
            return
        except ReconcilerError as error:
            log.warning("cannot look for drift: %s", error)
        except Exception:  # a fault of ours must not end the daemon; one that stops has let go of things
            if not self._is_stopping:
                log.exception("the look for drift broke off")
        if progress.is_given_up:
            return
        self._hung = ""
        if self._upkeep.heals_itself and any(drift.can_be_mended and not drift.needs_run for drift in self.findings):
            self._due = min(self._due, self._site.clock() + _AGAIN_SECONDS)  # it is mended; see that it stays so
        for drift in self.findings:
            if drift not in before:
                log.warning("%s %s has drifted: %s", *drift.resource, drift.told)
        if (self.findings, self.trouble) != (before, trouble) and not self._is_stopping:
            self._on_found()
