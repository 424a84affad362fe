"""Steps as processes of this machine, each in a session of its own, so that they outlive the daemon."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from reconciler.engines.base import Exit, ExitReason, Task
from reconciler.model.errors import EngineError

_PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "TZ")
_PASSED_ON_ANY_CASE = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_POLL_SECONDS = 0.2
# The wrapper leaves the exit status in a file, by rename: a daemon started anew finds it whole or not at all.
_WRAPPER = 'sh -c "$1"; code=$?; echo $code > "$2.tmp" && mv "$2.tmp" "$2"; exit $code'
_EXIT_FILE = "exit"


class ProcessEngine:
    """Runs a task with the interpreter of its virtual environment first on the path.

    A handle is `pid:start`, the start guarding against a process id that was given out again.
    """

    name = "process"

    def __init__(self, kill_grace_seconds: float = 5.0, clock: Callable[[], float] = time.time) -> None:
        self._grace = kill_grace_seconds
        self._clock = clock
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled: set[str] = set()

    def start(self, task: Task) -> str:
        """See `Engine.start`."""
        task.folder.mkdir(parents=True, exist_ok=True)
        for name in ("home", "tmp"):
            (task.folder / name).mkdir(exist_ok=True)
        try:
            with task.log.open("ab") as log:
                process = subprocess.Popen(
                    ["sh", "-c", _WRAPPER, "sh", task.command, str(task.folder / _EXIT_FILE)],
                    cwd=task.code_folder or task.folder,
                    env=_environment(task),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            hint = "is the code folder there, and the disk not full?"
            raise EngineError(f"the step cannot be started: {error}", place=task.id, hint=hint) from error
        handle = f"{process.pid}:{_start_of(process.pid)}"
        self._children[handle] = process
        return handle

    def wait(self, task: Task, handle: str) -> Exit:
        """See `Engine.wait`. The time limit counts from the start of the process, after an adoption too."""
        is_timed_out = not self._wait_until_ended(task, handle)
        if is_timed_out:
            self._end(handle)
            self._wait_until_ended(task, handle, is_limited=False)
        child = self._children.pop(handle, None)
        if child is not None:
            child.wait()
        if is_timed_out:
            limit = f"{task.timeout_seconds:g}"
            return Exit(ExitReason.TIMED_OUT, None, f"took longer than its time limit of {limit} seconds")
        if handle in self._cancelled:
            self._cancelled.discard(handle)
            return Exit(ExitReason.CANCELLED, None, "was cancelled")
        return _exit_of(task.folder / _EXIT_FILE, child.returncode if child else None)

    def cancel(self, handle: str) -> None:
        """See `Engine.cancel`."""
        self._cancelled.add(handle)
        self._end(handle)

    def _wait_until_ended(self, task: Task, handle: str, is_limited: bool = True) -> bool:
        """Block until the process is gone; False where its time ran out first."""
        pid, start = _parts(handle)
        deadline = start + task.timeout_seconds if is_limited and task.timeout_seconds is not None else None
        try:
            descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        except OSError:
            return True
        try:
            while _is_alive(handle):
                left = None if deadline is None else deadline - self._clock()
                if left is not None and left <= 0:
                    return False
                if descriptor is None:
                    time.sleep(_POLL_SECONDS)
                    continue
                if select.select([descriptor], [], [], left)[0]:
                    return True
            return True
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _end(self, handle: str) -> None:
        """SIGTERM to the process and all its descendants, SIGKILL to those that stay."""
        if not _is_alive(handle):
            return
        pid, _ = _parts(handle)
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        _signal_group(pid, signal.SIGTERM)
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _, stubborn = psutil.wait_procs(family, timeout=self._grace)
        if stubborn:
            _signal_group(pid, signal.SIGKILL)
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _environment(task: Task) -> dict[str, str]:
    """The variables of a step: what it is given and little else, so that no secret of the daemon leaks."""
    binaries = Path(task.environment) / "bin" if task.environment else Path(sys.executable).parent
    inherited = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.lower() in _PASSED_ON_ANY_CASE
    }
    return {
        **inherited,
        "PATH": f"{binaries}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(task.folder / "home"),
        "TMPDIR": str(task.folder / "tmp"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "VIRTUAL_ENV": task.environment,
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **task.variables,
    }


def _start_of(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _parts(handle: str) -> tuple[int, float]:
    pid, _, start = handle.partition(":")
    return int(pid), float(start or 0)


def _is_alive(handle: str) -> bool:
    pid, start = _parts(handle)
    try:
        process = psutil.Process(pid)
        return process.create_time() == start and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _exit_of(file: Path, returned: int | None) -> Exit:
    """What the wrapper left, or what the kernel says where it could leave nothing."""
    try:
        code = int(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        if returned is None or returned >= 0:
            return Exit(ExitReason.LOST, returned, "ended without leaving an exit status")
        code = 128 - returned
    if code == 0:
        return Exit(ExitReason.COMPLETED, 0, "completed")
    if code > 128 and code - 128 in {item.value for item in signal.Signals}:
        name = signal.Signals(code - 128).name
        return Exit(ExitReason.FAILED, code, f"was killed by signal {code - 128} ({name})")
    return Exit(ExitReason.FAILED, code, f"exited with status {code}")
