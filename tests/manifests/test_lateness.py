"""What a schedule says of firings that cannot start on time."""

from __future__ import annotations

import pytest

from reconciler.model.schedules import CatchUp, Lateness, OnOverlap

from .test_schedule import CRON, read, read_with_problems


def test_without_a_word_the_newest_is_made_up_for_and_nothing_overlaps() -> None:
    assert read().lateness == Lateness(CatchUp.LATEST, None, OnOverlap.SKIP)


def test_each_is_a_key() -> None:
    found = read(catch_up="none", starting_deadline="2h", on_overlap="cancel")
    assert found.lateness == Lateness(CatchUp.NONE, 7200.0, OnOverlap.CANCEL)


def test_each_is_a_property_that_azure_accepts_too() -> None:
    names = {"catch_up": "latest", "starting_deadline": "90", "on_overlap": "queue"}
    found = read(properties={f"reconciler.{name}": value for name, value in names.items()})
    assert found.lateness == Lateness(CatchUp.LATEST, 90.0, OnOverlap.QUEUE)


def test_where_all_are_made_up_for_each_waits_for_the_one_before() -> None:
    for found in (read(catch_up="all"), read(catch_up="all", on_overlap="queue")):
        assert found.lateness == Lateness(CatchUp.ALL, None, OnOverlap.QUEUE)


@pytest.mark.parametrize(
    ("more", "place", "message", "hint"),
    [
        (
            {"catch_up": "all", "on_overlap": "skip"},
            "on_overlap",
            "`catch_up: all` leaves out no firing, `on_overlap: skip` does",
            "write `on_overlap: queue`",
        ),
        ({"starting_deadline": "soon"}, "starting_deadline", "`soon` is not a length of time", "`30m`, `2h`, `1d`"),
        ({"starting_deadline": "0s"}, "starting_deadline", "a deadline of no time lets nothing fire", "leave it out"),
        (
            {"properties": {"reconciler.catch_up": "newest"}},
            "properties.reconciler.catch_up",
            "`catch_up` is 'newest'",
            "write `latest`, `all`, `none`",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(more: dict[str, object], place: str, message: str, hint: str) -> None:
    _, (problem,) = read_with_problems(CRON, "./pipeline.yaml", **more)
    assert problem.is_error
    assert (".".join(map(str, problem.pointer)), problem.message) == (place, message)
    assert hint in problem.hint
