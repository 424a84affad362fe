"""What holds for all tests."""

from __future__ import annotations

import os
import signal

import pytest

# Where a Docker engine happens to answer, tests of everything else run on processes all the same.
os.environ["RECONCILER_ENGINE"] = "process"


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    """Jobs that a shell runs in the background ignore SIGINT, and so would the programs that tests interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
