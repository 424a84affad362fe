"""How much a revision may take away without anybody being asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.desired import Desired, Settings
from reconciler.model.manifests import Kind
from reconciler.model.plan import Pruned
from reconciler.planning.pruning import Key, orphaned, removed, too_much_said

from .history import desired_of

HALF = 0.5


def pipelines(count: int) -> dict[str, str]:
    return {
        f"p{number}.yaml": (
            f"type: pipeline\nname: p{number}\njobs: {{a: {{command: ls, environment: {{image: python}}}}}}\n"
        )
        for number in range(count)
    }


def applied(count: int) -> frozenset[Key]:
    return frozenset((Kind.PIPELINE, f"p{number}") for number in range(count))


def said(left: int, before: int, most: float = HALF) -> str:
    desired = desired_of(pipelines(left))
    return too_much_said(removed(desired, applied(before)), desired, applied(before), most)


@pytest.mark.parametrize(
    ("left", "before"),
    [(6, 6), (7, 6), (5, 6), (3, 6), (1, 3), (1, 2), (0, 0)],
)
def test_half_of_it_or_two_resources_may_go(left: int, before: int) -> None:
    assert said(left, before) == ""


def test_more_is_refused_with_what_would_go() -> None:
    assert said(2, 5) == "it takes away 3 of 5 resources: pipeline p2, pipeline p3, pipeline p4"


@pytest.mark.parametrize("before", [1, 2, 5])
def test_so_is_everything_however_little_that_is(before: int) -> None:
    assert said(0, before).startswith("it takes away everything that is applied: pipeline p0")


def test_of_very_many_some_are_named() -> None:
    assert said(1, 30).endswith("pipeline p27 and 9 more")


@pytest.mark.parametrize(("most", "is_refused"), [(0.0, True), (0.59, True), (0.6, False), (1.0, False)])
def test_how_much_that_is_is_the_operators_affair(most: float, is_refused: bool) -> None:
    assert bool(said(2, 5, most)) is is_refused
    assert bool(said(0, 5, most)) is (most < 1)


def test_what_came_under_another_name_counts_as_gone() -> None:
    desired = desired_of({**pipelines(1), "q.yaml": pipelines(1)["p0.yaml"].replace("p0", "q")})
    assert removed(desired, applied(2)) == (Pruned(Kind.PIPELINE, "p1"),)


def _kept(desired: Desired) -> Desired:
    return replace(desired, settings=Settings(is_pruned=False))


@given(st.integers(0, 4), st.integers(0, 6))
def test_what_left_git_is_removed_or_orphaned_never_both(left: int, before: int) -> None:
    desired = desired_of(pipelines(left))
    gone = {(each.kind, each.name) for each in removed(desired, applied(before))}
    assert orphaned(desired, applied(before)) == ()
    assert removed(_kept(desired), applied(before)) == ()
    assert set(orphaned(_kept(desired), applied(before))) == gone == applied(before) - applied(left)
