"""Plans made real: runs started as planned, and earlier ones made current again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.execution.carry_out import new_run, restore
from reconciler.model.plan import PipelineAction
from reconciler.model.runs import Run, RunStatus
from reconciler.tracking.base import ModelVersion

from .diary import Diary
from .place import ORIGIN, Place, order
from .repository import Repository, Witness, choice, job, sweep, writes

OLD = {
    "draw": job(writes("old"), ("out",), is_deterministic=False),
    "train": sweep("echo > ${{outputs.model}}", {"depth": choice(1, 2)}),
}
NEW = {**OLD, "draw": job(writes("new"), ("out",), is_deterministic=False)}


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


@pytest.fixture
def place(open_place: Callable[..., Place], diary: Diary) -> Place:
    return open_place(tracking=diary)


def test_a_new_run_is_on_record_before_anything_is_executed(
    place: Place, repository: Repository, witness: Witness
) -> None:
    tree = repository.commit(OLD, experiment_name="loans")
    plan, actual = place.plan(tree)
    new_run(place.site, plan, actual, tree.objects, order(tree))
    (run,) = place.state.runs.running()
    assert (run.id, run.source, run.revision, run.trigger) == ("lending-1", "loans", tree.snapshot.revision, "test")
    assert (run.closure, run.experiment, run.reasons) == (plan.graph.closure, "loans", ("never ran",))
    assert witness.lines == []
    assert place.plan(tree)[0].action is PipelineAction.NONE


class TestARestoredRun:
    """The one before the last, made current again."""

    @pytest.fixture(autouse=True)
    def _runs(self, place: Place, repository: Repository, diary: Diary) -> None:
        self.first = place.go(repository.commit(OLD))
        self.second = place.go(repository.commit(NEW))
        self.entries = len(diary.entries)

    def restore(self, place: Place, repository: Repository) -> Run:
        tree = repository.commit(OLD)
        plan, _ = place.plan(tree)
        assert plan.action is PipelineAction.RESTORE
        return restore(place.site, plan, order(tree))

    def test_executes_nothing(self, place: Place, repository: Repository, witness: Witness, diary: Diary) -> None:
        before = witness.lines
        self.restore(place, repository)
        assert witness.lines == before
        assert len(diary.entries) == self.entries

    def test_is_current_and_says_what_it_restores(self, place: Place, repository: Repository) -> None:
        run = self.restore(place, repository)
        assert run == place.state.runs.current("lending")
        assert (run.id, run.status, run.restored_from) == ("lending-3", RunStatus.RESTORED, "lending-1")
        assert run.mlflow_run_id == self.first.mlflow_run_id
        assert run.reasons == ("everything is as in lending-1, which succeeded",)
        assert run.ended is not None

    def test_has_the_steps_and_trials_of_the_earlier_one(self, place: Place, repository: Repository) -> None:
        run = self.restore(place, repository)
        steps, earlier = place.steps(run), place.steps(self.first)
        assert list(steps) == list(earlier)
        assert {str(step.status) for step in steps.values()} == {"reused"}
        assert {step.reused_from for step in steps.values()} == {"lending-1"}
        assert {name: step.outputs for name, step in steps.items()} == {
            name: step.outputs for name, step in earlier.items()
        }
        assert place.output(run, "draw") == "old"

    def test_leaves_nothing_to_do(self, place: Place, repository: Repository) -> None:
        self.restore(place, repository)
        assert place.plan(repository.tree())[0].action is PipelineAction.NONE

    def test_may_be_restored_itself(self, place: Place, repository: Repository) -> None:
        self.restore(place, repository)
        tree = repository.commit(NEW)
        back = restore(place.site, place.plan(tree)[0], order(tree))
        assert back.restored_from == "lending-2"
        again = self.restore(place, repository)
        assert again.restored_from == "lending-1"
        assert place.output(again, "draw") == "old"


def test_a_restored_run_puts_the_aliases_back_where_its_models_held_them(
    place: Place, repository: Repository, diary: Diary
) -> None:
    tree = repository.commit(OLD)
    first = place.new_run(tree)
    # The step that registers will be given this id: the root is the first, `draw` and the sweep follow.
    registered = ModelVersion("credit", "1", ("champion",), "run-2")
    diary.versions = (registered,)
    assert first.go().status is RunStatus.SUCCEEDED
    diary.versions = ()
    place.go(repository.commit(NEW))
    tree = repository.commit(OLD)
    run = restore(place.site, place.plan(tree)[0], order(tree))
    assert diary.aliased == [registered]
    assert [(model.name, model.version, model.aliases) for model in place.state.runs.models(run.id)] == [
        ("credit", "1", ("champion",))
    ]


def test_the_runs_in_mlflow_hang_below_one_root_and_name_commit_and_step(
    place: Place, repository: Repository, diary: Diary
) -> None:
    run = place.go(repository.commit(OLD, experiment_name="loans"))
    root = diary.entries[run.mlflow_run_id]
    assert (root.request.experiment, root.request.name, root.request.parent) == ("loans", run.id, None)
    assert root.tags["reconciler.pipeline"] == "lending"
    assert root.tags["reconciler.revision"] == run.revision
    (draw,) = diary.named("draw")
    assert (draw.request.experiment, draw.request.parent, draw.request.root) == ("loans", root.id, root.id)
    assert draw.tags["reconciler.step"] == "draw"
    for entry in diary.entries.values():
        assert entry.tags["mlflow.source.git.commit"] == ORIGIN.commit
        assert entry.tags["mlflow.source.git.repoURL"] == ORIGIN.url
        assert entry.tags["reconciler.run"] == run.id
        assert entry.status == "FINISHED"


def test_a_failed_run_is_a_failed_run_in_mlflow_too(place: Place, repository: Repository, diary: Diary) -> None:
    run = place.go(repository.commit({"train": job("exit 1")}))
    assert diary.entries[run.mlflow_run_id].status == "FAILED"
    assert diary.named("train")[0].status == "FAILED"
