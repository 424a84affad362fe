"""A reviewed pull request at each of the forges, or at one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.forges.kinds import ForgeKind
from tests.daemon.following import Following
from tests.daemon.origin import Origin, pipeline
from tests.forges.conftest import Place, place_for
from tests.forges.serving import serving

from .reviewed import Reviewed


@pytest.fixture
def applied(origin: Origin, following: Following) -> Following:
    origin.push({"greet.yaml": pipeline("true", "true"), "other.yaml": pipeline("true", name="other")})
    following.turn()
    return following


@pytest.fixture(params=list(ForgeKind))
def everywhere(request: pytest.FixtureRequest, origin: Origin, applied: Following) -> Iterator[Reviewed]:
    """At each forge in turn."""
    yield from _reviewed(request.param, origin, applied)


@pytest.fixture
def github() -> Iterator[Place]:
    place = place_for(ForgeKind.GITHUB)
    with serving(place.served):
        yield place


@pytest.fixture
def reviewed(origin: Origin, applied: Following) -> Iterator[Reviewed]:
    yield from _reviewed(ForgeKind.GITHUB, origin, applied)


def _reviewed(kind: ForgeKind, origin: Origin, applied: Following) -> Iterator[Reviewed]:
    place = place_for(kind)
    with serving(place.served):
        reviewed = Reviewed(origin, applied, place)
        yield reviewed
        reviewed.watch.close()
