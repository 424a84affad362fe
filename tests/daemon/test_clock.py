"""A clock that is put back or forward: nothing waits for it, and nothing took less than no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.daemon.retries import Decision, RetryPolicy
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.runs import RunStatus

from .daemon_process import until
from .following import SOURCE, Following
from .origin import Origin, pipeline
from .site import Clock
from .watched_loop import WatchedLoop

HOUR = 3600.0


@pytest.mark.parametrize(
    ("now", "is_due"), [(100.0, False), (129.9, False), (130.0, True), (9e9, True), (-3500.0, True)]
)
def test_an_attempt_is_due_when_its_time_has_come_or_the_clock_was_put_back(now: float, is_due: bool) -> None:
    assert Decision(2, due=130.0, delay=30.0).is_due(now) is is_due


def test_a_failed_pipeline_is_tried_again_though_the_clock_was_put_back_by_an_hour(
    site: Site, origin: Origin, clock: Clock
) -> None:
    origin.push({"greet.yaml": pipeline("exit 1")})
    following = Following(site, origin, RetryPolicy(attempts=2, first_delay=30))
    following.turn()
    following.follower.retry()
    following.turn("interval")
    assert len(following.runs) == 1
    clock.advance(-HOUR)
    following.follower.retry()
    following.turn("interval")
    assert len(following.runs) == 2
    following.follower.stop()


def test_a_run_in_whose_middle_the_clock_is_put_back_took_no_time_at_all(
    tmp_path: Path, site: Site, origin: Origin, clock: Clock
) -> None:
    gate = tmp_path / "gate"
    origin.push({"greet.yaml": pipeline(f"until test -e '{gate}'; do sleep 0.02; done", "true")})
    following = Following(site, origin)
    following.follower.reconcile("push")
    clock.advance(-HOUR)
    gate.touch()
    following.follower.wait()
    (run,) = following.runs
    assert run.status is RunStatus.SUCCEEDED
    assert run.ended is not None and run.ended >= run.started
    for step in site.state.runs.steps(run.id):
        assert step.started is not None and step.ended is not None and step.ended >= step.started
        result = site.state.results.get(step.fingerprint)
        assert result is not None and result.seconds >= 0
    following.follower.stop()


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_what_is_current_stays_so_whatever_the_clock_does(
    site: Site, origin: Origin, clock: Clock, seconds: float
) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    following = Following(site, origin)
    following.turn()
    clock.advance(seconds)
    following.turn("interval")
    origin.push({"greet.yaml": pipeline("true", "true")})
    following.turn()
    assert [run.status for run in following.runs] == [RunStatus.SUCCEEDED] * 2
    current = site.state.runs.current("greet")
    assert current is not None and current.id == "greet-2"
    following.follower.stop()


def test_a_source_is_looked_at_in_its_interval_though_the_clock_was_put_back_by_an_hour(
    site: Site, origin: Origin, clock: Clock
) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    watched = WatchedLoop(site, SourceSettings(SOURCE, str(origin.url), "main", interval=0.2))
    try:
        until(lambda: site.state.runs.current("greet") is not None)
        clock.advance(-HOUR)
        seen = len(watched.outcomes)
        until(lambda: len(watched.outcomes) > seen + 2)
    finally:
        watched.end()
