"""A tracking that keeps what it is told, and takes metrics from files that steps write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
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
from reconciler.tracking.none import NoTracking

T = TypeVar("T")


@dataclass
class Entry:
    """One run as it was told."""

    id: str
    request: RunRequest
    status: str = "RUNNING"
    source: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


class Diary(NoTracking):
    """Runs by their ids; a step logs with `echo "accuracy 0.5" >> $METRICS`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self.entries: dict[str, Entry] = {}
        self.versions: tuple[ModelVersion, ...] = ()
        self.aliased: list[ModelVersion] = []
        self.artifacts: dict[str, dict[str, str]] = {}
        self.models: list[ModelRequest] = []
        self.model_details: dict[str, ModelDetails] = {}

    def named(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.request.name == name]

    def variables(self, run_id: str | None, experiment: str) -> Mapping[str, str]:
        return {"METRICS": str(self._folder / (run_id or "none")), "EXPERIMENT": experiment}

    def start_run(self, request: RunRequest) -> Future[str]:
        run_id = f"run-{len(self.entries) + 1}"
        self.entries[run_id] = Entry(run_id, request, tags=dict(request.tags))
        return done(run_id)

    def finish_run(
        self,
        run_id: str,
        status: str,
        metrics: Mapping[str, float] = NO_METRICS,
        tags: Mapping[str, str] = NOTHING,
        ended: float | None = None,  # noqa: ARG002
    ) -> Future[RunData]:
        entry = self.entries[run_id]
        entry.status = status
        entry.tags = {**entry.tags, **tags}
        entry.metrics = {**entry.metrics, **metrics, **self._logged(run_id)}
        return done(RunData(run_id, status, dict(entry.metrics), {}, dict(entry.tags), ()))

    def copy_run(self, source_run_id: str, request: RunRequest) -> Future[str]:
        run_id = self.start_run(request).result()
        self.entries[run_id].source = source_run_id
        self.finish_run(run_id, "FINISHED")
        return done(run_id)

    def histories(self, run_ids: Sequence[str], metric: str) -> Future[Mapping[str, tuple[float, ...]]]:
        logged = {run_id: self._lines(run_id) for run_id in run_ids}
        return done(
            {run_id: tuple(float(v) for name, v in lines if name == metric) for run_id, lines in logged.items()}
        )

    def log_artifacts(self, run_id: str, folder: Path) -> Future[None]:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.artifacts.setdefault(run_id, {})[file.relative_to(folder).as_posix()] = file.read_text()
        return done(None)

    def register_model(self, wanted: ModelRequest) -> Future[ModelVersion]:
        self.models.append(wanted)
        return done(ModelVersion(wanted.name, "1", (), wanted.run_id))

    def registered(self, run_ids: Sequence[str], below: str = "") -> Future[tuple[ModelVersion, ...]]:
        asked = {*run_ids, *(entry.id for entry in self.entries.values() if below and entry.request.root == below)}
        return done(tuple(version for version in self.versions if version.run_id in asked))

    def versions_of(self, names: Sequence[str]) -> Future[tuple[ModelVersion, ...]]:
        return done(tuple(version for version in self.versions if version.name in names))

    def holders(self, alias: str, names: Sequence[str] = ()) -> Future[Mapping[str, str]]:
        found = {version.name: version.version for version in self.versions if alias in version.aliases}
        return done({name: version for name, version in found.items() if not names or name in names})

    def details(self, versions: Sequence[ModelVersion]) -> Future[tuple[ModelDetails, ...]]:
        return done(tuple(self.model_details.get(each.version, ModelDetails(None, NO_METRICS)) for each in versions))

    def mark(self, marks: Sequence[ModelMark]) -> Future[None]:
        for mark in marks:
            self.versions = tuple(_marked(version, mark) for version in self.versions)
        return done(None)

    def set_aliases(self, versions: Sequence[ModelVersion]) -> Future[None]:
        self.aliased.extend(versions)
        return done(None)

    def _logged(self, run_id: str) -> dict[str, float]:
        return {name: float(value) for name, value in self._lines(run_id)}

    def _lines(self, run_id: str) -> list[tuple[str, str]]:
        file = self._folder / run_id
        lines = file.read_text().splitlines() if file.exists() else []
        return [(name, value) for name, _, value in (line.partition(" ") for line in lines)]


def done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


def _marked(version: ModelVersion, mark: ModelMark) -> ModelVersion:
    """The version after a mark, which may take an alias from it for another version of its model."""
    if version.name != mark.name:
        return version
    left = [alias for alias in version.aliases if alias not in (*mark.aliases, *mark.lost)]
    if version.version != mark.version:
        return replace(version, aliases=tuple(left))
    return replace(version, aliases=(*left, *mark.aliases), tags={**version.tags, **mark.tags})
