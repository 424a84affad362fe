"""What steps write to `./outputs` and `./logs`: artifacts of their runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.execution.artifacts import Artifacts, Limit
from reconciler.model.runs import RunStatus

from .diary import Diary
from .place import Place, eventually
from .repository import Repository, choice, job, sweep, writes


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def place(open_place: Callable[..., Place], diary: Diary) -> Place:
    return open_place(tracking=diary)


def test_they_become_artifacts_under_the_same_names(place: Place, repository: Repository, diary: Diary) -> None:
    command = "echo a > outputs/a.txt; mkdir outputs/sub; echo b > ./outputs/sub/b.txt; echo c > logs/c.log"
    run = place.go(repository.commit({"train": job(command)}))
    assert run.status is RunStatus.SUCCEEDED
    (entry,) = diary.named("train")
    assert diary.artifacts == {entry.id: {"outputs/a.txt": "a\n", "outputs/sub/b.txt": "b\n", "logs/c.log": "c\n"}}
    assert list(place.state.folder.artifacts.iterdir()) == []


def test_declared_outputs_are_not_among_them(place: Place, repository: Repository, diary: Diary) -> None:
    place.go(repository.commit({"train": job(writes("x"), ("out",))}))
    assert diary.artifacts == {}


def test_those_of_a_step_that_failed_are_kept_too(place: Place, repository: Repository, diary: Diary) -> None:
    place.go(repository.commit({"train": job("echo why > outputs/why.txt; exit 1")}))
    assert list(diary.artifacts.values()) == [{"outputs/why.txt": "why\n"}]


def test_what_the_code_holds_under_that_name_is_no_artifact_until_it_is_changed(
    place: Place, repository: Repository, diary: Diary
) -> None:
    files = {"src/outputs/kept": "as it was", "src/outputs/changed": "as it was"}
    place.go(repository.commit({"train": job("printf new > outputs/changed", code="./src")}, files))
    assert list(diary.artifacts.values()) == [{"outputs/changed": "new"}]


def test_links_are_left_alone(place: Place, repository: Repository, diary: Diary) -> None:
    run = place.go(repository.commit({"train": job("ln -s /etc/hostname outputs/x; ln -s /etc outputs/y")}))
    assert run.status is RunStatus.SUCCEEDED
    assert diary.artifacts == {}


def test_each_trial_of_a_sweep_has_its_own(place: Place, repository: Repository, diary: Diary) -> None:
    command = "echo $AZUREML_SWEEP_depth > outputs/depth; echo x > ${{outputs.model}}"
    place.go(repository.commit({"train": sweep(command, {"depth": choice(1, 2)})}))
    assert sorted(kept["outputs/depth"] for kept in diary.artifacts.values()) == ["1\n", "2\n"]


def test_without_a_run_in_mlflow_nothing_is_set_aside(open_place: Callable[..., Place], repository: Repository) -> None:
    place = open_place()
    run = place.go(repository.commit({"train": job("echo a > outputs/a.txt")}))
    assert run.status is RunStatus.SUCCEEDED
    assert list(place.state.folder.artifacts.iterdir()) == []


def test_too_many_are_bounded_with_a_word_in_the_log(tmp_path: Path) -> None:
    directory, log = tmp_path / "code", tmp_path / "log"
    (directory / "outputs").mkdir(parents=True)
    for number in range(5):
        (directory / "outputs" / f"{number}.txt").write_text("12345")
    kept = Artifacts(tmp_path / "kept", Limit(files=3, size=10))
    place = kept.place("lending-1", "train")
    kept.set_aside(directory, None, place, log)
    assert [path.name for path in sorted(place.rglob("*.txt"))] == ["0.txt", "1.txt"]
    assert log.read_text().startswith("-- 3 files of ./outputs and ./logs are not kept as artifacts: at most 3 files")


def test_what_was_set_aside_before_the_program_was_killed_is_logged_when_the_run_is_taken_up(
    open_place: Callable[..., Place], repository: Repository, diary: Diary
) -> None:
    tree = repository.commit({"train": job(), "slow": job("sleep 1000", depends_on=["train"])})
    first = open_place(tracking=diary)
    going = first.start(tree)
    eventually(lambda: first.statuses("lending-1").get("slow") == "running")
    going.run.interrupt()
    going.ended()
    handle = first.steps("lending-1")["slow"].handle
    first.leave()
    left = first.state.folder.artifacts / "lending-1" / "train" / "outputs"
    left.mkdir(parents=True)
    (left / "a.txt").write_text("a")
    second = open_place(tracking=diary)
    second.site.engine.cancel(handle)
    second.take_up(tree).go()
    assert list(diary.artifacts.values()) == [{"outputs/a.txt": "a"}]


def test_the_output_artifacts_holds_them_where_the_command_does_not_write_it(
    place: Place, repository: Repository
) -> None:
    """Azure ML gives every job such an output."""
    write = {**job("echo a > outputs/a.txt; echo b > logs/b.log"), "outputs": {"artifacts": None}}
    read = job(
        "cat ${{inputs.found}}/outputs/a.txt ${{inputs.found}}/logs/b.log > ${{outputs.out}}",
        ("out",),
        inputs={"found": "${{parent.jobs.write.outputs.artifacts}}"},
    )
    run = place.go(repository.commit({"write": write, "read": read}))
    assert run.status is RunStatus.SUCCEEDED
    assert place.output(run, "read") == "a\nb\n"
