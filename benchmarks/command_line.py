"""The installed program as a whole process: its help, a plan with nothing to do, a daemon at rest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.measure import Measure, median_ms
from benchmarks.repository import Repository

# As a user has it: modules are compiled once.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PROGRAM = str(Path(sys.executable).parent / "reconciler")


def measure_help() -> Iterator[Measure]:
    """How much longer `--help` takes than Python alone."""
    python = median_ms(lambda: run(sys.executable, "-c", "pass"), 11)
    own = median_ms(lambda: run(PROGRAM, "--help"), 11)
    yield Measure("--help beyond `python -c pass`", 0, own - python, "ms", 150)


def measure_nothing_to_do(repository: Repository, state: Path) -> Iterator[Measure]:
    """Verbs on a repository whose every step has succeeded."""
    size = repository.size
    target = 300 if size == 1000 else None
    work_tree = str(repository.work_tree)
    plan = median_ms(lambda: run(PROGRAM, "plan", work_tree, "--state", str(state)), 5)
    yield Measure("`plan` with nothing to do", size, plan, "ms", target)
    once = (
        "daemon",
        "--once",
        "--source",
        str(repository.origin),
        "--state",
        str(state),
        "--tracking",
        "none",
        "--engine",
        "process",
    )
    yield Measure("`daemon --once` with nothing to do", size, median_ms(lambda: run(PROGRAM, *once), 5), "ms", target)


def measure_daemon(repository: Repository, state: Path) -> Iterator[Measure]:
    """Memory of a daemon that has taken the repository up and waits."""
    command = [
        PROGRAM,
        "daemon",
        "--source",
        str(repository.origin),
        "--state",
        str(state),
        "--interval",
        "3600",
        "--engine",
        "process",
    ]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert daemon.stdout is not None
        for line in daemon.stdout:
            if line.startswith("applied"):
                break
        time.sleep(2)
        resident = psutil.Process(daemon.pid).memory_info().rss / 2**20
        yield Measure("memory of the daemon at rest", repository.size, resident, "MB", 100)
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)


def run(*command: str) -> None:
    """Run a command to its end.

    Raises:
        CalledProcessError: it failed.
    """
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
