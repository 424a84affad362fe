"""When a failed closure is tried again, as a rule about its earlier runs."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.retries import Decision, RetryPolicy, next_attempt
from reconciler.model.runs import Run, RunStatus

POLICY = RetryPolicy(attempts=3, first_delay=30.0, factor=4.0)
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
    factor=st.floats(1.0, 10.0),
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
