"""How a run comes to its end in the state: with its record, or ahead of it where MLflow is away."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import replace

from reconciler.execution.endings import Endings
from reconciler.execution.journal import Journal
from reconciler.execution.late_record import LateRecord, followed, not_whole, note_end, take_names_of_mlflow, tell_end
from reconciler.execution.record import RunRecord
from reconciler.execution.site import Site
from reconciler.model.errors import TrackingAwayError, TrackingError
from reconciler.model.runs import Run, RunStatus
from reconciler.state.patience import Patience
from reconciler.state.sources import LOCAL_SOURCE

log = logging.getLogger("reconciler")


class RunConclusion:
    """Ends one run whose steps have all ended.

    Attributes:
        late: the record of the run, where it was not waited for.
    """

    def __init__(self, site: Site, journal: Journal, record: RunRecord, endings: Endings, patience: Patience) -> None:
        self._site = site
        self._journal = journal
        self._record = record
        self._endings = endings
        self._patience = patience
        self.late: LateRecord | None = None

    def conclude(self, run: Run, status: RunStatus, message: str) -> Run:
        """Write how the run ended once its record is there, or is known to wait for MLflow.

        Raises:
            StateAwayError: it cannot be written, and is not tried any more.
        """
        self._journal.flush()
        recorded = self._record.conclude(status)
        if self._has_to_wait(run, status, recorded):
            ended = self._write(run, status, message, is_recorded=False)
            log.warning("%s is over, and its record waits for MLflow", run.id)
            self.late = followed(self._site, run.id, self._journal, self._record, self._patience, recorded)
            return ended
        try:
            recorded.result()
        except TrackingError as error:
            message = message or not_whole(error)
        take_names_of_mlflow(self._site, run.id, self._journal, self._record.moved, self._patience)
        return self._write(run, status, message, is_recorded=True)

    def break_off(self, run: Run, message: str) -> None:
        """Write that the run failed by a fault of ours; its record is not waited for."""
        self._journal.flush()
        current = self._site.state.runs.get(run.id) or run
        failed = replace(current, status=RunStatus.FAILED, ended=self._site.clock(), error=f"broke off: {message}")
        note_end(self._site, failed)
        self.late = tell_end(self._site, failed)

    def _has_to_wait(self, run: Run, status: RunStatus, recorded: Future[None]) -> bool:
        """Whether the record takes longer than anybody should wait for it.

        That of a work tree is waited for, as what it promotes cannot be told from the state once the tree is gone.
        """
        if run.source == LOCAL_SOURCE and status.is_good:
            wait_for([recorded])
        is_done = self._site.recorder.wait(recorded)
        return not is_done or isinstance(recorded.exception(), TrackingAwayError)

    def _write(self, run: Run, status: RunStatus, message: str, is_recorded: bool) -> Run:
        self._endings.clear_up()
        current = self._site.state.runs.get(run.id) or run
        now = self._site.clock()
        ended = replace(current, status=status, ended=max(now, current.started), error=message)  # the clock may go back
        backlog = self._site.recorder.backlog

        def write() -> None:
            with self._site.state.database.transaction():
                self._site.state.runs.update(ended)
                if not is_recorded:
                    self._site.state.waiting_records.note(run.id, backlog.since if backlog else now)

        self._patience(write)
        return ended
