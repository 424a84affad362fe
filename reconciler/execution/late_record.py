"""The record of a run that is over: MLflow is told it once it answers, by this process or by one of those to come."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.execution.journal import Journal
from reconciler.execution.origin import Origin
from reconciler.execution.record import MLFLOW_STATUS, RunRecord
from reconciler.execution.registration import Registration
from reconciler.execution.restored_aliases import take_back
from reconciler.execution.run_end import result_of
from reconciler.execution.site import Site
from reconciler.execution.step_order import StepOrder
from reconciler.model.errors import StateAwayError, TrackingAwayError, TrackingError
from reconciler.model.runs import Run, StepStatus
from reconciler.model.steps import Graph
from reconciler.state.patience import Patience

log = logging.getLogger("reconciler")


@dataclass(frozen=True, slots=True)
class LateRecord:
    """A record that this process has in hand.

    Attributes:
        told: done once MLflow knows all of it, or refuses it, or it is left to the next process.
        leave: leaves it to the next process, as far as it cannot be told at the moment.
    """

    run_id: str
    told: Future[Any]
    leave: Callable[[], None]


def followed(
    site: Site, run_id: str, journal: Journal, record: RunRecord, patience: Patience, told: Future[None]
) -> LateRecord:
    """Have the state say when the record is there, and what MLflow calls the runs then."""

    def on_told(told: Future[None]) -> None:
        error = told.exception()
        if isinstance(error, TrackingAwayError):
            return
        try:
            take_names_of_mlflow(site, run_id, journal, record.moved, patience)
            patience(lambda: site.state.waiting_records.made(run_id, "" if error is None else not_whole(error)))
        except StateAwayError:  # the next process tells it once more, which comes to the same
            return
        log.info("%s is recorded in MLflow%s", run_id, "" if error is None else f", but not whole: {error}")
        site.recorder.announce()

    def leave() -> None:
        patience.lose()
        record.leave()

    told.add_done_callback(on_told)
    return LateRecord(run_id, told, leave)


def record_late(site: Site, run: Run, graph: Graph, origin: Origin) -> LateRecord:
    """Tell MLflow all of a run that an earlier process ended, from what is written of its steps."""
    patience = Patience(site.state.trouble)
    journal = Journal(site.state, StepOrder(graph.steps).positions, site.state.runs.steps(run.id), patience)
    record = RunRecord(site, run, graph, origin, patience, is_taken_up=True)
    registration = Registration(site, run.id, record)

    def on_root(root: Future[str]) -> None:
        if root.exception() is None:
            patience(lambda: site.state.runs.name_in_mlflow(run.id, root.result()))

    def on_copied(step: str, trial: str, mlflow_run_id: str) -> None:
        if not trial:
            journal.change(step, mlflow_run_id=mlflow_run_id)
            journal.flush()

    record.open().add_done_callback(on_root)
    for each in journal.all():
        record.keep_artifacts(each)
        if each.mlflow_run_id and each.status in (StepStatus.FAILED, StepStatus.CANCELLED):
            record.finish(each.mlflow_run_id, each.status, ended=each.ended)
    for step in graph.steps:
        kept = journal.get(step.name)
        if kept is None or not kept.status.is_good:
            continue
        result = result_of(kept, site.state.results.get(kept.fingerprint))
        record.take_up(kept, result)
        if kept.status is StepStatus.REUSED and not kept.mlflow_run_id:
            record.copy(step, result, partial(on_copied, step.name))
        registration.register(step, result)
    return followed(site, run.id, journal, record, patience, record.conclude(run.status))


def note_end(site: Site, run: Run) -> None:
    """Write how a run ended that does not come to its own end, and that MLflow is still to be told."""
    with site.state.database.transaction():
        site.state.runs.update(run)
        site.state.waiting_records.note(run.id, site.clock())


def tell_end(site: Site, run: Run, error: str = "") -> LateRecord:
    """Tell MLflow that a run is over, and nothing more: what it registered is not promoted.

    Args:
        error: why there is nothing more to be told, where that is to be said.
    """
    is_left, patience = threading.Event(), Patience(site.state.trouble)

    def tell() -> None:
        steps = site.state.runs.steps(run.id)
        root = (site.state.runs.get(run.id) or run).mlflow_run_id
        ends = [(each.mlflow_run_id, each.status, each.ended) for each in steps if each.status in MLFLOW_STATUS]
        refusals = [error] if error else []
        moved: dict[str, str] = {}
        for mlflow_run_id, status, ended in (*ends, (root, run.status, run.ended)):
            if not mlflow_run_id:
                continue
            try:
                site.tracking.finish_run(mlflow_run_id, MLFLOW_STATUS[status], ended=ended).result()
                settled = site.tracking.settle(mlflow_run_id).result()
                moved |= {mlflow_run_id: settled} if settled != mlflow_run_id else {}
            except TrackingAwayError:
                raise
            except TrackingError as refusal:
                refusals.append(not_whole(refusal))
        take_back(site, site.state.runs.get(run.id) or run)
        positions = {name: place for place, name in enumerate(dict.fromkeys(each.name for each in steps))}
        journal = Journal(site.state, positions, steps, patience)
        take_names_of_mlflow(site, run.id, journal, moved, patience)
        patience(lambda: site.state.waiting_records.made(run.id, refusals[0] if refusals else ""))

    def leave() -> None:
        is_left.set()
        patience.lose()
        site.recorder.look_again()

    def on_told(told: Future[None]) -> None:
        if told.exception() is None:
            site.recorder.announce()

    told: Future[None] = site.recorder.submit(tell, is_left=is_left.is_set)
    told.add_done_callback(on_told)
    return LateRecord(run.id, told, leave)


def not_whole(error: BaseException) -> str:
    """What is said of a run whose record MLflow refuses in part."""
    return f"the run is not recorded whole: {error}"


def take_names_of_mlflow(
    site: Site, run_id: str, journal: Journal, moved: Mapping[str, str], patience: Patience
) -> None:
    """Keep the ids that runs have in MLflow, instead of those of where they were kept while it was away."""
    if not moved:
        return
    for step in journal.all():
        if step.mlflow_run_id in moved:
            journal.change(step.name, step.trial, mlflow_run_id=moved[step.mlflow_run_id])
    journal.flush()
    patience(lambda: site.state.results.move_runs(moved))
    run = site.state.runs.get(run_id)
    if run is not None and run.mlflow_run_id in moved:
        patience(lambda: site.state.runs.name_in_mlflow(run_id, moved[run.mlflow_run_id]))
