"""The place where runs happen: real state and processes, environments that need no building."""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.engines.process import ProcessEngine
from reconciler.environments.base import EnvironmentSpec, Leftover, Needed
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.site import Site
from reconciler.execution.workspace import Workspace
from reconciler.model.errors import EnvironmentBuildError
from reconciler.source.remote_data import RemoteStore
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from reconciler.tracking.none import NoTracking


class Clock:
    """Real time, which a test can put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class OurPython:
    """Builds environments that hold the interpreter of the tests; one named `broken` cannot be built."""

    engine = "process"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def location(self, spec: EnvironmentSpec) -> str | None:
        place = self._folder / spec.digest
        return str(place) if place.exists() else None

    def build(self, spec: EnvironmentSpec, log: Path) -> str:
        if spec.name == "broken":
            raise EnvironmentBuildError("no such package", place=spec.name, hint="correct it")
        log.write_text("built\n", encoding="utf-8")
        place = self._folder / spec.digest
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").symlink_to(sys.executable)
        return str(place)

    def broken(self, spec: EnvironmentSpec) -> str:
        return "its Python is no program" if (self._folder / spec.digest / "broken").exists() else ""

    def discard(self, spec: EnvironmentSpec) -> None:
        shutil.rmtree(self._folder / spec.digest)

    def notes(self, _: EnvironmentSpec) -> list[str]:
        return []

    def leftovers(self, _: Needed) -> list[Leftover]:
        return []

    def remove(self, _: Leftover) -> bool:
        return True


def make_site(folder: Path, clock: Clock) -> Site:
    """A site whose state lies in a folder."""
    state = State(StateFolder(folder))
    remote_data = RemoteStore(state.folder.data, state.documents, is_work_tree=True, clock=clock)
    return Site(
        state=state,
        engine=ProcessEngine(kill_grace_seconds=1.0),
        environments=EnvironmentPool(state, OurPython(folder / "environments"), clock, 2),
        tracking=NoTracking(),
        workspace=Workspace(state.folder, state.outputs, state.documents, remote_data),
        slots=ThreadPoolExecutor(max_workers=4),
        clock=clock,
        remote_data=remote_data,
    )
