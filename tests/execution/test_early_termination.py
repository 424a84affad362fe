"""Which trials promise nothing: the three policies as functions of what was logged."""

from __future__ import annotations

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution.early_termination import Course, judged_at, to_be_ended
from reconciler.model.sweeps import EarlyTermination, EarlyTerminationPolicy

BANDIT = EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_factor=0.2)
BY_AMOUNT = EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_amount=0.25)
MEDIAN = EarlyTermination(EarlyTerminationPolicy.MEDIAN_STOPPING)
TRUNCATION = EarlyTermination(EarlyTerminationPolicy.TRUNCATION_SELECTION, truncation_percentage=40)
POLICIES = st.builds(
    EarlyTermination,
    policy=st.sampled_from(EarlyTerminationPolicy),
    evaluation_interval=st.integers(1, 4),
    delay_evaluation=st.integers(0, 4),
    slack_factor=st.none() | st.floats(0.01, 2),
    slack_amount=st.floats(0.01, 2),
    truncation_percentage=st.integers(1, 99),
    exclude_finished=st.booleans(),
)
FINITE = st.floats(-100, 100)
VALUES = st.one_of(FINITE, st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))


def courses_of(values: st.SearchStrategy[float]) -> st.SearchStrategy[dict[str, Course]]:
    course = st.builds(Course, st.lists(values, max_size=6).map(tuple), st.booleans())
    return st.lists(course, min_size=1, max_size=8).map(lambda all_: {str(n): each for n, each in enumerate(all_)})


def due_in(policy: EarlyTermination, courses: dict[str, Course]) -> dict[str, int]:
    """All that run and have logged enough."""
    logged = {trial: judged_at(policy, len(course.values)) for trial, course in courses.items() if not course.is_over}
    return {trial: at for trial, at in logged.items() if at}


def ended(policy: EarlyTermination, *values: float | tuple[float, ...], maximize: bool = True) -> list[int]:
    """The trials that end of some that all run."""
    courses = {str(n): Course(v if isinstance(v, tuple) else (v,)) for n, v in enumerate(values)}
    return sorted(map(int, to_be_ended(policy, maximize, courses, due_in(policy, courses))))


@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 40))
def test_a_trial_is_judged_at_each_interval_from_the_delay_on(interval: int, delay: int, logged: int) -> None:
    policy = EarlyTermination(EarlyTerminationPolicy.BANDIT, interval, delay)
    points = [n for n in range(1, logged + 1) if n % interval == 0 and n >= delay]
    assert judged_at(policy, logged) == (points[-1] if points else 0)


@given(POLICIES, courses_of(VALUES), st.booleans())
def test_the_best_trial_never_ends_nor_does_one_that_is_not_judged(
    policy: EarlyTermination, courses: dict[str, Course], maximize: bool
) -> None:
    due = due_in(policy, courses)
    verdicts = to_be_ended(policy, maximize, courses, due)
    assert verdicts.keys() <= due.keys()
    sign = 1 if maximize else -1
    best = {
        trial: max((sign * value for value in course.values if not math.isnan(value)), default=-math.inf)
        for trial, course in courses.items()
    }
    if policy.evaluation_interval == 1:
        assert not [trial for trial in verdicts if best[trial] == max(best.values())]


@given(POLICIES, courses_of(FINITE))
def test_to_maximize_a_metric_is_to_minimize_its_negative(policy: EarlyTermination, courses: dict[str, Course]) -> None:
    negative = {trial: Course(tuple(-v for v in c.values), c.is_over) for trial, c in courses.items()}
    due = due_in(policy, courses)
    assert to_be_ended(policy, True, courses, due).keys() == to_be_ended(policy, False, negative, due).keys()


@given(courses_of(FINITE), st.floats(0.01, 5))
def test_bandit_ends_exactly_those_that_lag_by_more_than_the_amount(courses: dict[str, Course], slack: float) -> None:
    policy = EarlyTermination(EarlyTerminationPolicy.BANDIT, slack_amount=slack)
    due = due_in(policy, courses)
    for trial, at in due.items():
        best = max(max(course.values[:at]) for course in courses.values() if course.values)
        is_ended = trial in to_be_ended(policy, True, courses, {trial: at})
        assert is_ended == (max(courses[trial].values[:at]) < best - slack)


