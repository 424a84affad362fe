"""No tracking: `--tracking none`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

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

T = TypeVar("T")


class NoTracking:
    """Runs have the id "" and hold nothing."""

    folders: tuple[Path, ...] = ()

    def variables(self, run_id: str | None, experiment: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def start_run(self, request: RunRequest) -> Future[str]:  # noqa: ARG002
        return _done("")

    def is_spooled(self, run_id: str) -> bool:  # noqa: ARG002
        return False

    def settle(self, run_id: str) -> Future[str]:
        return _done(run_id)

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,  # noqa: ARG002
    ) -> Future[RunData]:
        """The run as it was told: a metric that is given comes back."""
        return _done(RunData(run_id, status, dict(metrics), {}, dict(tags), ()))

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:  # noqa: ARG002
        return _done("")

    def histories(self, run_ids: Sequence[str], metric: str) -> Future[Mapping[str, tuple[float, ...]]]:  # noqa: ARG002
        return _done({})

    def missing(self, run_ids: Sequence[str]) -> Future[frozenset[str]]:  # noqa: ARG002
        return _done(frozenset())

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:  # noqa: ARG002
        return _done(None)

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        """There is no registry: the version that comes back has no number."""
        return _done(ModelVersion(wanted.name, "", (), wanted.run_id))

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:  # noqa: ARG002
        return _done(())

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:  # noqa: ARG002
        return _done(())

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:  # noqa: ARG002
        return _done({})

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        return _done(tuple(ModelDetails(None, NO_METRICS) for _ in versions))

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:  # noqa: ARG002
        return _done(None)

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:  # noqa: ARG002
        return _done(None)

    def flush(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is held."""


def _done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future
