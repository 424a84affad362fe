"""When a failed closure is tried again, as a rule about its earlier runs."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.retries import Backoff, Decision, RetryPolicy, Tries, backoff_within, next_attempt
from reconciler.model.runs import Run, RunStatus

POLICY = RetryPolicy(attempts=3, first_delay=30.0, factor=4.0, jitter=0.0)
_ENDED_WELL = st.sampled_from([RunStatus.SUCCEEDED, RunStatus.RESTORED])


def _run(status: RunStatus = RunStatus.FAILED, attempt: int = 1, ended: float | None = 1000.0) -> Run:
    return Run("p-1", "p", "main", "main@sha1:0", "closure", status, "push", 900.0, ended, attempt=attempt)


def test_what_never_ran_is_due_at_once() -> None:
    assert next_attempt([], POLICY) == Decision(1, 0.0)


def test_the_second_attempt_follows_after_the_first_delay() -> None:
    assert next_attempt([_run()], POLICY) == Decision(2, 1030.0)


def test_each_further_delay_is_longer_by_the_factor() -> None:
    assert next_attempt([_run(attempt=2), _run()], POLICY) == Decision(3, 1120.0)


def test_the_delay_of_a_run_without_an_end_counts_from_its_start() -> None:
    assert next_attempt([_run(ended=None)], POLICY) == Decision(2, 930.0)


def test_after_the_last_attempt_none_is_due() -> None:
    assert next_attempt([_run(attempt=3), _run(attempt=2), _run()], POLICY) == Decision(4, None)


def test_what_somebody_ended_waits_for_somebody() -> None:
    assert next_attempt([_run(RunStatus.CANCELLED), _run()], POLICY).due is None


@given(status=_ENDED_WELL, failures=st.integers(0, 5))
def test_failures_before_a_success_do_not_count(status: RunStatus, failures: int) -> None:
    runs = [_run(status), *[_run(attempt=attempt) for attempt in range(failures, 0, -1)]]
    assert next_attempt(runs, POLICY) == Decision(1, 0.0)


@given(
    attempts=st.integers(1, 8),
    first_delay=st.floats(0.001, 1e4),
    factor=st.floats(1.1, 10.0),
)
def test_a_closure_that_always_fails_is_tried_as_often_as_the_policy_says_with_delays_that_never_shrink(
    attempts: int, first_delay: float, factor: float
) -> None:
    policy = RetryPolicy(attempts, first_delay, factor)
    runs: list[Run] = []
    delays = []
    while (decision := next_attempt(runs, policy)).due is not None:
        assert decision.attempt == len(runs) + 1
        if runs:
            delays.append(decision.due - 1000.0)
        runs.insert(0, _run(attempt=decision.attempt))
    assert len(runs) == attempts
    assert all(later >= earlier for earlier, later in itertools.pairwise(delays))
    assert all(delay > 0 for delay in delays)


class TestJitter:
    @given(pipeline=st.text(), attempt=st.integers(2, 8), first_delay=st.floats(0.001, 1e4))
    def test_a_delay_is_up_to_a_tenth_longer_and_the_same_each_time(
        self, pipeline: str, attempt: int, first_delay: float
    ) -> None:
        policy = RetryPolicy(first_delay=first_delay)
        wanted = first_delay * policy.factor ** (attempt - 2)
        assert wanted <= policy.delay(pipeline, attempt) <= wanted * 1.1001
        assert policy.delay(pipeline, attempt) == policy.delay(pipeline, attempt)

    def test_pipelines_that_failed_together_do_not_come_together(self) -> None:
        delays = sorted(RetryPolicy().delay(f"pipeline-{number}", 2) for number in range(50))
        assert len(set(delays)) > 30
        assert delays[-1] - delays[0] > 2.0

    def test_the_next_attempt_comes_as_much_later(self) -> None:
        policy = RetryPolicy()
        assert next_attempt([_run()], policy) == Decision(2, 1000.0 + policy.delay("p", 2))


class TestBackingOff:
    @given(failures=st.integers(1, 100), chance=st.floats(0.0, 1.0))
    def test_each_time_is_longer_up_to_the_most_but_for_the_jitter(self, failures: int, chance: float) -> None:
        backoff = Backoff(first=5.0, most=600.0, factor=2.0, jitter=0.2)
        wanted = min(600.0, 5.0 * 2.0 ** min(failures - 1, 20))
        assert wanted * 0.799 <= backoff.delay(failures, chance) <= wanted * 1.201

    def test_what_is_looked_at_often_is_tried_again_as_soon_and_what_is_so_seldom_no_later(self) -> None:
        assert backoff_within(1.0) == Backoff(first=1.0)
        assert backoff_within(3600.0) == Backoff(most=3600.0)

    def test_it_is_early_until_it_is_due_and_counts_until_it_succeeds(self) -> None:
        now = [1000.0]
        tries = Tries(Backoff(), lambda: now[0], lambda: 0.5)
        assert (tries.is_early, tries.due) == (False, None)
        tries.failed()
        assert (tries.is_early, tries.due, tries.failures) == (True, 1005.0, 1)
        now[0] = 1005.0
        assert not tries.is_early
        tries.failed()
        assert (tries.due, tries.failures) == (1015.0, 2)
        tries.succeeded()
        assert (tries.is_early, tries.due, tries.failures) == (False, None, 0)

    def test_a_clock_that_is_put_back_makes_nobody_wait_for_longer(self) -> None:
        now = [100_000.0]
        tries = Tries(Backoff(), lambda: now[0])
        tries.failed()
        now[0] = 10.0
        assert not tries.is_early
