"""Deliveries are remembered, for a while and not too many of them."""

from __future__ import annotations

from reconciler.web.deliveries import Deliveries


def test_a_delivery_is_taken_once() -> None:
    deliveries = Deliveries()
    assert deliveries.take("main", ["id 1", "body a"], now=0)
    assert not deliveries.take("main", ["id 1"], now=1)
    assert not deliveries.take("main", ["id 2", "body a"], now=1)
    assert deliveries.take("main", ["id 2", "body b"], now=1)


def test_sources_do_not_know_each_others_deliveries() -> None:
    deliveries = Deliveries()
    assert deliveries.take("main", ["id 1"], now=0)
    assert deliveries.take("other", ["id 1"], now=0)


def test_it_is_forgotten_after_its_time() -> None:
    deliveries = Deliveries(kept_seconds=3600)
    assert deliveries.take("main", ["id 1"], now=0)
    assert not deliveries.take("main", ["id 1"], now=3599)
    assert deliveries.take("main", ["id 1"], now=3600)


def test_a_clock_that_is_put_back_keeps_nothing_for_ever() -> None:
    deliveries = Deliveries(kept_seconds=3600)
    assert deliveries.take("main", ["id 1"], now=100_000)
    assert deliveries.take("main", ["id 1"], now=0)


def test_the_oldest_are_forgotten_where_there_are_too_many() -> None:
    deliveries = Deliveries(most=3)
    for number in range(4):
        assert deliveries.take("main", [f"id {number}"], now=0)
    assert not deliveries.take("main", ["id 3"], now=0)
    assert deliveries.take("main", ["id 0"], now=0)


def test_what_is_not_known_by_anything_is_always_taken() -> None:
    deliveries = Deliveries()
    assert deliveries.take("main", [], now=0)
    assert deliveries.take("main", [], now=0)
