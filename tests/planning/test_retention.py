"""What of outputs and runs is kept no longer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.runs import Run, RunStatus
from reconciler.model.upkeep import Retention
from reconciler.planning.retention import Claim, StoredOutput, superfluous_outputs, superfluous_runs

NOW = 1_000_000.0


def output(digest: str, size: int = 10, claim: Claim = Claim.CACHED, age: float = 0.0) -> StoredOutput:
    return StoredOutput(digest, size, claim, NOW - age)


def gone(*outputs: StoredOutput, limit: int = 100, age: float = 50.0) -> list[str]:
    return [each.digest for each in superfluous_outputs(outputs, Retention(limit, age), NOW)]


def test_below_the_limits_everything_stays() -> None:
    assert gone(output("a"), output("b", 90)) == []


def test_above_the_size_the_least_recently_used_goes_first() -> None:
    assert gone(output("a", 40, age=1), output("b", 40, age=3), output("c", 40, age=2)) == ["b"]
    assert gone(output("a", 80, age=1), output("b", 40, age=3), output("c", 40, age=2)) == ["b", "c"]


def test_what_was_not_used_for_long_goes_however_little_it_is() -> None:
    assert gone(output("a", 1, age=51), output("b", 1, age=50)) == ["a"]


def test_what_is_needed_stays_though_it_is_too_much_by_itself() -> None:
    assert gone(output("a", 1000, Claim.NEEDED, 99), output("b", 1)) == ["b"]


def test_what_only_pruned_pipelines_or_nobody_names_goes_within_the_limits_too() -> None:
    assert gone(output("a", claim=Claim.PRUNED), output("b", claim=Claim.UNNAMED), output("c")) == ["a", "b"]


_OUTPUTS = st.lists(
    st.builds(
        output,
        st.text("abcdef", min_size=4, max_size=4),
        st.integers(0, 60),
        st.sampled_from(Claim),
        st.floats(0, 100),
    ),
    unique_by=lambda each: each.digest,
)


@given(_OUTPUTS, st.integers(0, 200), st.floats(0, 100))
def test_the_limits_hold_and_nothing_goes_that_need_not(outputs: list[StoredOutput], limit: int, age: float) -> None:
    removed = superfluous_outputs(outputs, Retention(limit, age), NOW)
    left = [each for each in outputs if each not in removed]
    assert not any(each.claim is Claim.NEEDED for each in removed)
    cached = [each for each in left if each.claim is Claim.CACHED]
    assert sum(each.size for each in left) <= limit or not cached
    assert all(NOW - each.used <= age for each in cached)
    young = [each for each in removed if each.claim is Claim.CACHED and NOW - each.used <= age]
    if young:  # without the youngest of them it would have been too much
        youngest = max(young, key=lambda each: (each.used, each.digest))
        assert sum(each.size for each in left) + youngest.size > limit


def run(number: int, status: RunStatus = RunStatus.SUCCEEDED, restored: str = "", pipeline: str = "p") -> Run:
    ended = None if status is RunStatus.RUNNING else 2.0
    return Run(f"{pipeline}-{number}", pipeline, "main", "r", "c", status, "push", 1.0, ended, restored_from=restored)


def beyond(*runs: Run, keep: int = 2, referred: tuple[str, ...] = ()) -> list[str]:
    return [each.id for each in superfluous_runs(runs[::-1], Retention(runs=keep), referred)]


def test_the_oldest_runs_beyond_the_limit_of_their_pipeline_go() -> None:
    assert beyond(run(1), run(2), run(3), run(4)) == ["p-1", "p-2"]
    assert beyond(run(1), run(2), run(1, pipeline="q"), run(2, pipeline="q")) == []


def test_the_current_one_stays_however_many_failed_since() -> None:
    failed = [run(number, RunStatus.FAILED) for number in range(2, 6)]
    assert beyond(run(1), *failed) == ["p-2", "p-3"]


def test_so_does_one_that_another_was_restored_from() -> None:
    assert beyond(run(1), run(2), run(3), run(4, RunStatus.RESTORED, restored="p-1")) == ["p-2"]


def test_so_does_one_that_made_what_is_still_known() -> None:
    assert beyond(run(1), run(2), run(3), run(4), referred=("p-2",)) == ["p-1"]


def test_so_does_one_that_is_under_way() -> None:
    assert beyond(run(1, RunStatus.RUNNING), run(2), run(3), run(4)) == ["p-2"]
