"""The worker as the daemon holds it: a child process, started when it is needed, ended when it is not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from reconciler.model.errors import TrackingError
from reconciler.tracking.protocol import Answer, Request, read_answer, write_request
from reconciler.tracking.uri import TrackingUri

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

_LARGEST_LOG = 1_000_000
# A server that is away is asked again by who asks us, and not from here.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
# Of the code of steps, which has nobody else: together some ten minutes, where MLflow allows no more than ten retries.
STEP_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "9", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "4"}
_SECONDS_TO_END = 5.0


class WorkerDiedError(Exception):
    """The worker went away before it answered."""


class WorkerProcess:
    """At most one child process; `ask` starts it where it is not there. Used by one thread; `kill` by any."""

    def __init__(self, uri: TrackingUri, artifact_root: Path | None, log: Path, umask: int = -1) -> None:
        """`umask` is that of the child, -1 for ours."""
        self._uri = uri
        self._artifact_root = artifact_root
        self._log = log
        self._umask = umask
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            WorkerDiedError: it may or may not have been carried out.
            TrackingError: the worker cannot be started.
        """
        if self.pid is None:
            self.end()
            self._process = self._start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(write_request(request))
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError as error:
            self.end()
            raise WorkerDiedError from error
        if not line.endswith(b"\n"):
            self.end()
            raise WorkerDiedError
        return read_answer(line)

    def end(self) -> None:
        """End the child: it leaves when its input ends, else it is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def kill(self) -> None:
        """End the child at once, whatever it is at."""
        process = self._process
        if process is not None:
            process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "reconciler.tracking.worker", "--uri", self._uri.address]
        if self._artifact_root is not None:
            command += ["--artifact-root", str(self._artifact_root)]
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
                self._log.replace(self._log.with_name(f"{self._log.name}.1"))
            with self._log.open("ab") as log:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=self._environment(),
                    umask=self._umask,
                    start_new_session=True,  # Ctrl-C is for the daemon, which finishes its runs first
                )
        except OSError as error:
            raise TrackingError(f"the MLflow worker cannot be started: {error}", place=str(self._log)) from error

    def _environment(self) -> dict[str, str]:
        """Ours, without what would make MLflow log elsewhere, and with the folder that this package lies in."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI")
        }
        ours = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (ours, inherited.get("PYTHONPATH"))))
        return _PATIENCE | inherited | QUIET | self._uri.credentials | {"PYTHONPATH": path}
