"""Steps as processes of this machine, each in a session of its own, so that they outlive the daemon."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import psutil

from reconciler.engines.base import STEP_VARIABLES, Exit, ExitReason, Task, exited_with, timed_out
from reconciler.model.errors import EngineError

_PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "TZ")
_PASSED_ON_ANY_CASE = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_POLL_SECONDS = 0.2
_LOOK_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 86_400.0
_HAS_PROC = Path("/proc/self/stat").exists()
# The wrapper begins when it is told to, and not where the process that would tell it is gone. It leaves the exit status
# in a file, by rename: a daemon started anew finds it whole or not at all.
_WRAPPER = (
    "read -r begin || exit 125; exec < /dev/null; "
    'sh -c "$1"; code=$?; echo $code > "$2.tmp" && mv "$2.tmp" "$2"; exit $code'
)
_EXIT_FILE = "exit"


class ProcessEngine:
    """Runs a task with the interpreter of its virtual environment first on the path.

    A handle is `pid:start`, the start guarding against a process id that was given out again.
    """

    name = "process"

    def __init__(self, kill_grace_seconds: float = 5.0) -> None:
        self._grace = kill_grace_seconds
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled: dict[str, set[psutil.Process]] = {}
        self._left: set[str] = set()
        self._followed: dict[str, _EndOf] = {}

    def root(self, folder: Path) -> Path:
        """See `Engine.root`: the folder itself."""
        return folder

    def start(self, task: Task, keep: Callable[[str], object] = lambda _: None) -> str:
        """See `Engine.start`."""
        try:
            for name in ("home", "tmp"):
                (task.folder / name).mkdir(parents=True, exist_ok=True)
            for path, content in task.inputs.items():
                (task.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (task.folder / path).symlink_to(content)
            (task.folder / _EXIT_FILE).unlink(missing_ok=True)
            with task.log.open("ab") as log:
                process = subprocess.Popen(
                    ["sh", "-c", _WRAPPER, "sh", task.command, str(task.folder / _EXIT_FILE)],
                    cwd=task.code_folder or task.folder,
                    env=_environment(task),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            hint = "are the code folder and the command as they should be, and the disk not full?"
            raise EngineError(f"the step cannot be started: {error}", place=task.id, hint=hint) from error
        handle = f"{process.pid}:{_start_of(process.pid)}"
        self._children[handle] = process
        with contextlib.suppress(BrokenPipeError), process.stdin or contextlib.nullcontext():
            keep(handle)
            _tell_to_begin(process)
        return handle

    def wait(self, task: Task, handle: str) -> Exit:
        """See `Engine.wait`. The time limit counts from the start of the process, after an adoption too."""
        is_timed_out = not self._wait_until_ended(task, handle)
        if handle in self._left and _is_alive(handle):
            return Exit(ExitReason.LEFT, None, "goes on")
        if is_timed_out:
            self._end(handle, _family(handle))
            self._wait_until_ended(task, handle, is_limited=False)
        child = self._children.pop(handle, None)
        if child is not None:
            child.wait()
        # What it left in the background, what outlived a killed wrapper, what is being cancelled.
        self._end(handle, _family(handle) | self._cancelled.get(handle, set()))
        if is_timed_out:
            return timed_out(task)
        if self._cancelled.pop(handle, None) is not None:
            return Exit(ExitReason.CANCELLED, None, "was cancelled")
        return _exit_of(task.folder / _EXIT_FILE, child.returncode if child else None)

    def cancel(self, handle: str) -> None:
        """See `Engine.cancel`."""
        family = self._cancelled[handle] = _family(handle)
        self._end(handle, family)

    def leave(self, handle: str) -> None:
        """See `Engine.leave`."""
        self._left.add(handle)
        followed = self._followed.get(handle)
        if followed is not None:
            followed.wake()

    def remove_leftovers(self, known: Collection[str]) -> None:
        """See `Engine.remove_leftovers`: a process leaves nothing behind but its folder."""

    def close(self) -> None:
        """See `Engine.close`."""

    def _wait_until_ended(self, task: Task, handle: str, is_limited: bool = True) -> bool:
        """Block until the process is gone or left; False where its time ran out first."""
        limit = task.timeout_seconds if is_limited else None
        ended = self._followed[handle] = _EndOf(handle)
        try:
            while _is_alive(handle) and handle not in self._left:
                left = None if limit is None else limit - _age(handle)
                if left is not None and left <= 0:
                    return False
                ended.wait(left)
            return True
        finally:
            self._followed.pop(handle, None)
            ended.close()

    def _end(self, handle: str, family: Iterable[psutil.Process]) -> None:
        """SIGTERM to the process and all that it started, SIGKILL to those that stay."""
        running = {process for process in family if _is_running(process)}
        if not running:
            return
        _signal(running, signal.SIGTERM)
        left = _outliving(running, self._grace) | _family(handle)
        _signal(left, signal.SIGKILL)
        _outliving(left, self._grace)


class _EndOf:
    """Wakes up when a process ends: through the kernel where it can, else by looking now and then."""

    def __init__(self, handle: str) -> None:
        self._lock = threading.Lock()
        self._descriptors: tuple[int, int] | None = None
        with contextlib.suppress(OSError, AttributeError):  # gone, no descriptors left, or no such call here
            process = os.pidfd_open(_pid_of(handle))
            try:
                self._descriptors = process, os.eventfd(0)
            except OSError:
                os.close(process)

    def wait(self, seconds: float | None) -> None:
        """Block until the process ends, somebody wakes us, or about so many seconds have passed."""
        if self._descriptors is None:
            time.sleep(_POLL_SECONDS)
            return
        poll = select.poll()
        for descriptor in self._descriptors:
            poll.register(descriptor, select.POLLIN)
        poll.poll(None if seconds is None else math.ceil(min(seconds, _LONGEST_WAIT_SECONDS) * 1000))

    def wake(self) -> None:
        """Any thread may; nothing happens where it was closed meanwhile."""
        with self._lock:
            if self._descriptors is not None:
                os.eventfd_write(self._descriptors[1], 1)

    def close(self) -> None:
        with self._lock:
            for descriptor in self._descriptors or ():
                os.close(descriptor)
            self._descriptors = None


def _tell_to_begin(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.write(b"\n")
        process.stdin.flush()


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
        "VIRTUAL_ENV": task.environment,
        **STEP_VARIABLES,
        **task.variables,
    }


def _start_of(pid: int) -> str:
    """When a process started, "" where it is gone: by the kernel's count, which no setting of the clock moves."""
    try:
        if _HAS_PROC:
            return (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
            )
        return str(psutil.Process(pid).create_time())
    except (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):
        return ""


