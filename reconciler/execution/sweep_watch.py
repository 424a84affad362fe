"""What the running trials of a sweep log, looked at now and then, to end those that promise nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial

from reconciler.execution.early_termination import Course, judged_at, to_be_ended
from reconciler.execution.events import Events
from reconciler.execution.journal import Journal
from reconciler.execution.sweep_run import SweepRun
from reconciler.model.runs import StepStatus
from reconciler.model.sweeps import EarlyTermination
from reconciler.tracking.base import Tracking

_SECONDS_BETWEEN_LOOKS = 0.5
_SHARE_OF_TIME = 0.05  # a record that answers slowly is asked less often

Histories = Mapping[str, tuple[float, ...]]


class SweepWatch:
    """Reads the primary metric of a sweep's trials from the record, and tells which to end.

    The record answers in a thread of its own; what is here is called by the thread that handles the events.
    """

    def __init__(
        self,
        sweep: SweepRun,
        policy: EarlyTermination,
        tracking: Tracking,
        journal: Journal,
        events: Events,
        end: Callable[[SweepRun, str, str], None],
    ) -> None:
        """`end` gets the sweep, the trial and the reason."""
        self._sweep = sweep
        self._policy = policy
        self._tracking = tracking
        self._journal = journal
        self._events = events
        self._end = end
        self._courses: dict[str, Course] = {}
        self._judged: dict[str, int] = {}

    def last_value(self, trial: str) -> float | None:
        """What a trial logged last, as far as is known."""
        course = self._courses.get(trial)
        return course.values[-1] if course and course.values else None

    def look_later(self, seconds: float = _SECONDS_BETWEEN_LOOKS) -> None:
        """Look after a while, again and again until the sweep is over."""
        timer = threading.Timer(seconds, self._events.post, (self._look,))
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        if self._sweep.is_over:
            return
        read = self._to_read()
        if not any(trial in self._sweep.running for trial in read.values()):
            self.look_later()
            return
        # Over or not is noted before the question: what is logged after it is asked for once more.
        over = {trial for trial in read.values() if trial in self._sweep.known}
        asked = time.monotonic()
        self._tracking.histories(list(read), self._sweep.sweep.metric).add_done_callback(
            lambda told: self._events.post(partial(self._on_told, read, over, asked, told))
        )

    def _to_read(self) -> dict[str, str]:
        """The trials whose course is not known to its end, by the id of their runs in the record."""
        read: dict[str, str] = {}
        for trial in (*self._sweep.running, *self._sweep.known):
            noted = self._journal.get(self._sweep.step.name, trial)
            if self._courses.get(trial, Course()).is_over or noted is None:
                continue
            reused = self._sweep.results.get(trial) if noted.status is StepStatus.REUSED else None
            run_id = reused.mlflow_run_id if reused else noted.mlflow_run_id
            if run_id:
                read[run_id] = trial
        return read

    def _on_told(self, read: Mapping[str, str], over: set[str], asked: float, told: Future[Histories]) -> None:
        if self._sweep.is_over:
            return
        if told.exception() is None:
            for run_id, values in told.result().items():
                trial = read[run_id]
                self._courses[trial] = Course(values, trial in over)
            self._judge()
        self.look_later(max(_SECONDS_BETWEEN_LOOKS, (time.monotonic() - asked) / _SHARE_OF_TIME))

    def _judge(self) -> None:
        due = {}
        for trial in self._sweep.running:
            at = judged_at(self._policy, len(self._courses.get(trial, Course()).values))
            if at > self._judged.get(trial, 0):
                due[trial] = self._judged[trial] = at
        for trial, why in to_be_ended(self._policy, self._sweep.sweep.maximize, self._courses, due).items():
            self._end(self._sweep, trial, why)
