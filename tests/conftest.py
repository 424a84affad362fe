"""What holds for all tests."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# Files that look at one and the same demonstration, which one process then plays once for all of them.
_TOGETHER = {"tests/e2e/test_real_data.py": "tests/e2e/test_demo.py"}


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # comes without types
    """A file's tests in one process, and some files together. Groups by mark are lost on pytest 9 with xdist 3.8."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return _TOGETHER.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _ByFile(config, log)


# How long an example takes says more of the machine than of the rule.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

# Where a Docker engine happens to answer, tests of everything else run on processes all the same.
os.environ["RECONCILER_ENGINE"] = "process"


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    """Jobs that a shell runs in the background ignore SIGINT, and so would the programs that tests interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
