"""The end of a run for the models that it registered: versions, tags, and who is champion."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.execution.carry_out import abandon, new_run, restore
from reconciler.model.pipelines import Promotion
from reconciler.model.plan import PipelineAction
from reconciler.model.runs import Run, RunStatus
from reconciler.source.worktree import Worktree

from .model_shelf import KilledError, ModelShelf
from .place import ORIGIN, Place, order
from .repository import Repository, job

GATE = {"metric": "accuracy"}
TWO_INPUTS = '[{"name": "age", "type": "long"}, {"name": "income", "type": "double"}]'
ONE_INPUT = '[{"name": "age", "type": "long"}]'


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "diary")


@pytest.fixture
def place(open_place: Callable[..., Place], shelf: ModelShelf) -> Place:
    return open_place(tracking=shelf)


def training(accuracy: float | None, text: str = "", metric: str = "accuracy") -> dict[str, Any]:
    """A step whose output is registered as the model `credit`."""
    logged = "" if accuracy is None else f"echo '{metric} {accuracy}' >> $METRICS; "
    written = text or f"weights {accuracy}"
    command = f"{logged}printf %s '{written}' > ${{{{outputs.out}}}}/model"
    return {**job(command), "outputs": {"out": {"type": "custom_model", "name": "credit"}}}


@pytest.fixture
def run(place: Place, repository: Repository) -> Callable[..., Run]:
    """Commits a pipeline that trains, and runs it."""

    def go(accuracy: float | None, promotion: dict[str, Any] | None = GATE, **more: Any) -> Run:
        return place.go(commit(repository, accuracy, promotion, **more))

    return go


Runs = Callable[..., Run]


def commit(
    repository: Repository, accuracy: float | None, promotion: dict[str, Any] | None = GATE, **more: Any
) -> Worktree:
    told = {"promotion": promotion} if promotion else {}
    return repository.commit({"train": training(accuracy, **more)}, **told)


def verdicts(place: Place, run: Run) -> list[tuple[str, bool]]:
    return [(each.semver, each.is_promoted) for each in place.state.model_registry.judgements(run.id)]


class TestVersions:
    """Each version gets a semantic one."""

    def test_the_first_is_1_0_0_and_the_same_signature_is_the_next_patch(self, run: Runs, shelf: ModelShelf) -> None:
        for accuracy in (0.5, 0.6, 0.7):
            run(accuracy, None, text=ONE_INPUT + " " * int(accuracy * 10))
        assert shelf.semvers() == ["1.0.0", "1.0.1", "1.0.2"]
        assert [shelf.holder(alias) for alias in ("v1-0-0", "v1-0-1", "v1-0-2")] == ["1", "2", "3"]

    def test_another_signature_than_the_champions_is_what_it_breaks_or_adds(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5, text=ONE_INPUT)
        run(0.6, text=TWO_INPUTS)
        assert shelf.semvers() == ["1.0.0", "2.0.0"]
        assert shelf.tags("2")["reconciler.bump"] == "major: input income added, and required"

    def test_it_is_compared_with_the_champion_and_not_with_what_was_not_promoted(
        self, run: Runs, shelf: ModelShelf
    ) -> None:
        run(0.5, text=ONE_INPUT)
        run(0.4, text=TWO_INPUTS)
        run(0.6, text=ONE_INPUT + " ")
        assert shelf.semvers() == ["1.0.0", "2.0.0", "1.0.1"]

    def test_without_signatures_it_is_a_patch_and_says_so(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5)
        run(0.6)
        assert shelf.semvers() == ["1.0.0", "1.0.1"]
        assert shelf.tags("2")["reconciler.bump"].startswith("patch: without signatures")

    def test_the_same_content_keeps_its_version(self, run: Runs, shelf: ModelShelf, place: Place) -> None:
        first, again = run(0.5), run(0.5)
        assert shelf.semvers() == ["1.0.0"]
        assert [model.semver for model in place.state.runs.models(again.id)] == ["1.0.0"]
        assert place.state.model_registry.versions("credit")[0].run_id == first.id

    def test_a_version_that_the_pipeline_names_is_taken(self, place: Place, repository: Repository) -> None:
        written = training(0.5)
        written["outputs"]["out"]["version"] = "3.1.0"
        place.go(repository.commit({"train": written}))
        assert [model.semver for model in place.state.model_registry.versions()] == ["3.1.0"]

    def test_the_version_of_a_model_that_was_deleted_is_not_given_again(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5)
        run(0.4)
        shelf.versions = shelf.versions[:1]
        shelf.deleted = 1
        run(0.3)
        assert shelf.semvers() == ["1.0.0", "1.0.2"]

    def test_tags_say_what_made_it(self, place: Place, repository: Repository, shelf: ModelShelf) -> None:
        data = "$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json\n"
        data += "name: loans\nversion: 1.2.0\ntype: uri_file\npath: loans.csv\n"
        written = {**training(0.5), "inputs": {"rows": {"type": "uri_file", "path": "azureml:loans@latest"}}}
        written["command"] += "\ncat ${{inputs.rows}}"
        tree = repository.commit({"train": written}, {"loans.yaml": data, "loans.csv": "a\n1\n"}, promotion=GATE)
        run = place.go(tree)
        tags = shelf.tags("1")
        assert tags["reconciler.run"] == run.id
        assert tags["reconciler.pipeline"] == "lending"
        assert tags["reconciler.commit"] == ORIGIN.commit
        assert tags["reconciler.revision"] == run.revision
        assert (tags["reconciler.metric"], tags["reconciler.metric_value"]) == ("accuracy", "0.5")
        assert list(json.loads(tags["reconciler.components"])) == ["train"]
        (rows,) = json.loads(tags["reconciler.data"]).items()
        assert (rows[0], rows[1]["version"], rows[1]["digest"][:4]) == ("loans", "1.2.0", "git:")


class TestTheGate:
    """Who is champion after a run."""

    @pytest.mark.parametrize(
        ("promotion", "first", "second", "expected"),
        [
            ({}, 0.5, 0.6, "2"),
            ({}, 0.5, 0.5, "1"),
            ({}, 0.5, 0.4, "1"),
            ({"min_delta": 0.2}, 0.5, 0.6, "1"),
            ({"min_delta": 0.1}, 0.5, 0.6, "2"),
            ({"min_delta": -0.1}, 0.5, 0.45, "2"),
            ({"min_delta": -0.1}, 0.5, 0.3, "1"),
            ({"goal": "minimize"}, 0.5, 0.4, "2"),
            ({"goal": "minimize"}, 0.5, 0.6, "1"),
            ({"model": "credit"}, 0.5, 0.4, "1"),
        ],
    )
    @pytest.mark.parametrize("moves", ["", "champion"], ids=["only registers", "moves the alias itself"])
    def test_the_better_one_by_min_delta(
        self,
        run: Runs,
        shelf: ModelShelf,
        place: Place,
        promotion: dict[str, Any],
        first: float,
        second: float,
        expected: str,
        moves: str,
    ) -> None:
        shelf.moves = moves
        run(first, GATE | promotion, text="a")
        last = run(second, GATE | promotion, text="b")
        assert shelf.holder() == expected
        assert place.state.model_registry.aliases("credit") == {"champion": expected}
        assert verdicts(place, last) == [("1.0.1", expected == "2")]

    def test_what_it_decided_is_told_in_the_run_its_root_and_the_version(
        self, run: Runs, shelf: ModelShelf, place: Place
    ) -> None:
        run(0.5)
        last = run(0.4)
        (judged,) = place.state.model_registry.judgements(last.id)
        assert (judged.metric, judged.champion_metric, judged.champion_semver) == (0.4, 0.5, "1.0.0")
        assert judged.why == "accuracy 0.4, champion 1.0.0 has 0.5"
        assert shelf.tags("2")["reconciler.promotion"] == f"not promoted to champion: {judged.why}"
        (told,) = json.loads(shelf.entries[last.mlflow_run_id].tags["reconciler.promotions"])
        assert (told["model"], told["semver"], told["promoted"]) == ("credit", "1.0.1", False)

    @pytest.mark.parametrize("moves", ["", "champion"])
    def test_without_the_metric_nothing_is_promoted(
        self, run: Runs, shelf: ModelShelf, place: Place, moves: str
    ) -> None:
        shelf.moves = moves
        last = run(0.5, metric="auc")
        assert last.status is RunStatus.SUCCEEDED
        assert shelf.holder() == ""
        assert place.state.model_registry.judgements(last.id)[0].why == "it has no metric `accuracy`: there are auc"

    @pytest.mark.parametrize("gate", [Promotion("accuracy"), Promotion("")], ids=["a gate", "none"])
    def test_behind_a_bar_the_champion_stays_also_where_a_step_moves_the_alias(
        self, run: Runs, place: Place, shelf: ModelShelf, repository: Repository, gate: Promotion
    ) -> None:
        run(0.5)
        shelf.moves = "champion"
        tree = commit(repository, 0.9)
        plan, actual = place.plan(tree, is_forced=True)
        barred = replace(plan, graph=replace(plan.graph, promotion=replace(gate, bar="a trial")))
        trial = new_run(place.site, barred, actual, tree.objects, order(tree)).go()
        assert shelf.holder() == "1"
        assert place.state.model_registry.aliases("credit") == {"champion": "1"}
        (judgement,) = place.state.model_registry.judgements(trial.id)
        assert (judgement.is_promoted, judgement.why) == (False, "a trial")
        (made,) = place.state.runs.models(trial.id)
        assert (made.semver, made.metric_name, made.metric) == ("1.0.1", "accuracy", 0.9)

    def test_another_alias_may_be_won(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5, GATE | {"alias": "live"})
        assert (shelf.holder("live"), shelf.holder()) == ("1", "")

    def test_another_model_is_not_judged(self, run: Runs, shelf: ModelShelf, place: Place) -> None:
        last = run(0.5, GATE | {"model": "other"})
        assert (shelf.holder(), shelf.semvers(), verdicts(place, last)) == ("", ["1.0.0"], [])

    def test_without_a_gate_what_a_step_says_stays(self, run: Runs, shelf: ModelShelf, place: Place) -> None:
        shelf.moves = "champion"
        run(0.5, None)
        last = run(0.4, None)
        assert shelf.holder() == "2"
        assert verdicts(place, last) == []
        assert [model.aliases for model in place.state.runs.models(last.id)] == [("champion",)]

    def test_whoever_a_person_made_champion_has_to_be_beaten(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.9)
        run(0.5)
        shelf.put_alias("2")
        run(0.6)
        assert shelf.holder() == "3"

    def test_the_champion_is_judged_by_what_it_was_promoted_by(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5)
        shelf.forget_metrics(shelf.versions[0].run_id)
        run(0.6)
        assert shelf.holder() == "2"

    def test_a_looser_gate_lets_the_same_model_pass_when_it_is_run_again(self, run: Runs, shelf: ModelShelf) -> None:
        run(0.5)
        run(0.55, GATE | {"min_delta": 0.1})
        assert shelf.holder() == "1"
        run(0.55, GATE | {"min_delta": 0.01})
        assert (shelf.holder(), shelf.semvers()) == ("2", ["1.0.0", "1.0.1"])

    def test_a_run_that_fails_takes_back_what_its_step_moved(
        self, place: Place, repository: Repository, run: Runs, shelf: ModelShelf
    ) -> None:
        run(0.5)
        shelf.moves = "champion"
        failing = {"train": training(0.9), "report": job("exit 1", depends_on=["train"])}
        last = place.go(repository.commit(failing, promotion=GATE))
        assert last.status is RunStatus.FAILED
        assert shelf.holder() == "1"

    def test_a_gate_is_no_reason_to_run(self, place: Place, repository: Repository) -> None:
        place.go(commit(repository, 0.5, None))
        assert place.plan(commit(repository, 0.5))[0].action is PipelineAction.NONE

    def test_a_run_that_registers_nothing_asks_for_nothing(
        self, place: Place, repository: Repository, shelf: ModelShelf
    ) -> None:
        place.go(repository.commit({"a": job("true")}))
        assert shelf.asked == ["registered"]


class TestRestored:
    """`git revert`: the champion of then is champion again, nothing is executed."""

    def back(self, place: Place, tree: Worktree) -> Run:
        plan, _ = place.plan(tree)
        assert plan.action is PipelineAction.RESTORE
        return restore(place.site, plan, order(tree))

    def test_the_one_that_was_promoted_then(
        self, run: Runs, shelf: ModelShelf, place: Place, repository: Repository
    ) -> None:
        run(0.5)
        run(0.6)
        assert shelf.holder() == "2"
        restored = self.back(place, commit(repository, 0.5))
        assert shelf.holder() == "1"
        assert shelf.holder("v1-0-1") == "2"
        assert place.state.model_registry.aliases("credit") == {"champion": "1"}
        assert verdicts(place, restored) == [("1.0.0", True)]

    def test_or_the_one_that_was_not_beaten_then(
        self, run: Runs, shelf: ModelShelf, place: Place, repository: Repository
    ) -> None:
        run(0.5)
        run(0.4)
        run(0.6)
        self.back(place, commit(repository, 0.4))
        assert shelf.holder() == "1"
        self.back(place, commit(repository, 0.6))
        assert shelf.holder() == "3"

    def test_the_next_has_to_beat_the_restored_one(
        self, run: Runs, shelf: ModelShelf, place: Place, repository: Repository
    ) -> None:
        run(0.5)
        run(0.8)
        self.back(place, commit(repository, 0.5))
        run(0.6)
        assert (shelf.holder(), shelf.semvers()) == ("3", ["1.0.0", "1.0.1", "1.0.2"])


@pytest.mark.parametrize("moves", ["", "champion"])
@pytest.mark.parametrize("dies_at", [0, 1, 2])
@pytest.mark.parametrize(("accuracy", "champion"), [(0.6, "2"), (0.4, "1")], ids=["better", "worse"])
def test_a_run_that_is_killed_at_its_end_comes_to_the_same(
    place: Place,
    repository: Repository,
    run: Runs,
    shelf: ModelShelf,
    moves: str,
    dies_at: int,
    accuracy: float,
    champion: str,
) -> None:
    run(0.5)
    shelf.moves = moves
    tree = commit(repository, accuracy)
    going = place.new_run(tree)
    shelf.dies_at = dies_at
    try:
        going.go()
    except KilledError:
        assert place.state.runs.running()
        ended = place.take_up(tree).go()
        assert ended.status is RunStatus.SUCCEEDED
    assert (shelf.holder(), shelf.semvers()) == (champion, ["1.0.0", "1.0.1"])
    assert shelf.holder("v1-0-1") == "2"
    assert place.state.model_registry.aliases("credit") == {"champion": champion}
    assert [model.version for model in place.state.runs.models("lending-2")] == ["2"]


@pytest.mark.parametrize("has_champion", [True, False])
def test_of_a_run_that_nobody_takes_up_the_champion_is_taken_back(
    place: Place, repository: Repository, run: Runs, shelf: ModelShelf, has_champion: bool
) -> None:
    if has_champion:
        run(0.5)
    shelf.moves, shelf.dies_at = "champion", 0
    with pytest.raises(KilledError):
        place.new_run(commit(repository, 0.6)).go()
    (left,) = place.state.runs.running()
    assert shelf.holder() == ("2" if has_champion else "1")
    abandon(place.site, left, RunStatus.CANCELLED, "nobody takes it up")
    place.close()
    assert shelf.holder() == ("1" if has_champion else "")


def test_of_two_runs_at_once_the_later_end_has_to_beat_the_earlier(
    place: Place, repository: Repository, run: Runs, shelf: ModelShelf
) -> None:
    run(0.5)
    shelf.moves = "champion"
    slow = place.new_run(commit(repository, 0.6))
    place.site.state.model_registry.note_champions(slow.id, "champion", {"credit": "1"})  # as if it had begun
    run(0.7, text="quick")
    slow.go()
    assert shelf.holder() == "2"
