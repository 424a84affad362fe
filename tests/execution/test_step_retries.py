"""Steps that are begun anew after they failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.model.runs import RunStatus

from .place import Place, eventually
from .repository import Repository, Witness, choice, job, sweep, waits_for

RETRIES: dict[str, Any] = {"retry_settings": {"max_retries": 2}}


def fails_until(witness: Witness, times: int) -> str:
    """A command that ends well when it is begun for the so-manieth time."""
    return f"[ $(grep -c . {witness}) -ge {times} ]"


def test_a_step_that_fails_is_begun_anew_and_its_log_says_so(
    place: Place, repository: Repository, witness: Witness
) -> None:
    run = place.go(repository.commit({"flaky": job(fails_until(witness, 3), **RETRIES)}))
    assert run.status is RunStatus.SUCCEEDED
    assert witness.times == {"flaky": 3}
    step = place.steps(run)["flaky"]
    assert step.attempt == 3
    assert Path(step.log).read_text().splitlines() == [
        "-- attempt 2 of 3: the step exited with status 1 --",
        "-- attempt 3 of 3: the step exited with status 1 --",
    ]


def test_one_that_fails_every_time_fails_after_as_many_attempts(
    place: Place, repository: Repository, witness: Witness
) -> None:
    run = place.go(repository.commit({"broken": job("exit 4", **RETRIES)}))
    assert run.status is RunStatus.FAILED
    assert "exited with status 4" in run.error
    assert witness.times == {"broken": 3}


def test_without_retries_it_is_begun_once(place: Place, repository: Repository, witness: Witness) -> None:
    run = place.go(repository.commit({"broken": job("exit 4")}))
    assert run.status is RunStatus.FAILED
    assert witness.times == {"broken": 1}


def test_each_attempt_has_the_time_limit_for_itself(place: Place, repository: Repository, witness: Witness) -> None:
    command = f"{fails_until(witness, 2)} || sleep 1000"
    run = place.go(repository.commit({"slow": job(command, limits={"timeout": 1}, **RETRIES)}))
    assert run.status is RunStatus.SUCCEEDED
    assert "attempt 2 of 3: the step took longer" in Path(place.steps(run)["slow"].log).read_text()


def test_an_attempt_finds_nothing_of_the_one_before(place: Place, repository: Repository, witness: Witness) -> None:
    command = (
        f"ls scratch ${{{{outputs.out}}}}; touch scratch; echo x >> ${{{{outputs.out}}}}; {fails_until(witness, 2)}"
    )
    run = place.go(repository.commit({"flaky": job(command, ("out",), **RETRIES)}))
    assert place.output(run, "flaky") == "x\n"


def test_a_cancelled_step_is_not_begun_anew(place: Place, repository: Repository, witness: Witness) -> None:
    going = place.start(repository.commit({"slow": job("sleep 1000", **RETRIES)}))
    eventually(lambda: "slow" in witness.lines)
    going.run.cancel("enough")
    assert going.ended().status is RunStatus.CANCELLED
    assert witness.times == {"slow": 1}


def test_a_trial_of_a_sweep_is_begun_anew_too(place: Place, repository: Repository, witness: Witness) -> None:
    command = f"echo trial >> {witness}; {fails_until(witness, 2)} && echo x > ${{{{outputs.model}}}}"
    run = place.go(repository.commit({"train": sweep(command, {"depth": choice(1)}, trial=RETRIES)}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.steps(run)["train[0]"].attempt == 2


def test_the_attempts_before_an_interruption_count(
    open_place: Callable[..., Place], repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    command = f"{fails_until(witness, 2)} || exit 1; {waits_for(gate)}; exit 1"
    tree = repository.commit({"flaky": job(command, retry_settings={"max_retries": 2})})
    first = open_place()
    going = first.start(tree)
    eventually(lambda: witness.times["flaky"] == 2)
    going.run.interrupt()
    going.ended()
    first.leave()
    gate.touch()
    second = open_place()
    run = second.take_up(tree).go()
    assert run.status is RunStatus.FAILED
    assert witness.times == {"flaky": 3}
    assert second.steps(run)["flaky"].attempt == 3
