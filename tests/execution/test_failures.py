"""Steps that fail: what is said of them, and what becomes of the steps after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.runs import Run, RunStatus

from .place import Place
from .repository import Document, Repository, Witness, job, reads, writes


def test_a_step_that_exits_with_another_status_than_0_fails_its_run(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("exit 3")}))
    assert run.status is RunStatus.FAILED
    assert run.error.startswith("step train: exited with status 3")
    assert place.state.runs.get(run.id) == run
    assert place.statuses(run) == {"train": "failed"}


def test_the_message_shows_the_last_lines_of_the_log_and_where_the_whole_is(
    place: Place, repository: Repository
) -> None:
    command = "for n in $(seq 100); do echo line $n; done; echo no such column: rate >&2; exit 1"
    run = place.go(repository.commit({"train": job(command)}))
    assert "line 100\nno such column: rate" in run.error
    assert "line 86\n" not in run.error
    assert f"`reconciler logs {run.id} 'train'`" in run.error
    assert place.steps(run)["train"].error in run.error
    log = Path(place.steps(run)["train"].log).read_text()
    assert log.startswith("line 1\n")
    assert log.endswith("no such column: rate\n")


def test_a_step_without_anything_in_its_log_has_a_message_of_one_line(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("exit 1")}))
    assert run.error.splitlines()[0].startswith("step train: exited with status 1")
    assert "the end of its log" not in run.error


def test_an_output_that_was_not_written_fails_the_step_and_is_named(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("echo trained", ("model",))}))
    assert run.status is RunStatus.FAILED
    assert run.error.startswith("step train: the output `model` was not written")
    assert "trained" in run.error
    assert "write it to `${{outputs.model}}`" in run.error


def test_a_folder_where_a_file_is_declared_fails_the_step(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("mkdir ${{outputs.model}}", ("model",))}))
    assert "the output `model` is declared as a file, a folder was written" in run.error


def test_an_output_that_leads_out_of_itself_fails_the_step(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("ln -s /etc/hostname ${{outputs.model}}", ("model",))}))
    assert "the output is a symbolic link" in run.error


def test_a_step_that_takes_longer_than_its_time_limit_is_ended_and_fails(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {"train": job(f"echo begun; sleep 1000; echo late >> {witness}", limits={"timeout": 1})}
    run = place.go(repository.commit(jobs))
    assert run.error.startswith("step train: took longer than its time limit of 1 second")
    assert "begun" in run.error
    assert witness.lines == ["train"]
    assert run.ended is not None
    assert run.ended - run.started < 10


def test_a_step_that_was_killed_fails_with_the_signal_named(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("kill -9 $$")}))
    assert run.error.startswith("step train: was killed by signal 9 (SIGKILL)")


def test_what_follows_from_a_failed_step_near_or_far_is_skipped_with_the_reason(
    place: Place, repository: Repository, witness: Witness
) -> None:
    jobs = {
        "prepare": job("exit 1", ("out",)),
        "train": job(writes("model"), ("out",), inputs={"rows": reads("prepare")}),
        "report": job(inputs={"model": reads("train")}),
        "publish": job(depends_on=["report"]),
    }
    run = place.go(repository.commit(jobs))
    assert place.statuses(run) == {"prepare": "failed", "train": "skipped", "report": "skipped", "publish": "skipped"}
    assert {place.steps(run)[name].reasons for name in ("train", "report", "publish")} == {("prepare failed",)}
    assert witness.lines == ["prepare"]


def test_every_step_that_failed_is_named_in_the_run(place: Place, repository: Repository) -> None:
    jobs = {"first": job("exit 1"), "second": job("exit 2")}
    run = place.go(repository.commit(jobs, settings={"continue_on_step_failure": True}))
    assert "step first: exited with status 1" in run.error
    assert "step second: exited with status 2" in run.error


def test_a_failed_step_is_no_result_and_runs_again(
    place: Place, repository: Repository, witness: Witness, tmp_path: Path
) -> None:
    mended = tmp_path / "mended"
    tree = repository.commit({"prepare": job(), "train": job(f"test -e {mended}", depends_on=["prepare"])})
    assert place.go(tree).status is RunStatus.FAILED
    mended.touch()
    run = place.go(tree)
    assert place.statuses(run) == {"prepare": "reused", "train": "succeeded"}
    assert witness.lines == ["prepare", "train", "train"]


@pytest.mark.parametrize(
    "failing",
    [job("echo partial > ${{outputs.out}}; exit 1", ("out",)), job("echo x > ${{outputs.out}}", ("out", "other"))],
)
def test_what_a_failed_step_wrote_is_given_to_no_other(place: Place, repository: Repository, failing: Document) -> None:
    run = place.go(repository.commit({"train": failing}))
    assert place.steps(run)["train"].outputs == {}
    assert place.state.results.get(place.steps(run)["train"].fingerprint) is None


def test_a_code_folder_that_git_has_lost_fails_the_step_not_the_program(place: Place, repository: Repository) -> None:
    tree = repository.commit({"train": job(code="./src"), "report": job()}, {"src/run.py": "print()"})
    going = place.new_run(tree)
    tree.objects.close()
    _forget_objects(repository)
    run = going.go()
    assert run.status is RunStatus.FAILED
    assert place.steps(run)["train"].error


def _forget_objects(repository: Repository) -> None:
    (repository.folder / ".git").rename(repository.folder / "lost")


def test_a_run_that_ended_says_when(place: Place, repository: Repository) -> None:
    run = place.go(repository.commit({"train": job("exit 1")}))
    assert _seconds(run) >= 0
    step = place.steps(run)["train"]
    assert step.started is not None
    assert step.ended is not None
    assert run.started <= step.started <= step.ended


def _seconds(run: Run) -> float:
    assert run.ended is not None
    return run.ended - run.started
