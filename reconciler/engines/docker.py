"""Steps as containers of a Docker engine, which outlive the daemon and are followed by the next one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.containers import labels
from reconciler.containers.connection import Connection, NotThereError, explained
from reconciler.containers.patience import patiently
from reconciler.engines.base import Exit, ExitReason, Task, exited_with, timed_out
from reconciler.engines.container import (
    EXIT_FILE,
    ROOT,
    ContainerPlan,
    container_arguments,
    container_name,
    networks_of,
    prepare_folder,
    step_user,
)
from reconciler.engines.limits import limits_of
from reconciler.model.configuration import DockerSettings
from reconciler.model.errors import EngineError, EngineGoneError, ImageMissingError
from reconciler.model.resources import size_text

_SLICE_SECONDS = 1.0
_LOOK_SECONDS = 0.2
_YOUNG_SECONDS = 60.0
_MOST_PATIENCE_AT_START = 30.0  # a daemon that is told to stop must not wait for longer
_CONFLICT = 409
_NAME_SECONDS = 20.0
_ENDED_BY_SIGNAL = (137, 143)  # SIGKILL and SIGTERM, as a shell tells them


class DockerEngine:
    """Runs a task in a container of its environment's image. A handle is the container's id.

    Args:
        state_id: marks the containers as those of one state.
        shared: folders that tracked steps reach read-write under their own paths.
    """

    name = "docker"

    def __init__(
        self,
        connection: Connection,
        settings: DockerSettings,
        state_id: str,
        shared: Sequence[Path] = (),
        kill_grace_seconds: float = 5.0,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._state_id = state_id
        self._shared = shared
        self._grace = kill_grace_seconds
        self._patience = min(settings.patience_seconds, _MOST_PATIENCE_AT_START)
        self._machine: Mapping[str, Any] | None = None
        self._own: set[str] = set()
        self._followed: set[str] = set()
        self._cancelled: set[str] = set()
        self._stopping: set[str] = set()
        self._left: set[str] = set()
        self._tidying = ThreadPoolExecutor(max_workers=1, thread_name_prefix="containers")
        self._lock = threading.Lock()

    def root(self, folder: Path) -> Path:  # noqa: ARG002
        """See `Engine.root`: the same for every step, so that no path in an output tells which run wrote it."""
        return Path(ROOT)

    def start(self, task: Task, keep: Callable[[str], object] = lambda _: None) -> str:
        """See `Engine.start`."""
        machine = patiently(self.machine, self._patience)
        user = step_user(self._settings.steps, machine)
        try:
            written = prepare_folder(task)
            if os.geteuid() == 0:
                for path in written:
                    os.chown(path, user.uid, user.gid)
        except OSError as error:
            hint = "is the disk full?"
            raise EngineError(f"the step cannot be started: {error}", place=task.id, hint=hint) from error
        limits = limits_of(task.resources, self._settings.steps, machine, task.id)
        plan = ContainerPlan(self._settings, limits, user, self._state_id, self._shared)
        handle = patiently(lambda: self._create(task, plan), self._patience)
        self._own.add(handle)
        keep(handle)
        if handle in self._cancelled:
            return handle  # it is not to begin any more
        try:
            for network in networks_of(task, plan)[1:]:
                with explained(task.id):
                    self._connection.api.connect_container_to_network(handle, network)
            with explained(task.id):
                self._connection.api.start(handle)
        except EngineGoneError:
            self._own.discard(handle)  # whether it was started or not, `wait` sees when the engine is back
        except EngineError as error:
            self._remove(handle)
            hint = "does the image have a shell, and does the network exist?"
            raise EngineError(f"the step cannot be started: {error.message}", place=task.id, hint=hint) from error
        return handle

    def wait(self, task: Task, handle: str) -> Exit:
        """See `Engine.wait`. An engine that goes away is waited for; what it stopped on its way may begin anew."""
        with self._lock:
            self._followed.add(handle)
        try:
            ended = self._wait(task, handle)
        finally:
            with self._lock:
                self._followed.discard(handle)
                self._cancelled.discard(handle)
                self._own.discard(handle)
        if ended.reason not in (ExitReason.LEFT, ExitReason.ENGINE_GONE):
            self._tidying.submit(self._remove, handle)
        return ended

    def cancel(self, handle: str) -> None:
        """See `Engine.cancel`; a container that nobody follows is removed as well."""
        with self._lock:
            is_waited_for = handle in self._followed or handle in self._own
            if is_waited_for:
                self._cancelled.add(handle)
        self._stop(handle)
        if not is_waited_for:
            self._remove(handle)

    def leave(self, handle: str) -> None:
        """See `Engine.leave`."""
        self._left.add(handle)

    def remove_leftovers(self, known: Collection[str]) -> None:
        """See `Engine.remove_leftovers`; one that was made just now may be noted in a moment."""
        with explained(self._connection.host):
            found = self._connection.api.containers(all=True, filters={"label": [f"{labels.STATE}={self._state_id}"]})
        for container in found:
            if container["Id"] not in known and time.time() - container["Created"] > _YOUNG_SECONDS:
                self._remove(container["Id"])

    def close(self) -> None:
        """See `Engine.close`."""
        self._tidying.shutdown(wait=True)

    def machine(self) -> Mapping[str, Any]:
        """What the engine says of its machine, asked once."""
        if self._machine is None:
            self._machine = self._connection.info()
        return self._machine

    def _create(self, task: Task, plan: ContainerPlan) -> str:
        """A container that is not started yet, in place of one that an attempt before has left behind."""
        from docker.errors import APIError

        end = time.monotonic() + _NAME_SECONDS
        while True:
            try:
                with explained(task.id):
                    made = self._connection.api.create_container(
                        **container_arguments(self._connection.api, task, plan)
                    )
                    return str(made["Id"])
            except NotThereError as error:
                hint = "reconcile again: the environment is built anew"
                message = f"the image of its environment is gone: {task.environment[:19]}"
                raise ImageMissingError(message, place=task.id, hint=hint) from error
            except EngineError as error:
                is_conflict = isinstance(error.__cause__, APIError) and error.__cause__.status_code == _CONFLICT
                if not is_conflict or time.monotonic() > end:
                    raise
                self._remove(container_name(task, self._state_id))
                time.sleep(_LOOK_SECONDS)  # it may be in the middle of being removed

    def _wait(self, task: Task, handle: str) -> Exit:
        was_away = is_timed_out = False
        while True:
            try:
                container = self._inspected(handle)
            except EngineGoneError:
                was_away = True
                if not self._is_back(handle):
                    seconds = self._settings.patience_seconds
                    return Exit(ExitReason.ENGINE_GONE, None, f"the Docker engine was gone for {seconds:g} seconds")
                continue
            if container is None:
                return self._exit_status(task) or Exit(ExitReason.LOST, None, "its container is gone")
            state = container["State"]
            if handle in self._left and state["Running"]:
                return Exit(ExitReason.LEFT, None, "goes on")
            if not state["Running"]:
                break
            if handle in self._cancelled:  # it was started a moment later, or the engine was away
                self._stop(handle)
            left = None if task.timeout_seconds is None else task.timeout_seconds - _age(state["StartedAt"])
            if left is not None and left <= 0:
                is_timed_out = True
                self._stop(handle)
                left = _LOOK_SECONDS
            self._wait_a_while(handle, _SLICE_SECONDS if left is None else min(left, _SLICE_SECONDS))
        if handle in self._cancelled:
            return Exit(ExitReason.CANCELLED, None, "was cancelled")
        if is_timed_out:
            return timed_out(task)
        return self._end_of(task, container, was_away)

    def _end_of(self, task: Task, container: Mapping[str, Any], was_away: bool) -> Exit:
        """How a container ended by itself, or was ended by others."""
        handle, state = container["Id"], container["State"]
        written = self._exit_status(task)
        if state["OOMKilled"] and (written is None or written.reason is not ExitReason.COMPLETED):
            memory = size_text(container["HostConfig"]["Memory"])
            return Exit(ExitReason.OUT_OF_MEMORY, int(state["ExitCode"]), f"ran out of its memory of {memory}")
        if written is not None:
            return written
        self._keep_own_log(task, handle)
        is_outside = state["ExitCode"] in _ENDED_BY_SIGNAL or handle not in self._own  # a machine that went down, say
        if was_away or is_outside:
            return Exit(ExitReason.INTERRUPTED, None, "was ended from outside, as by an engine that is stopped")
        if state["ExitCode"] == 0:
            return Exit(ExitReason.LOST, 0, "ended without leaving an exit status")
        return exited_with(int(state["ExitCode"]))

    def _exit_status(self, task: Task) -> Exit | None:
        """What the shell left as the last thing that it did."""
        try:
            return exited_with(int((task.folder / EXIT_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def _inspected(self, handle: str) -> Mapping[str, Any] | None:
        try:
            with explained(handle[:12]):
                container: Mapping[str, Any] = self._connection.api.inspect_container(handle)
                return container
        except NotThereError:
            return None

    def _wait_a_while(self, handle: str, seconds: float) -> None:
        """Return when the container ends, or after so many seconds; what happened is for the caller to find out."""
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        begun = time.monotonic()
        try:
            self._connection.api.wait(handle, timeout=seconds)
        except (RequestException, DockerException, OSError):
            time.sleep(max(0.0, min(_LOOK_SECONDS, seconds) - (time.monotonic() - begun)))

    def _is_back(self, handle: str) -> bool:
        """Whether the engine answers again before our patience ends, or we need not wait any longer."""
        end = time.monotonic() + self._settings.patience_seconds
        while time.monotonic() < end and handle not in self._left:
            if self._connection.answers():
                return True
            time.sleep(_LOOK_SECONDS)
        return handle in self._left and self._connection.answers()

    def _stop(self, handle: str) -> None:
        """SIGTERM to all of it, SIGKILL to what stays; asked once, for a second SIGTERM may disturb the first."""
        with self._lock:
            if handle in self._stopping:
                return
            self._stopping.add(handle)
        with suppress(EngineError), explained(handle[:12]):
            self._connection.api.stop(handle, timeout=max(1, round(self._grace)))
        with self._lock:
            self._stopping.discard(handle)

    def _remove(self, handle: str) -> None:
        with suppress(EngineError), explained(handle[:12]):
            self._connection.api.remove_container(handle, v=True, force=True)

    def _keep_own_log(self, task: Task, handle: str) -> None:
        """What was said before the step could write to its log, such as why it could not."""
        with suppress(EngineError, OSError), explained(handle[:12]):
            said = self._connection.api.logs(handle, tail=50)
            with task.log.open("ab") as log:
                log.write(said)


def _age(started: str) -> float:
    """The seconds since a moment such as `2026-11-24T16:08:17.603034964Z`."""
    moment = datetime.fromisoformat(f"{started[:19]}+00:00").timestamp()
    fraction = started[20:].rstrip("Z")
    return time.time() - moment - (float(f"0.{fraction}") if fraction.isdigit() else 0.0)
