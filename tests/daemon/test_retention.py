"""What goes of a real state, and what never does."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.daemon.retention import Superfluous, tidy
from reconciler.execution.reuse import reusable
from reconciler.model.runs import StepStatus
from reconciler.model.upkeep import Retention
from reconciler.state.outputs import Outputs
from reconciler.state.store import State
from tests.execution.place import eventually

from .following import Following
from .origin import Origin, pipeline
from .site import Clock, make_site

NOTHING = Retention(cache_bytes=0, cache_seconds=0.0, runs=1, logs_seconds=0.0)
GREET = "greet.yaml"


def _text(number: int, name: str = "greet", steps: int = 2) -> str:
    """A pipeline whose steps write the same each time, and something of their own for each number."""
    commands = [f"echo {name} {number if place == 0 else number // 2} {place}" for place in range(steps)]
    text = pipeline(*(f"{command} >> $TMPDIR/x" for command in commands), name=name)
    parts = text.split("echo ${{inputs.before}} >")
    return parts[0] + "".join(f"{command} >{part}" for command, part in zip(commands, parts[1:], strict=True))


def _kinds(found: list[Superfluous]) -> set[str]:
    return {each.kind for each in found}


def _stored(state: State) -> set[str]:
    return {digest for digest, _ in state.outputs.all()}


def _outputs_of(state: State, run_id: str) -> set[str]:
    return {digest for step in state.runs.steps(run_id) for digest in step.outputs.values()}


@pytest.fixture
def state(following: Following) -> State:
    return following.site.state


@pytest.fixture
def three(following: Following, origin: Origin) -> Following:
    """Three runs of one pipeline."""
    for number in range(3):
        origin.push({GREET: _text(number)})
        following.turn()
    return following


class TestOutputs:
    def test_within_the_limits_nothing_goes(self, three: Following, state: State, clock: Clock) -> None:
        assert tidy(state, Retention(), clock()) == []
        assert len(three.runs) == 3

    def test_what_the_current_run_does_not_need_goes_when_it_is_too_much(
        self, three: Following, state: State, clock: Clock
    ) -> None:
        del three
        needed, before = _outputs_of(state, "greet-3"), _stored(state)
        found = tidy(state, Retention(cache_bytes=0), clock())
        assert _stored(state) == needed
        assert {each.name for each in found} == {digest[:12] for digest in before - needed}
        assert _kinds(found) == {"output"}
        assert all(each.size > 0 for each in found)

    def test_a_result_goes_with_its_output_and_the_others_stay(
        self, three: Following, state: State, clock: Clock
    ) -> None:
        del three
        tidy(state, Retention(cache_bytes=0), clock())
        first, last = state.runs.step_summaries("greet-1"), state.runs.step_summaries("greet-3")
        assert state.results.get(first["step_0"].fingerprint) is None
        assert all(reusable(state, step.fingerprint) is not None for step in last.values())

    def test_a_dry_run_tells_the_same_and_removes_nothing(self, three: Following, state: State, clock: Clock) -> None:
        before = _stored(state)
        clock.advance(90_000)
        told = tidy(state, NOTHING, clock(), is_dry=True)
        assert _stored(state) == before
        assert len(three.runs) == 3
        assert sorted(map(str, tidy(state, NOTHING, clock()))) == sorted(map(str, told))

    def test_what_is_removed_is_made_again_when_it_is_wanted(
        self, three: Following, state: State, origin: Origin, clock: Clock
    ) -> None:
        tidy(state, Retention(cache_bytes=0), clock())
        origin.push({GREET: _text(0, steps=3)})
        three.turn()
        steps = state.runs.step_summaries("greet-4")
        assert [steps[f"step_{place}"].status for place in range(3)] == [StepStatus.SUCCEEDED] * 3

    def test_of_a_pipeline_that_left_git_they_go_at_once_and_its_runs_stay(
        self, following: Following, state: State, origin: Origin, clock: Clock
    ) -> None:
        origin.push({GREET: _text(1), "part.yaml": _text(1, name="part")})
        following.turn()
        origin.push({"part.yaml": None})
        following.turn()
        tidy(state, Retention(), clock())
        assert _stored(state) == _outputs_of(state, "greet-1")
        assert state.runs.get("part-1") is not None

    def test_unless_it_is_kept_as_an_orphan(
        self, following: Following, state: State, origin: Origin, clock: Clock
    ) -> None:
        origin.push({GREET: _text(1), "part.yaml": _text(1, name="part"), "reconciler.yaml": "prune: false\n"})
        following.turn()
        origin.push({"part.yaml": None})
        following.turn()
        assert tidy(state, Retention(), clock()) == []

    def test_what_nobody_names_goes_once_it_cannot_have_been_made_just_now(
        self, three: Following, state: State, clock: Clock, tmp_path: Path
    ) -> None:
        del three
        left = tmp_path / "left"
        left.write_text("left by a process that was killed")
        digest = state.outputs.store(left)
        assert tidy(state, Retention(), clock()) == []
        clock.advance(3601)
        assert Superfluous("output", digest[:12], 33) in tidy(state, Retention(), clock())
        assert digest not in _stored(state)

    def test_what_a_run_under_way_reads_stays(
        self, following: Following, state: State, origin: Origin, clock: Clock, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        origin.push({GREET: _text(1, steps=1)})
        following.turn()
        origin.push(
            {GREET: _text(2).replace("echo greet 1 1 >>", f"x; until test -e {gate}; do sleep 0.02; done; echo >>")}
        )
        following.follower.reconcile("push")
        eventually(lambda: _is_running(state, "greet-2", "step_1"))
        tidy(state, NOTHING, clock(), pause=lambda _: None)
        gate.touch()
        following.follower.wait()
        assert following.runs[-1].error == ""


def _is_running(state: State, run_id: str, name: str) -> bool:
    step = state.runs.step_summaries(run_id).get(name)
    return step is not None and step.status is StepStatus.RUNNING


class _Killed(Outputs):
    """A store in whose process somebody kills the removal of an output."""

    def discard(self, digest: str) -> None:  # noqa: ARG002
        os._exit(9)


def test_a_kill_in_the_middle_leaves_no_result_without_its_output(three: Following, state: State, clock: Clock) -> None:
    del three
    before = _stored(state)
    process = os.fork()
    if process == 0:
        forked = State(state.folder)
        forked.outputs = _Killed(state.folder.outputs)
        tidy(forked, Retention(cache_bytes=0), clock())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9
    assert _stored(state) == before
    for run in ("greet-1", "greet-2", "greet-3"):
        for step in state.runs.steps(run):
            result = state.results.get(step.fingerprint)
            assert result is None or all(state.outputs.has(digest) for digest in result.outputs.values())
    tidy(state, Retention(cache_bytes=0), clock())
    assert _stored(state) == _outputs_of(state, "greet-3")


class TestRuns:
    def test_beyond_the_limit_they_go_with_their_steps(self, three: Following, state: State, clock: Clock) -> None:
        found = tidy(state, Retention(cache_bytes=0, runs=1), clock())
        assert [each.name for each in found if each.kind == "run"] == ["greet-1", "greet-2"]
        assert [run.id for run in three.runs] == ["greet-3"]
        assert state.runs.steps("greet-2") == []

    def test_one_whose_results_are_still_known_stays(self, three: Following, state: State, clock: Clock) -> None:
        tidy(state, Retention(runs=1), clock())
        assert len(three.runs) == 3

    def test_the_next_one_is_numbered_on(self, three: Following, state: State, origin: Origin, clock: Clock) -> None:
        tidy(state, NOTHING, clock())
        origin.push({GREET: _text(9)})
        three.turn()
        assert three.runs[-1].id == "greet-4"


class TestFiles:
    def test_logs_go_when_they_are_old(self, three: Following, state: State, clock: Clock) -> None:
        del three
        clock.advance(31 * 86_400)
        found = tidy(state, Retention(), clock())
        assert {"greet-1", "greet-2", "greet-3"} <= {each.name for each in found if each.kind == "logs"}
        assert list((state.folder.logs / "runs").iterdir()) == []

    def test_so_do_folders_of_steps_and_what_was_moved_aside(
        self, three: Following, state: State, clock: Clock
    ) -> None:
        del three
        (state.folder.work / "greet-0" / "step").mkdir(parents=True)
        state.folder.spoilt.mkdir()
        (state.folder.spoilt / "spoilt").write_text("x" * 100)
        clock.advance(31 * 86_400)
        found = {(each.kind, each.name, each.size) for each in tidy(state, Retention(), clock())}
        assert ("work", "greet-0", 0) in found
        assert ("spoilt", "spoilt", 100) in found


@contextmanager
def _place(clock: Clock) -> Iterator[tuple[Following, Origin]]:
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "state", clock)
        origin = Origin(Path(folder) / "git")
        following = Following(site, origin)
        try:
            yield following, origin
        finally:
            following.follower.stop()
            site.close()
            site.state.close()


_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 2)),
        st.tuples(st.just("other"), st.integers(0, 1)),
        st.tuples(st.just("tidy"), st.integers(0, 200)),
    ),
    min_size=2,
    max_size=7,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_ACTIONS)
def test_whatever_happened_before_what_is_current_is_reused(actions: list[tuple[str, int]]) -> None:
    """After each removal, every result of a current run is there, whole, and no result lacks an output."""
    clock = Clock()
    with _place(clock) as (following, origin):
        state = following.site.state
        for action, value in actions:
            clock.advance(4000)
            if action == "tidy":
                tidy(state, Retention(value, 10_000.0, 1), clock())
                _check(state)
            else:
                name = "greet" if action == "push" else "other"
                origin.push({f"{name}.yaml": _text(value, name=name)})
                following.turn()
                assert all(run.error == "" for run in following.runs)


def _check(state: State) -> None:
    for pipeline_name in ("greet", "other"):
        current = state.runs.current(pipeline_name)
        for step in state.runs.steps(current.id) if current else ():
            assert reusable(state, step.fingerprint) is not None
    for result in _results(state):
        assert all(state.outputs.has(digest) for digest in result)


def _results(state: State) -> list[list[str]]:
    return [list(json.loads(row["outputs"]).values()) for row in state.database.rows("SELECT outputs FROM results")]
