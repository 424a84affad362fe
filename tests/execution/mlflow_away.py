"""A registry of models on a server that goes away: what is urgent is kept elsewhere meanwhile, all else is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from reconciler.model.errors import TrackingAwayError
from reconciler.tracking.base import (
    NO_METRICS,
    NOTHING,
    ModelDetails,
    ModelMark,
    ModelRequest,
    ModelVersion,
    RunData,
    RunRequest,
)

from .diary import T, done
from .model_shelf import ModelShelf

SPOOLED = "spooled-"


class AwayShelf(ModelShelf):
    """Runs that are begun while it is away get other names, until they are settled."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.is_away = False

    def is_spooled(self, run_id: str) -> bool:
        return run_id.startswith(SPOOLED) and run_id in self.entries

    def settle(self, run_id: str) -> Future[str]:
        if not run_id.startswith(SPOOLED):
            return done(run_id)
        if self.is_away:
            return _refused()
        entry = self.entries.pop(run_id, None)
        if entry is not None:
            entry.id, entry.request = run_id.removeprefix(SPOOLED), self._resolved(entry.request)
            entry.metrics = {**entry.metrics, **self._logged(run_id)}
            self.entries[entry.id] = entry
        return done(run_id.removeprefix(SPOOLED))

    def start_run(self, request: RunRequest) -> Future[str]:
        if not self.is_away:
            return super().start_run(self._resolved(request))
        if not request.is_urgent:
            return _refused()
        run_id = super().start_run(request).result()
        self.entries[SPOOLED + run_id] = self.entries.pop(run_id)
        return done(SPOOLED + run_id)

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,
    ) -> Future[RunData]:
        if self.is_away and not self.is_spooled(run_id):
            return _refused()
        return super().finish_run(self._known(run_id), status, metrics, tags, ended)

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:
        if self.is_away:
            return _refused()
        return super().copy_run(self.settle(source_run_id).result(), self._resolved(request))

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:
        return _refused() if self.is_away else super().log_artifacts(self._known(run_id), folder)

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        if self.is_away:
            return _refused()
        return super().register_model(replace(wanted, run_id=self.settle(wanted.run_id).result()))

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        if self.is_away:
            return _refused()
        return super().registered([self.settle(each).result() for each in run_ids], self.settle(below).result())

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:
        return _refused() if self.is_away else super().versions_of(names)

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        return _refused() if self.is_away else super().holders(alias, names)

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        return _refused() if self.is_away else super().details(versions)

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        return _refused() if self.is_away else super().mark(marks)

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        return _refused() if self.is_away else super().set_aliases(versions)

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:
        return _refused() if self.is_away else super().missing(run_ids)

    def _resolved(self, request: RunRequest) -> RunRequest:
        parent, root = (self.settle(each).result() if each else each for each in (request.parent, request.root))
        return replace(request, parent=parent, root=root)

    def _known(self, run_id: str) -> str:
        return run_id if run_id in self.entries else run_id.removeprefix(SPOOLED)


def _refused() -> Future[T]:
    failed: Future[T] = Future()
    failed.set_exception(TrackingAwayError("the server does not answer"))
    return failed