@pytest.mark.parametrize(
    ("values", "maximize", "expected"),
    [
        ((0.8, 0.67, 0.66), True, [2]),  # 0.8 / 1.2 is 0.6667
        ((0.5, 0.59, 0.61), False, [2]),  # 0.5 × 1.2 is 0.6
        ((-1.0, -1.1, -1.3), True, [2]),  # of a loss turned round, -1.2 is what the slack allows
        ((-1.2, -1.1, -0.9), False, [2]),
        ((0.0, -0.1), True, [1]),
        ((0.8, math.nan), True, [1]),
        ((0.8,), True, []),
    ],
)
def test_the_slack_factor_moves_the_best_value_towards_the_worse(
    values: tuple[float, ...], maximize: bool, expected: list[int]
) -> None:
    assert ended(BANDIT, *values, maximize=maximize) == expected


def test_a_trial_counts_with_the_best_that_it_ever_logged() -> None:
    assert ended(BY_AMOUNT, (0.9, 0.9), (0.8, 0.1)) == []
    assert ended(BY_AMOUNT, (0.9, 0.9), (0.5, 0.6)) == [1]


def test_trials_are_compared_at_the_same_number_of_values() -> None:
    assert ended(BY_AMOUNT, (0.1, 0.2, 0.9), (0.1,)) == []
    assert ended(BY_AMOUNT, (0.9,), (0.1, 0.1, 0.1)) == [1]


@given(courses_of(FINITE))
def test_median_stopping_compares_with_the_running_averages_of_the_others(courses: dict[str, Course]) -> None:
    due = due_in(MEDIAN, courses)
    verdicts = to_be_ended(MEDIAN, True, courses, due)
    for trial, at in due.items():
        others = [
            sum(course.values[:at]) / at
            for other, course in courses.items()
            if other != trial and len(course.values) >= at
        ]
        assert (trial in verdicts) == bool(others and max(courses[trial].values[:at]) < median(others))


@given(st.lists(FINITE, min_size=1, max_size=20), st.integers(1, 99))
def test_truncation_ends_no_more_than_its_share_and_only_the_worst(values: list[float], percentage: int) -> None:
    policy = EarlyTermination(EarlyTerminationPolicy.TRUNCATION_SELECTION, truncation_percentage=percentage)
    found = ended(policy, *values)
    assert len(found) <= len(values) * percentage // 100
    if found:
        assert max(values[n] for n in found) < min(value for n, value in enumerate(values) if n not in found)
    if len(set(values)) == len(values):
        assert len(found) == len(values) * percentage // 100


def test_truncation_needs_others_to_compare_with() -> None:
    assert ended(TRUNCATION, 0.1) == []
    assert ended(TRUNCATION, 0.1, 0.2) == []
    assert ended(TRUNCATION, 0.1, 0.2, 0.3) == [0]
    assert ended(TRUNCATION, 0.1, 0.1, 0.1) == []


def test_truncation_leaves_out_trials_that_are_over_where_it_is_told_to() -> None:
    courses = {"0": Course((0.1,)), "1": Course((0.9,), is_over=True), "2": Course((0.8,), is_over=True)}
    assert list(to_be_ended(TRUNCATION, True, courses, {"0": 1})) == ["0"]
    excluding = EarlyTermination(
        EarlyTerminationPolicy.TRUNCATION_SELECTION, truncation_percentage=40, exclude_finished=True
    )
    assert to_be_ended(excluding, True, courses, {"0": 1}) == {}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            BANDIT,
            "bandit: after 2 logged values its best is 0.2; trial 1 is at 0.9, "
            "of which a slack factor of 0.2 makes 0.75",
        ),
        (
            BY_AMOUNT,
            "bandit: after 2 logged values its best is 0.2; trial 1 is at 0.9, "
            "of which a slack amount of 0.25 makes 0.65",
        ),
        (
            MEDIAN,
            "median_stopping: after 2 logged values its best is 0.2, worse than 0.625, "
            "the median of the running averages of 2 other trials",
        ),
        (
            TRUNCATION,
            "truncation_selection: after 2 logged values its best is 0.2, among the worst 40 % of 3 trials; "
            "the next better one is at 0.5",
        ),
    ],
)
def test_the_reason_names_the_policy_and_the_numbers(policy: EarlyTermination, said: str) -> None:
    courses = {"0": Course((0.1, 0.2)), "1": Course((0.8, 0.9)), "2": Course((0.3, 0.5))}
    assert to_be_ended(policy, True, courses, {"0": 2}) == {"0": said}
