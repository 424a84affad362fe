"""A revision that takes away too much: refused until somebody confirms it; and what is kept although it left Git."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.execution.site import Site
from reconciler.model.upkeep import Upkeep

from .following import Following
from .origin import Origin, pipeline

NAMES = ("one", "two", "three", "four")
ALL = {f"{name}.yaml": pipeline("true", name=name) for name in NAMES}


def _without(*names: str) -> dict[str, str | None]:
    return {f"{name}.yaml": None for name in names}


@pytest.fixture
def applied(following: Following, origin: Origin) -> Following:
    origin.push(ALL)
    following.turn()
    return following


class TestTooMuch:
    def test_it_is_refused_with_what_would_go_and_how_to_confirm_it(self, applied: Following, origin: Origin) -> None:
        before = applied.source.applied_commit
        origin.push(_without("one", "two", "three"))
        outcome = applied.turn()
        assert not outcome.is_good
        assert applied.source_reason == (
            "PruneTooLarge",
            "it takes away 3 of 4 resources: pipeline one, pipeline three, pipeline two;"
            " `reconciler reconcile main --confirm-prune` applies it all the same",
        )
        assert applied.source.applied_commit == before
        assert len(applied.resources) == 4

    def test_it_stays_refused_also_by_the_next_process(self, applied: Following, origin: Origin) -> None:
        origin.push(_without(*NAMES[1:]))
        applied.turn()
        applied.turn("request", is_asked=True)
        applied.restart()
        applied.turn("start")
        assert applied.source_reason[0] == "PruneTooLarge"
        assert len(applied.resources) == 4

    def test_confirmed_it_is_applied(self, applied: Following, origin: Origin) -> None:
        commit = origin.push(_without(*NAMES[1:]))
        applied.turn()
        applied.follower.confirm_prune()
        assert applied.turn("request", is_asked=True).is_good
        assert (applied.source_reason[0], applied.source.applied_commit) == ("Applied", commit)
        assert set(applied.resources) == {"pipeline/one"}
        assert len(applied.runs) == 4

    def test_who_confirms_once_has_not_confirmed_what_comes_later(self, applied: Following, origin: Origin) -> None:
        applied.follower.confirm_prune()
        applied.turn("request", is_asked=True)
        origin.push(_without(*NAMES))
        applied.turn()
        assert applied.source_reason[0] == "PruneTooLarge"

    def test_nobody_needs_to_confirm_what_puts_it_right(self, applied: Following, origin: Origin) -> None:
        origin.push(_without(*NAMES))
        applied.turn()
        commit = origin.revert()
        assert applied.turn().is_good
        assert applied.source.applied_commit == commit
        assert len(applied.runs) == 4


@pytest.fixture
def careless(site: Site, origin: Origin) -> Iterator[Following]:
    following = Following(site, origin, upkeep=Upkeep(max_prune=1))
    yield following
    following.follower.stop()


def test_an_operator_may_let_everything_go(careless: Following, origin: Origin) -> None:
    origin.push(ALL)
    careless.turn()
    origin.push(_without(*NAMES))
    assert careless.turn().is_good
    assert careless.resources == {}


class TestWhatIsKept:
    @pytest.fixture
    def kept(self, applied: Following, origin: Origin) -> Following:
        origin.push({"reconciler.yaml": "prune: false\n", **_without("one", "two", "three")})
        assert applied.turn().is_good
        return applied

    def test_it_is_said_to_be_orphaned_and_nothing_runs_for_it(self, kept: Following) -> None:
        assert {name: resource.conditions[0].reason for name, resource in kept.resources.items()} == {
            "pipeline/four": "RunSucceeded",
            "pipeline/one": "Orphaned",
            "pipeline/two": "Orphaned",
            "pipeline/three": "Orphaned",
        }
        kept.turn("request", is_asked=True)
        kept.restart()
        kept.turn("start")
        assert kept.reason("pipeline/one")[0] == "Orphaned"
        assert len(kept.runs) == 4

    def test_once_it_is_in_git_again_it_is_as_it_was(self, kept: Following, origin: Origin) -> None:
        origin.push(ALL)
        kept.turn()
        assert kept.reason("pipeline/one") == ("RunSucceeded", "one-1 is current")
        assert len(kept.runs) == 4

    def test_it_goes_when_it_is_to_be_kept_no_longer(self, kept: Following, origin: Origin) -> None:
        origin.push({"reconciler.yaml": "prune: true\n"})
        kept.turn()
        assert kept.source_reason[0] == "PruneTooLarge"
        kept.follower.confirm_prune()
        kept.turn("request", is_asked=True)
        assert set(kept.resources) == {"pipeline/four"}
