"""How fast a receiver is told, with clocks that are set."""

from __future__ import annotations

import pytest

from reconciler.model.notifications import Rate
from reconciler.notifications.pace import Bucket, Patience


def test_as_many_as_the_rate_says_go_at_once_and_then_one_at_a_time() -> None:
    bucket = Bucket(Rate(10, 60.0))
    assert [bucket.take(1000.0) for _ in range(10)] == [0.0] * 10
    assert bucket.take(1000.0) == pytest.approx(6.0)
    assert bucket.take(1005.9) == pytest.approx(0.1)
    assert bucket.take(1006.0) == 0.0
    assert bucket.take(1006.0) == pytest.approx(6.0)


def test_a_long_silence_saves_no_more_than_the_rate() -> None:
    bucket = Bucket(Rate(2, 60.0))
    bucket.take(0.0)
    assert [bucket.take(1e6) for _ in range(2)] == [0.0, 0.0]
    assert bucket.take(1e6) == pytest.approx(30.0)


def test_a_clock_that_is_put_back_gives_nothing_and_takes_nothing() -> None:
    bucket = Bucket(Rate(1, 60.0))
    assert bucket.take(1000.0) == 0.0
    assert bucket.take(0.0) == pytest.approx(60.0)
    assert bucket.take(60.0) == 0.0


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [(1, 1.0, 5.0), (1, 0.0, 2.5), (2, 1.0, 10.0), (3, 1.0, 20.0), (9, 1.0, 900.0), (1000, 1.0, 900.0)],
)
def test_the_wait_grows_and_varies(attempts: int, jitter: float, seconds: float) -> None:
    assert Patience().delay(attempts, lambda: jitter) == seconds


def test_a_receiver_is_left_alone_for_as_long_as_it_wants() -> None:
    assert 120.0 <= Patience().delay(1, lambda: 1.0, after=120.0) < 122.0
    assert Patience().delay(9, lambda: 1.0, after=120.0) == 900.0