def _pid_of(handle: str) -> int:
    return int(handle.partition(":")[0])


def _is_alive(handle: str) -> bool:
    pid, _, start = handle.partition(":")
    try:
        return start == _start_of(int(pid)) != "" and _is_running(psutil.Process(int(pid)))
    except psutil.NoSuchProcess:
        return False


def _age(handle: str) -> float:
    """The seconds since the process started; those in which the machine slept count too."""
    start = handle.partition(":")[2]
    if _HAS_PROC:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(start) / os.sysconf("SC_CLK_TCK")
    return time.time() - float(start)


def _family(handle: str) -> set[psutil.Process]:
    """The process, its descendants and all others of its session.

    The session's id is not given out again while anything of it lives; so it may be trusted when its leader is gone,
    but not when another process has the leader's id.
    """
    pid = _pid_of(handle)
    found: set[psutil.Process] = set()
    if _is_alive(handle):
        with contextlib.suppress(psutil.NoSuchProcess):
            leader = psutil.Process(pid)
            found = {leader, *leader.children(recursive=True)}
    elif psutil.pid_exists(pid) and handle != f"{pid}:{_start_of(pid)}":
        return found
    for other in psutil.pids():
        with contextlib.suppress(OSError, psutil.NoSuchProcess):
            if os.getsid(other) == pid:
                found.add(psutil.Process(other))
    return found


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """The oldest first: a shell must not go on to its next command because the one before was ended."""
    for process in sorted(processes, key=lambda process: (process.create_time(), process.pid)):
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _is_running(process: psutil.Process) -> bool:
    """Whether it has not ended; one that has, and that nobody has asked about yet, is a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _outliving(processes: Iterable[psutil.Process], seconds: float) -> set[psutil.Process]:
    """Those that have not ended after so many seconds; returns as soon as all have."""
    end = time.monotonic() + seconds
    while left := {process for process in processes if _is_running(process)}:
        if time.monotonic() >= end:
            break
        time.sleep(_LOOK_SECONDS)
    return left


def _exit_of(file: Path, returned: int | None) -> Exit:
    """What the wrapper left, or what the kernel says where it could leave nothing."""
    try:
        code = int(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        if returned is None or returned >= 0:
            return Exit(ExitReason.LOST, returned, "ended without leaving an exit status")
        code = 128 - returned
    return exited_with(code)
