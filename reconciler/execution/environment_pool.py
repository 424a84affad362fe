"""The environments that runs need: each built once, several at a time, taken up by every step that waits for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from reconciler.environments.base import EnvironmentBuilder, EnvironmentSpec
from reconciler.execution.workspace import Objects
from reconciler.manifests import yaml_reader
from reconciler.model.digests import short
from reconciler.model.errors import EnvironmentBuildError
from reconciler.model.steps import EnvironmentSpec as PlannedEnvironment
from reconciler.state.environments import BUILDING, FAILED, READY, EnvironmentState
from reconciler.state.store import State


class EnvironmentPool:
    """Hands out the locations of environments as futures."""

    def __init__(self, state: State, builder: EnvironmentBuilder, clock: Callable[[], float], parallel: int) -> None:
        self._state = state
        self._builder = builder
        self._clock = clock
        self._threads = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="environment")
        self._futures: dict[str, Future[str]] = {}
        self._lock = threading.Lock()

    def location(self, planned: PlannedEnvironment, objects: Objects) -> Future[str]:
        """Where the environment is, as soon as it is built; the future raises EnvironmentBuildError."""
        with self._lock:
            known = self._futures.get(planned.digest)
            if known is not None and not (known.done() and not _is_whole(known)):
                return known
            future = self._threads.submit(self._build, planned, objects)
            self._futures[planned.digest] = future
            return future

    def _build(self, planned: PlannedEnvironment, objects: Objects) -> str:
        log = self._state.folder.logs / "environments" / f"{planned.name}-{short(planned.digest)}.log"
        started = self._clock()
        try:
            spec = self._spec(planned, objects)
            location = self._builder.location(spec)
            if location is None:
                self._note(planned, BUILDING, log, started, None)
                log.parent.mkdir(parents=True, exist_ok=True)
                location = self._builder.build(spec, log)
        except Exception as error:  # whatever it is, no build is under way any more
            self._note(planned, FAILED, log, started, self._clock(), error)
            raise
        self._note(planned, READY, log, started, self._clock())
        return location

    def _spec(self, planned: PlannedEnvironment, objects: Objects) -> EnvironmentSpec:
        return EnvironmentSpec(
            name=planned.name,
            version=planned.version,
            digest=planned.digest,
            image=planned.image,
            conda=_conda(planned, objects),
            context_folder=self._context(planned, objects),
            dockerfile=planned.dockerfile,
        )

    def _context(self, planned: PlannedEnvironment, objects: Objects) -> Path | None:
        if planned.context_tree is None:
            return None
        destination = self._state.folder.code / planned.context_tree
        if not destination.exists():
            objects.export_tree(planned.context_tree, destination)
        return destination

    def _note(
        self,
        planned: PlannedEnvironment,
        status: str,
        log: Path,
        started: float,
        ended: float | None,
        error: Exception | None = None,
    ) -> None:
        self._state.environments.save(
            EnvironmentState(
                digest=planned.digest,
                name=planned.name,
                version=planned.version or "",
                status=status,
                log=str(log),
                error=str(error) if error else "",
                started=started,
                ended=ended,
            )
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_whole(future: Future[str]) -> bool:
    return future.exception() is None and Path(future.result()).exists()


def _conda(planned: PlannedEnvironment, objects: Objects) -> dict[str, Any] | None:
    if planned.conda is not None:
        inline: dict[str, Any] = json.loads(planned.conda)
        return inline
    if planned.conda_blob is None:
        return None
    document = yaml_reader.read(objects.read(planned.conda_blob), planned.file)
    value = document.values[0] if document.values else None
    if document.problems or not isinstance(value, dict):
        what = document.problems[0].message if document.problems else "it is no mapping"
        message = f"the conda file of environment `{planned.name}` cannot be read: {what}"
        raise EnvironmentBuildError(message, place=planned.file, hint="a conda file has `dependencies:`")
    return {str(key): item for key, item in value.items()}
