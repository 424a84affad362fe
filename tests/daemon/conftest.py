"""An origin to push to, a site, and a follower between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.execution.site import Site

from .following import Following
from .origin import Origin
from .site import Clock, make_site
from .waiting import Waiting


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[Site]:
    site = make_site(tmp_path / "state", clock)
    yield site
    site.close()
    site.state.close()


@pytest.fixture
def following(site: Site, origin: Origin) -> Iterator[Following]:
    following = Following(site, origin)
    yield following
    following.follower.stop()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    waiting = Waiting(tmp_path)
    yield waiting
    waiting.go_on()  # a step outlives the daemon that started it
