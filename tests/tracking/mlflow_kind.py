"""One way to run MLflow, as the conformance cases see it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.tracking.base import RunRequest
from reconciler.tracking.mlflow_tracking import MlflowTracking

TRAINING = """
import mlflow, mlflow.sklearn
from sklearn.linear_model import LogisticRegression

mlflow.sklearn.autolog(log_models=False)
print("a print of the step is not tracking's business")
with mlflow.start_run():
    model = LogisticRegression(C=0.5).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    for step, value in enumerate((0.5, 0.75, 1.0)):
        mlflow.log_metric("val_accuracy", value, step=step)
    mlflow.set_tag("algorithm", "lr")
    mlflow.log_text("scaled", "scaler/notes.txt")
    mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
"""

AUTOLOGGING_FIRST = """
import mlflow, mlflow.sklearn
from sklearn.linear_model import LogisticRegression

mlflow.sklearn.autolog(log_models=False)
model = LogisticRegression(C=0.5).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
mlflow.log_metric("val_accuracy", 0.75)
mlflow.log_param("rows", 4)
mlflow.set_tag("algorithm", "lr")
mlflow.log_text("noted", "notes.txt")
mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"])
"""

NESTING = """
import mlflow

with mlflow.start_run():
    mlflow.log_metric("own", 1.0)
    with mlflow.start_run(nested=True):
        mlflow.log_metric("inner", 2.0)
"""

LOGGING = """
import mlflow

with mlflow.start_run():
    for number in range(100):
        mlflow.log_metric("m", number, step=number)
"""


LOGGING_COURSES = """
import math, sys
import mlflow

with mlflow.start_run():  # ends the step's run; what is logged afterwards makes a run beside it
    for step, value in ((2, 0.75), (1, 0.5), (3, math.nan)):
        mlflow.log_metric("by step", value, step=step)
    mlflow.log_metric("unstepped", 0.25)
mlflow.log_metric("late", 0.9)
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class MlflowKind:
    """A tracking, and how a test reaches round it.

    Attributes:
        delete_experiment: by its id.
        children: how many runs have a parent, by ids of the experiment and the parent.
    """

    tracking: MlflowTracking
    delete_experiment: Callable[[str], None]
    children: Callable[[str, str], int]

    def step(self, code: str, run_id: str | None, experiment: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a step's process."""
        environment = os.environ | self.tracking.variables(run_id, experiment)
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run_step(self, code: str, run_id: str | None, experiment: str, *arguments: str) -> str:
        """Run a step's process to its end, and give what it printed."""
        process = self.step(code, run_id, experiment, *arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return output


@dataclass(frozen=True, slots=True)
class Trained:
    """The runs of a pipeline with two steps, one that trains and one that logs."""

    root: str
    run_id: str
    logging_run_id: str


@dataclass(frozen=True, slots=True)
class Training:
    """The same while the steps' processes are under way."""

    runs: Trained
    processes: list[subprocess.Popen[str]]


def request(
    name: str, experiment: str = "lending", root: str | None = None, tags: dict[str, str] | None = None
) -> RunRequest:
    return RunRequest(experiment, name, root, root, tags or {})


@dataclass(slots=True)
class Deadline:
    """Waits for what comes within seconds."""

    seconds: float = 20.0
    pause: float = field(default=0.02)

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + self.seconds
        while not holds():
            assert time.monotonic() < end, "it did not come about in time"
            time.sleep(self.pause)


def process_is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
