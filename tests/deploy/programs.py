"""Programs of the system that tests need and not every machine has."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """Where a program is; without it a test is skipped, except in continuous integration."""
    found = shutil.which(name)
    if found is not None:
        return found
    reason = f"no {name}: `apt-get install {package}` brings it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
