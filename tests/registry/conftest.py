"""A real repository with tags, and what is read of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .tagged import Tagged


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Tagged]:
    tagged = Tagged(tmp_path)
    yield tagged
    tagged.close()
