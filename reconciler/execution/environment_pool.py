"""The environments that runs need: each built once, several at a time, taken up by every step that waits for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.containers.patience import patiently
from reconciler.environments.base import EnvironmentBuilder, EnvironmentSpec
from reconciler.execution.origin import Origin
from reconciler.execution.workspace import Objects
from reconciler.manifests import yaml_reader
from reconciler.model.digests import short
from reconciler.model.errors import EnvironmentBuildError
from reconciler.model.steps import EnvironmentSpec as PlannedEnvironment
from reconciler.state.environments import BUILDING, FAILED, GONE, READY, EnvironmentState
from reconciler.state.store import State


class EnvironmentPool:
    """Hands out the locations of environments as futures.

    Its threads do not keep a process from ending: a build may take long, and goes on by itself where it is a process.
    The next one who needs the environment takes what it built, or begins anew.
    """

    def __init__(self, state: State, builder: EnvironmentBuilder, clock: Callable[[], float], parallel: int) -> None:
        self._state = state
        self._builder = builder
        self._clock = clock
        self._slots = threading.BoundedSemaphore(parallel)
        self._is_closed = False
        self._futures: dict[str, Future[str]] = {}
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], object]] = []

    def notify(self, on_change: Callable[[], object]) -> None:
        """Have somebody told whenever something else is noted of an environment."""
        self._listeners.append(on_change)

    def notify_no_more(self, on_change: Callable[[], object]) -> None:
        """Tell somebody nothing any more."""
        self._listeners.remove(on_change)

    @property
    def builder(self) -> EnvironmentBuilder:
        return self._builder

    def location(self, planned: PlannedEnvironment, objects: Objects, origin: Origin) -> Future[str]:
        """Where the environment is, as soon as it is built; the future raises EnvironmentBuildError."""
        with self._lock:
            known = self._futures.get(planned.digest)
            if known is not None and not known.done():
                return known
            future: Future[str] = Future()
            self._futures[planned.digest] = future
        work = partial(self._work, future, planned, objects, origin)
        threading.Thread(target=work, name=f"environment {planned.name}", daemon=True).start()
        return future

    def lost(self, environments: Iterable[PlannedEnvironment]) -> list[PlannedEnvironment]:
        """Those that were built before and are gone; they are noted as such, and told once.

        Raises:
            EngineError: the engine cannot be asked.
        """
        known = {each.digest: each for each in self._state.environments.all(self._builder.engine)}
        found = []
        for planned in environments:
            noted = known.get(planned.digest)
            if noted is None or noted.status != READY or self._builder.location(bare_spec(planned)) is not None:
                continue
            self._state.environments.save(replace(noted, status=GONE), self._clock())
            found.append(planned)
        return found

    def rebuild_lost(self, environments: Iterable[PlannedEnvironment], objects: Objects, origin: Origin) -> None:
        """Have those built again that are gone."""
        gone = {each.digest for each in self._state.environments.all(self._builder.engine) if each.status == GONE}
        for planned in environments:
            if planned.digest in gone:
                self.location(planned, objects, origin)

    def _work(self, future: Future[str], planned: PlannedEnvironment, objects: Objects, origin: Origin) -> None:
        try:
            with self._slots:
                if self._is_closed:
                    raise EnvironmentBuildError("its build did not begin any more", place=planned.name)
                future.set_result(self._build(planned, objects, origin))
        except BaseException as error:
            future.set_exception(error)

    def _build(self, planned: PlannedEnvironment, objects: Objects, origin: Origin) -> str:
        log = self._state.folder.logs / "environments" / f"{planned.name}-{short(planned.digest)}.log"
        started = self._clock()
        try:
            spec = self._spec(planned, objects, origin)
            location = patiently(lambda: self._builder.location(spec))
            if location is not None and planned.digest in self._state.environments.ready(self._builder.engine):
                return location
            if location is None:
                self._note(planned, BUILDING, log, started)
                log.parent.mkdir(parents=True, exist_ok=True)
                location = self._builder.build(spec, log)
        except Exception as error:  # whatever it is, no build is under way any more
            self._note(planned, FAILED, log, started, self._clock(), error=error)
            raise
        self._note(planned, READY, log, started, self._clock(), location)
        return location

    def _spec(self, planned: PlannedEnvironment, objects: Objects, origin: Origin) -> EnvironmentSpec:
        return replace(
            bare_spec(planned),
            conda=_conda(planned, objects),
            context_folder=self._context(planned, objects),
            source=origin.url,
            revision=origin.commit,
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
        ended: float | None = None,
        location: str = "",
        error: Exception | None = None,
    ) -> None:
        self._state.environments.save(
            EnvironmentState(
                engine=self._builder.engine,
                digest=planned.digest,
                name=planned.name,
                version=planned.version or "",
                status=status,
                location=location,
                log=str(log),
                error=str(error) if error else "",
                started=started,
                ended=ended,
            )
        )
        for on_change in tuple(self._listeners):
            on_change()

    def close(self) -> None:
        """Begin no more builds."""
        self._is_closed = True


def bare_spec(planned: PlannedEnvironment) -> EnvironmentSpec:
    """What is known without reading a file; enough to find what was built."""
    return EnvironmentSpec(
        name=planned.name,
        version=planned.version,
        digest=planned.digest,
        image=planned.image,
        dockerfile=planned.dockerfile,
        bases=dict(planned.bases),
    )


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
