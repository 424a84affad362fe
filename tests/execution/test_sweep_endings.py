"""Sweeps whose trials are ended before their time: those that promise nothing, and all when time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.runs import RunStatus

from .diary import Diary
from .place import Place, eventually
from .repository import Document, Repository, Witness, choice, sweep, waits_for

OpenPlace = Callable[..., Place]


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def place(open_place: OpenPlace, diary: Diary) -> Place:
    return open_place(tracking=diary)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def training(witness: Witness, gate: Path, *depths: int, **changes: object) -> Document:
    """Each trial logs 0.<depth> as its accuracy, then waits; one of depth 9 waits for nothing."""
    command = (
        f"echo depth ${{{{inputs.depth}}}} >> {witness}\n"
        'echo "accuracy 0.${{inputs.depth}}" >> "$METRICS"\n'
        f"[ ${{{{inputs.depth}}}} = 9 ] || {waits_for(gate)}\n"
        "printf %s ${{inputs.depth}} > ${{outputs.model}}"
    )
    return sweep(command, {"depth": choice(*depths)}, **changes)


class TestEarlyTermination:
    """Only trials that promise nothing end before their time."""

    def test_a_trial_that_lags_behind_is_cancelled_and_the_sweep_goes_on(
        self, place: Place, repository: Repository, witness: Witness, gate: Path, diary: Diary
    ) -> None:
        policy = {"type": "bandit", "slack_amount": 0.3}
        going = place.start(repository.commit({"train": training(witness, gate, 1, 7, 9, early_termination=policy)}))
        eventually(lambda: place.statuses("lending-1").get("train[0]") == "cancelled")
        gate.touch()
        run = going.ended()
        assert run.status is RunStatus.SUCCEEDED
        statuses = place.statuses(run)
        assert statuses == {
            "train": "succeeded",
            "train[0]": "cancelled",
            "train[1]": "succeeded",
            "train[2]": "succeeded",
        }
        assert place.output(run, "train", "model") == "9"
        trial = place.steps(run)["train[0]"]
        assert trial.reasons == (
            "bandit: after 1 logged value its best is 0.1; trial 2 is at 0.9, of which a slack amount of 0.3 makes 0.6",
        )
        assert trial.metrics == {"accuracy": 0.1}
        assert not trial.outputs
        assert diary.named("train[0]")[0].status == "KILLED"
        assert "1 of 3 trials were ended early" in place.steps(run)["train"].reasons

    def test_its_place_is_free_for_the_next_trial(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        limits = {"max_total_trials": 3, "max_concurrent_trials": 1}
        policy = {"type": "bandit", "slack_factor": 0.5}
        jobs = {"train": training(witness, gate, 9, 1, 2, early_termination=policy, limits=limits)}
        run = place.go(repository.commit(jobs))
        assert run.status is RunStatus.SUCCEEDED
        assert witness.lines == ["depth 9", "depth 1", "depth 2"]
        ended = [place.statuses(run)[f"train[{number}]"] for number in range(3)]
        assert ended == ["succeeded", "cancelled", "cancelled"]

    def test_a_trial_that_was_reused_is_compared_with_as_well(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        place.go(repository.commit({"train": training(witness, gate, 9)}))
        policy = {"type": "bandit", "slack_factor": 0.5}
        run = place.go(repository.commit({"train": training(witness, gate, 9, 1, early_termination=policy)}))
        assert place.statuses(run) == {"train": "succeeded", "train[0]": "reused", "train[1]": "cancelled"}

    def test_before_the_delay_no_trial_is_judged(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        policy = {"type": "bandit", "slack_amount": 0.3, "delay_evaluation": 2}
        going = place.start(repository.commit({"train": training(witness, gate, 1, 9, early_termination=policy)}))
        eventually(lambda: place.statuses("lending-1").get("train[1]") == "succeeded")
        with pytest.raises(AssertionError):
            eventually(lambda: place.statuses("lending-1")["train[0]"] != "running", seconds=1.5)
        gate.touch()
        assert set(place.statuses(going.ended()).values()) == {"succeeded"}

    def test_without_a_policy_no_course_is_asked_for(
        self, open_place: OpenPlace, repository: Repository, witness: Witness, gate: Path, tmp_path: Path
    ) -> None:
        class Silent(Diary):
            def histories(self, *_: object) -> object:  # type: ignore[override]
                raise AssertionError("nobody needs them")

        place = open_place(tracking=Silent(tmp_path / "silent"))
        assert place.go(repository.commit({"train": training(witness, gate, 9)})).status is RunStatus.SUCCEEDED

    def test_a_trial_ended_early_stays_so_when_the_run_is_taken_up(
        self, open_place: OpenPlace, repository: Repository, witness: Witness, gate: Path, diary: Diary
    ) -> None:
        first = open_place(tracking=diary)
        policy = {"type": "bandit", "slack_amount": 0.3}
        tree = repository.commit({"train": training(witness, gate, 1, 7, 9, early_termination=policy)})
        going = first.start(tree)
        eventually(lambda: first.statuses("lending-1").get("train[0]") == "cancelled")
        going.run.interrupt()
        going.ended()
        first.leave()
        gate.touch()
        second = open_place(tracking=diary)
        run = second.take_up(tree).go()
        assert run.status is RunStatus.SUCCEEDED
        assert second.statuses(run)["train[0]"] == "cancelled"
        assert sorted(witness.lines) == ["depth 1", "depth 7", "depth 9"]


class TestItsTimeLimit:
    """Of the whole sweep."""

    def test_the_best_of_those_that_ended_in_time_counts(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        limits = {"max_total_trials": 3, "max_concurrent_trials": 1, "timeout": 2}
        run = place.go(repository.commit({"train": training(witness, gate, 9, 1, 2, limits=limits)}))
        assert run.status is RunStatus.SUCCEEDED
        assert witness.lines == ["depth 9", "depth 1"]
        assert place.statuses(run) == {
            "train": "succeeded",
            "train[0]": "succeeded",
            "train[1]": "cancelled",
            "train[2]": "skipped",
        }
        steps = place.steps(run)
        assert steps["train[1]"].reasons == ("the sweep's time limit of 2 seconds was up",)
        assert steps["train[2]"].reasons == ("the sweep's time limit of 2 seconds was up",)
        assert "its time limit of 2 seconds was up; the best of 1 trials that ended in time" in steps["train"].reasons
        assert place.output(run, "train", "model") == "9"

    def test_where_none_ended_in_time_the_step_fails_and_says_so(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        jobs = {"train": training(witness, gate, 1, 2, limits={"max_total_trials": 2, "timeout": 1})}
        run = place.go(repository.commit(jobs))
        assert run.status is RunStatus.FAILED
        assert run.error == (
            "step train: no trial ended well within the sweep's time limit of 1 second; raise `limits.timeout`"
        )
        step = place.steps(run)["train"]
        assert (step.status, step.failure) == ("failed", "timed-out")

    def test_it_goes_on_counting_while_nobody_follows_the_run(
        self, open_place: OpenPlace, repository: Repository, witness: Witness, gate: Path, diary: Diary
    ) -> None:
        first = open_place(tracking=diary)
        limits = {"max_total_trials": 3, "max_concurrent_trials": 2, "timeout": 3}
        tree = repository.commit({"train": training(witness, gate, 9, 1, 2, limits=limits)})
        going = first.start(tree)
        eventually(lambda: len(witness.lines) == 3 and first.statuses("lending-1")["train[0]"] == "succeeded")
        started = first.steps("lending-1")["train"].started or 0.0
        going.run.interrupt()
        going.ended()
        first.leave()
        time.sleep(max(0.0, started + 3 - time.time()))
        second = open_place(tracking=diary)
        run = second.take_up(tree).go()
        assert run.status is RunStatus.SUCCEEDED
        assert second.statuses(run) == {
            "train": "succeeded",
            "train[0]": "succeeded",
            "train[1]": "cancelled",
            "train[2]": "cancelled",
        }
        assert len(witness.lines) == 3

    def test_a_trial_that_takes_too_long_by_itself_fails_and_the_sweep_goes_on(
        self, place: Place, repository: Repository, witness: Witness, gate: Path
    ) -> None:
        limits = {"max_total_trials": 2, "max_concurrent_trials": 1, "trial_timeout": 1, "timeout": 60}
        run = place.go(repository.commit({"train": training(witness, gate, 1, 9, limits=limits)}))
        assert run.status is RunStatus.SUCCEEDED
        slow = place.steps(run)["train[0]"]
        assert (slow.status, slow.failure) == ("failed", "timed-out")
        assert place.output(run, "train", "model") == "9"
