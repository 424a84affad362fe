"""Which steps of a run are reused, which are executed again, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reconciler.model.runs import RunStatus
from reconciler.state.outputs import remove

from .place import Going, Place, eventually
from .repository import Document, Repository, Witness, choice, component, job, reads, sweep, waits_for, writes

CHAIN = {
    "prepare": job(
        "sort < ${{inputs.raw}} > ${{outputs.out}}", ("out",), inputs={"raw": {"type": "uri_file", "path": "./raw.csv"}}
    ),
    "train": job("cat ${{inputs.rows}} > ${{outputs.out}}", ("out",), inputs={"rows": reads("prepare")}),
    "report": job("cat ${{inputs.model}}", inputs={"model": reads("train")}),
}
RAW = {"raw.csv": "2\n1\n"}


def test_nothing_of_an_unchanged_pipeline_is_executed_again(
    place: Place, repository: Repository, witness: Witness
) -> None:
    first = place.go(repository.commit(CHAIN, RAW))
    second = place.go(repository.commit(CHAIN, RAW))
    assert witness.lines == ["prepare", "train", "report"]
    assert (second.status, set(place.statuses(second).values())) == (RunStatus.SUCCEEDED, {"reused"})
    assert {step.reused_from for step in place.steps(second).values()} == {first.id}
    assert {step.reasons for step in place.steps(second).values()} == {(f"same fingerprint as in {first.id}",)}
    assert place.output(second, "train") == "1\n2\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "of loans", "experiment_name": "loans", "version": "2.0.0", "tags": {"team": "risk"}},
        {"display_name": "Lending"},
    ],
)
def test_what_only_describes_executes_nothing(
    place: Place, repository: Repository, witness: Witness, changes: Document
) -> None:
    place.go(repository.commit(CHAIN, RAW))
    place.go(repository.commit(CHAIN, RAW, **changes))
    assert len(witness.lines) == 3


def test_a_changed_step_and_what_follows_from_it_is_executed(
    place: Place, repository: Repository, witness: Witness
) -> None:
    place.go(repository.commit(CHAIN, RAW))
    changed = {**CHAIN, "train": {**CHAIN["train"], "command": "tac ${{inputs.rows}} > ${{outputs.out}}"}}
    run = place.go(repository.commit(changed, RAW))
    assert place.statuses(run) == {"prepare": "reused", "train": "succeeded", "report": "succeeded"}
    assert place.steps(run)["train"].reasons == ("component train · command changed",)
    assert place.steps(run)["report"].reasons == ("input model changed: train wrote other content",)
    assert witness.times == {"prepare": 1, "train": 2, "report": 2}


def test_changed_data_is_named_as_the_reason(place: Place, repository: Repository) -> None:
    place.go(repository.commit(CHAIN, RAW))
    run = place.go(repository.commit(CHAIN, {"raw.csv": "3\n"}))
    assert place.steps(run)["prepare"].reasons == ("data ./raw.csv changed",)
    assert set(place.statuses(run).values()) == {"succeeded"}


def test_after_a_step_that_wrote_the_same_as_before_everything_is_reused(
    place: Place, repository: Repository, witness: Witness
) -> None:
    first = place.go(repository.commit(CHAIN, RAW))
    run = place.go(repository.commit(CHAIN, {"raw.csv": "1\n2\n"}))
    assert place.statuses(run) == {"prepare": "succeeded", "train": "reused", "report": "reused"}
    assert place.steps(run)["train"].reasons == (
        f"prepare wrote the same content as before; same fingerprint as in {first.id}",
    )
    assert witness.times == {"prepare": 2, "train": 1, "report": 1}


def test_going_back_executes_nothing(place: Place, repository: Repository, witness: Witness) -> None:
    place.go(repository.commit(CHAIN, RAW))
    place.go(repository.commit(CHAIN, {"raw.csv": "3\n"}))
    run = place.go(repository.commit(CHAIN, RAW))
    assert set(place.statuses(run).values()) == {"reused"}
    assert place.output(run, "train") == "1\n2\n"
    assert len(witness.lines) == 6


def test_a_step_that_is_not_deterministic_is_executed_in_every_run(
    place: Place, repository: Repository, witness: Witness
) -> None:
    chosen = {**CHAIN, "train": {**CHAIN["train"], "is_deterministic": False}}
    place.go(repository.commit(chosen, RAW))
    run = place.go(repository.commit(chosen, RAW))
    assert place.statuses(run) == {"prepare": "reused", "train": "succeeded", "report": "reused"}
    assert place.steps(run)["train"].reasons == ("is not deterministic",)
    assert witness.times == {"prepare": 1, "train": 2, "report": 1}


def test_where_every_step_is_to_run_every_step_runs(place: Place, repository: Repository, witness: Witness) -> None:
    place.go(repository.commit(CHAIN, RAW))
    run = place.go(repository.commit(CHAIN, RAW, settings={"force_rerun": True}))
    assert set(place.statuses(run).values()) == {"succeeded"}
    assert place.steps(run)["train"].reasons == ("a run of every step was asked for",)
    assert witness.times == {"prepare": 2, "train": 2, "report": 2}


def test_a_result_whose_output_is_gone_is_made_anew(place: Place, repository: Repository, witness: Witness) -> None:
    first = place.go(repository.commit(CHAIN, RAW))
    remove(place.output_path(first, "prepare"))
    run = place.go(repository.commit(CHAIN, RAW))
    assert place.statuses(run) == {"prepare": "succeeded", "train": "reused", "report": "reused"}
    assert place.output(run, "prepare") == "1\n2\n"


def test_another_pipeline_reuses_the_same_step(place: Place, repository: Repository, witness: Witness) -> None:
    place.go(repository.commit(CHAIN, RAW))
    repository.write_pipeline({"prepare": CHAIN["prepare"]}, "scoring")
    run = place.go(repository.commit_all(), "scoring")
    assert place.statuses(run) == {"prepare": "reused"}
    assert place.steps(run)["prepare"].reused_from == "lending-1"
    assert witness.times["prepare"] == 1


class TestTheSameStepInTwoRunsAtOnce:
    """Its time is spent once."""

    def start(self, place: Place, repository: Repository, shared: Document) -> tuple[Going, Going]:
        """Two runs, of which the first executes and the second waits."""
        repository.write_pipeline({"shared": shared}, "other")
        tree = repository.commit({"shared": shared})
        first = place.start(tree)
        eventually(lambda: len(repository.witness.lines) > 0)
        second = place.start(tree, "other")
        eventually(lambda: place.statuses("other-1") == {"shared": "pending"})
        return first, second

    def test_is_executed_once_and_its_result_taken_by_both(
        self, place: Place, repository: Repository, witness: Witness, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        first, second = self.start(place, repository, job(f"{waits_for(gate)}; {writes('rows')}", ("out",)))
        gate.touch()
        assert [first.ended().status, second.ended().status] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
        assert place.steps("other-1")["shared"].reused_from == "lending-1"
        assert place.output(second.ended(), "shared") == "rows"
        assert witness.lines == ["shared"]

    def test_that_fails_is_tried_by_the_other_too(
        self, place: Place, repository: Repository, witness: Witness, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        first, second = self.start(place, repository, job(f"{waits_for(gate)}; exit 1"))
        gate.touch()
        assert [first.ended().status, second.ended().status] == [RunStatus.FAILED, RunStatus.FAILED]
        assert witness.lines == ["shared", "shared"]

    def test_that_is_cancelled_in_one_is_executed_by_the_other(
        self, place: Place, repository: Repository, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        first, second = self.start(place, repository, job(waits_for(gate)))
        first.run.cancel("enough")
        assert first.ended().status is RunStatus.CANCELLED
        gate.touch()
        assert second.ended().status is RunStatus.SUCCEEDED
        assert place.statuses("other-1") == {"shared": "succeeded"}

    def test_holds_up_neither_when_both_are_interrupted(
        self, place: Place, repository: Repository, witness: Witness
    ) -> None:
        command = f"echo trial >> {witness}; sleep 1000"
        first, second = self.start(place, repository, sweep(command, {"depth": choice(1, 2)}))
        for going in (first, second):
            going.run.interrupt()
        assert [first.ended().status, second.ended().status] == [RunStatus.RUNNING, RunStatus.RUNNING]


def test_the_same_step_twice_in_one_run_is_executed_once(
    place: Place, repository: Repository, witness: Witness
) -> None:
    command = f"echo executed >> {witness}; sleep 0.05; {writes('rows')}"
    repository.write("prepare.yaml", yaml.safe_dump(component(command, outputs={"out": {"type": "uri_file"}})))
    same = {"component": "./prepare.yaml"}
    run = place.go(repository.commit({"one": same, "two": same, "last": job(depends_on=["one", "two"])}))
    assert run.status is RunStatus.SUCCEEDED
    assert sorted(place.statuses(run).values()) == ["reused", "succeeded", "succeeded"]
    assert witness.lines == ["executed", "last"]
