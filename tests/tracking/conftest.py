"""What several modules share: a training step for each kind of MLflow, and the server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite(f"{__package__}.conformance", f"{__package__}.mlflow_kind")

from .mlflow_kind import LOGGING, TRAINING, MlflowKind, Trained, Training, request  # noqa: E402
from .server_process import ServerProcess  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server; it may not answer yet."""
    server = ServerProcess(tmp_path_factory.mktemp("mlflow server"))
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def server_starts_while_other_modules_run(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # each process is given all items and may run none of these
    if any("tracking/test_over_http.py" in item.nodeid for item in request.session.items):
        request.getfixturevalue("server")


@pytest.fixture(scope="module")
def training(kind: MlflowKind) -> Training:
    """A root run and two steps' runs under it: in one a process trains a model, in the other one logs a lot."""
    root = kind.tracking.start_run(request("pipeline")).result()
    runs = [kind.tracking.start_run(request(name, root=root)).result() for name in ("train_lr", "log")]
    processes = [kind.step(code, run, "lending") for code, run in zip((TRAINING, LOGGING), runs, strict=True)]
    return Training(Trained(root, *runs), processes)


@pytest.fixture(scope="module")
def trained(training: Training) -> Trained:
    """The same, when the processes have ended; the runs are still ours to end."""
    for process in training.processes:
        try:
            _, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == 0, errors
    return training.runs
