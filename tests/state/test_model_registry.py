"""Aliases, champions and judgements, as they were left last."""

from __future__ import annotations

import pytest

from reconciler.model.runs import Judgement, RegisteredModel, RunStatus
from reconciler.state.database import Database
from reconciler.state.folder import StateFolder
from reconciler.state.schema import STATE_MIGRATIONS
from reconciler.state.store import State

from .records import run


def judgement(run_id: str, version: str = "2", is_promoted: bool = False, metric: float | None = 0.5) -> Judgement:
    return Judgement(
        run_id, "loans", version, "1.0.1", "champion", "auc", metric, "1", "1.0.0", 0.75, is_promoted, "worse"
    )


def test_aliases_are_kept_by_model_and_move(state: State) -> None:
    state.model_registry.replace_aliases("loans", {"champion": "1", "old": "1"})
    state.model_registry.replace_aliases("other", {"champion": "7"})
    state.model_registry.move_alias("loans", "champion", "2")
    assert state.model_registry.aliases("loans") == {"champion": "2", "old": "1"}
    state.model_registry.replace_aliases("loans", {})
    assert state.model_registry.aliases("loans") == {}
    assert state.model_registry.aliases("other") == {"champion": "7"}


def test_nobody_having_looked_is_not_nobody_being_champion(state: State) -> None:
    started = state.runs.start(run(status=RunStatus.RUNNING))
    assert state.model_registry.champions_before(started.id) is None
    assert state.model_registry.alias_at_stake(started.id) == ""
    state.model_registry.note_champions(started.id, "live", {})
    assert state.model_registry.champions_before(started.id) == {}
    assert state.model_registry.alias_at_stake(started.id) == "live"


def test_runs_under_way_are_told_of_a_new_champion(state: State) -> None:
    under_way, ended, without_gate, by = (
        state.runs.start(run(status=status))
        for status in (RunStatus.RUNNING, RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.RUNNING)
    )
    for each in (under_way, ended, by):
        state.model_registry.note_champions(each.id, "champion", {"loans": "1"})
    state.model_registry.change_champion("loans", "2", by.id)
    state.model_registry.change_champion("other", "7", by.id)
    assert state.model_registry.champions_before(under_way.id) == {"loans": "2", "other": "7"}
    assert state.model_registry.champions_before(ended.id) == {"loans": "1"}
    assert state.model_registry.champions_before(by.id) == {"loans": "1"}
    assert state.model_registry.champions_before(without_gate.id) is None


@pytest.mark.parametrize("metric", [0.5, None])
def test_judgements_come_back_in_their_order(state: State, metric: float | None) -> None:
    first, second = (state.runs.start(run(started=float(number))) for number in (1, 2))
    said = [judgement(first.id, "3", True, metric), judgement(first.id, "2", metric=metric)]
    state.model_registry.save_judgements(said)
    assert state.model_registry.judgements(first.id) == said
    assert state.model_registry.judgements(second.id) == []
    again = judgement(second.id, "2", True)
    state.model_registry.save_judgements([again])
    assert state.model_registry.last_judgements() == {("loans", "3"): said[0], ("loans", "2"): again}
    assert [each.holder for each in (*said, again)] == ["3", "1", "2"]


def test_each_version_is_told_once_with_the_run_that_made_it_the_newest_first(state: State) -> None:
    first, second = (state.runs.start(run(started=float(number))) for number in (1, 2))
    models = [
        RegisteredModel(first.id, "loans", "9", ("champion",), "m1", "1.0.0", "auc", 0.5, "c0ffee"),
        RegisteredModel(second.id, "loans", "10", (), "m2", "1.0.1", "auc", None, "c0ffee"),
        RegisteredModel(second.id, "loans", "9", ("champion",), "m1", "1.0.0", "auc", 0.5, "c0ffee"),
        RegisteredModel(second.id, "cars", "1", (), "m2"),
    ]
    state.runs.save_models(models)
    assert state.model_registry.versions() == [models[3], models[1], models[0]]
    assert state.model_registry.versions("cars") == [models[3]]
    assert state.model_registry.versions("none") == []


def test_a_state_of_before_knows_where_aliases_pointed(folder: StateFolder) -> None:
    folder.prepare()
    older = Database(folder.database, STATE_MIGRATIONS[:5])
    for number, (version, aliases) in enumerate([("1", '["champion","old"]'), ("2", '["champion"]'), ("3", "[]")]):
        older.execute(
            "INSERT INTO runs (id, sequence, pipeline, source, revision, closure, status, trigger_name, started)"
            " VALUES (?, ?, 'train', 's', 'r', 'c', 'succeeded', 'push', ?)",
            (f"train-{number}", number, float(number)),
        )
        older.execute(
            "INSERT INTO models (run_id, name, version, aliases, mlflow_run_id) VALUES (?, 'loans', ?, ?, 'm')",
            (f"train-{number}", version, aliases),
        )
    older.close()
    state = State(folder)
    assert state.model_registry.aliases("loans") == {"champion": "2", "old": "1"}
    assert [model.semver for model in state.model_registry.versions("loans")] == ["", "", ""]
    state.close()
