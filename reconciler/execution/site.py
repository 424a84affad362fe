"""Everything that executions share: passed in once, reached for nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reconciler.engines.base import Engine
from reconciler.environments.base_images import BaseImages
from reconciler.execution.artifacts import Artifacts
from reconciler.execution.environment_pool import EnvironmentPool
from reconciler.execution.recorder import Recorder
from reconciler.execution.workspace import Workspace
from reconciler.model.runs import Result, StepRun
from reconciler.source.remote_data import RemoteStore
from reconciler.state.store import State
from reconciler.tracking.base import Tracking


class InFlight:
    """Fingerprints that are being executed now, so that no two runs execute the same one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Result | None]] = {}

    def claim(self, fingerprint: str) -> Future[Result | None] | None:
        """None where the caller is to execute it, else the future of the one who does."""
        with self._lock:
            other = self._futures.get(fingerprint)
            if other is None:
                self._futures[fingerprint] = Future()
            return other

    def settle(self, fingerprint: str, result: Result | None) -> None:
        """Tell those who wait: the result, or None where it failed and they must try themselves."""
        with self._lock:
            future = self._futures.pop(fingerprint, None)
        if future is not None:
            future.set_result(result)


class Claims:
    """What one run has claimed: settled one by one, and what is left when the run ends let go of."""

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self._claimed: set[str] = set()
        self._going_on: dict[str, str] = {}

    def take_up(self, steps: Collection[StepRun]) -> None:
        """Claim what an earlier process began of these steps, before another run begins the very same."""
        begun = {step.name for step in steps if step.handle}
        for step in steps:
            is_step = step.name in begun and not step.trial and step.fingerprint
            if is_step and self.claim(step.fingerprint) is None:
                self._going_on[step.name] = step.fingerprint

    def is_going_on(self, step: str, fingerprint: str) -> bool:
        """Whether an earlier process began exactly this; where that was something else, the claim is let go of."""
        begun = self._going_on.pop(step, "")
        if begun and begun != fingerprint:
            self.settle(begun, None)
        return begun == fingerprint

    def claim(self, fingerprint: str) -> Future[Result | None] | None:
        """See `InFlight.claim`."""
        other = self._in_flight.claim(fingerprint)
        if other is None:
            self._claimed.add(fingerprint)
        return other

    def settle(self, fingerprint: str, result: Result | None) -> None:
        """See `InFlight.settle`; what another run has claimed is left to that one."""
        if fingerprint in self._claimed:
            self._claimed.discard(fingerprint)
            self._in_flight.settle(fingerprint, result)

    def let_go(self) -> None:
        """Let those who wait try themselves, however the run ended."""
        for fingerprint in list(self._claimed):
            self.settle(fingerprint, None)


@dataclass(frozen=True)
class Site:
    """The place where runs happen.

    Attributes:
        slots: as many threads as steps may run at once.
        clock: seconds since the epoch.
        base_images: what the images that environments build on are pinned to; None for an engine without images.
        remote_data: looks up data at URLs; None where they are not.
        is_apart: what runs here leaves no trace in the registry of models, and its state keeps what it gives apart.
    """

    state: State
    engine: Engine
    environments: EnvironmentPool
    tracking: Tracking
    workspace: Workspace
    slots: ThreadPoolExecutor
    clock: Callable[[], float]
    base_images: BaseImages | None = None
    remote_data: RemoteStore | None = None
    recorder: Recorder[Any] = field(default_factory=Recorder)
    in_flight: InFlight = field(default_factory=InFlight)
    is_apart: bool = False

    def __post_init__(self) -> None:
        self.state.trouble.reserve()
        self.recorder.keep(self.state.settings.backlog, self.state.settings.note_backlog, self.clock)

    @cached_property
    def artifacts(self) -> Artifacts:
        """What steps left beside their outputs, until MLflow has it."""
        return Artifacts(self.state.folder.artifacts)

    def close(self) -> None:
        """Finish what is to be recorded and let go of threads and processes."""
        self.recorder.close()
        self.tracking.close()
        self.environments.close()
        self.slots.shutdown(wait=True, cancel_futures=True)
        self.engine.close()
