"""The worker as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.errors import TrackingError
from reconciler.tracking.mlflow_tracking import MlflowTracking

from .mlflow_kind import Deadline, process_is_alive, request


def test_the_worker_ends_when_the_daemon_is_killed(tmp_path: Path) -> None:
    daemon = f"""
import os, signal, time
from pathlib import Path
from reconciler.tracking.base import RunRequest
from reconciler.tracking.mlflow_tracking import MlflowTracking
tracking = MlflowTracking("sqlite:///{tmp_path}/mlflow.db", None, Path("{tmp_path}/log"))
tracking.start_run(RunRequest("e", "r", None, None, {{}}))
while tracking.worker_pid is None:
    time.sleep(0.01)
print(tracking.worker_pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", daemon], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    Deadline().until(lambda: not process_is_alive(int(ended.stdout)))


def test_what_mlflow_prints_does_not_come_between_the_answers() -> None:
    worker = """
import os, subprocess
from reconciler.tracking import worker
requests, answers = worker._take_the_pipes()
print("noise", flush=True)
os.write(1, b"more noise\\n")
subprocess.run(["sh", "-c", "cat; echo noise of a child"])
answers.write(requests.readline())
answers.flush()
"""
    said = subprocess.run(
        [sys.executable, "-c", worker], input="an answer\n", capture_output=True, text=True, check=True
    )
    assert said.stdout == "an answer\n"
    assert said.stderr.count("noise") == 3


def test_a_file_that_is_no_database_is_refused_and_the_log_says_all(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this is no database, whatever it is called" * 100)
    tracking = MlflowTracking(f"sqlite:///{tmp_path}/mlflow.db", None, tmp_path / "log")
    with pytest.raises(TrackingError, match="not a database"):
        tracking.start_run(request("r")).result()
    tracking.close()
    assert "Traceback" in (tmp_path / "log").read_text()


def test_a_server_that_does_not_answer_is_named_without_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    tracking = MlflowTracking("http://ada:s3cret@127.0.0.1:1", None, tmp_path / "log")
    with pytest.raises(TrackingError) as caught:
        tracking.variables(None, "lending")
    assert "http://127.0.0.1:1 does not answer" in (caught.value.hint or "")
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in (tmp_path / "log").read_text()
    tracking.close()


def test_after_close_nothing_more_is_taken(tmp_path: Path) -> None:
    tracking = MlflowTracking(f"sqlite:///{tmp_path}/mlflow.db", None, tmp_path / "log")
    tracking.close()
    with pytest.raises(TrackingError, match="closed"):
        tracking.start_run(request("r")).result()


def test_a_worker_that_cannot_write_its_log_is_an_error_of_tracking(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    tracking = MlflowTracking(f"sqlite:///{tmp_path}/mlflow.db", None, tmp_path / "file" / "log")
    with pytest.raises(TrackingError, match="cannot be started"):
        tracking.start_run(request("r")).result()
    tracking.close()
