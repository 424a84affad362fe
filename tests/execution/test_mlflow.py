"""A sweep recorded in MLflow: what its trials log decides, and what is reused is shown again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.runs import Run, RunStatus
from reconciler.tracking.mlflow_tracking import MlflowTracking

from .place import ORIGIN, Place
from .repository import Repository, choice, job, reads, sweep

_TRIAL = """python -c "
import mlflow, os
with mlflow.start_run() as run:
    mlflow.log_metric('accuracy', float(os.environ['AZUREML_SWEEP_rate']))
    mlflow.set_tag('algorithm', 'lr')
    print(os.environ['MLFLOW_TRACKING_URI'], run.info.run_id, os.environ['MLFLOW_EXPERIMENT_NAME'])
" > ${{outputs.model}}"""


@dataclass(frozen=True)
class Recorded:
    """Two runs of one pipeline, of which the second reused everything, and the database that they are recorded in."""

    place: Place
    first: Run
    second: Run
    database: Path

    def runs(self, root: str) -> dict[str, str]:
        """The names of a root run's descendants with their ids."""
        statement = (
            "SELECT name, runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid"
            " WHERE key = 'mlflow.rootRunId' AND value = ? AND status = 'FINISHED'"
        )
        return dict(self._rows(statement, root))

    def tags(self, run_id: str) -> dict[str, str]:
        return dict(self._rows("SELECT key, value FROM tags WHERE run_uuid = ?", run_id))

    def metrics(self, run_id: str) -> dict[str, float]:
        return dict(self._rows("SELECT key, value FROM latest_metrics WHERE run_uuid = ?", run_id))

    def statuses(self) -> set[str]:
        return {status for (status,) in self._rows("SELECT status FROM runs WHERE '' = ?", "")}

    def _rows(self, statement: str, parameter: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement, (parameter,)).fetchall()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("recorded")
    database = folder / "mlflow.db"
    place = Place(folder / "state", tracking=MlflowTracking(f"sqlite:///{database}", None, folder / "mlflow.log"))
    repository = Repository(folder / "loans")
    jobs = {
        "train": sweep(_TRIAL, {"rate": choice(0.25, 0.75)}),
        "report": job("cat ${{inputs.model}} > ${{outputs.out}}", ("out",), inputs={"model": reads("train", "model")}),
    }
    tree = repository.commit(jobs, experiment_name="loans")
    first, second = place.go(tree), place.go(tree)
    place.site.recorder.close()
    yield Recorded(place, first, second, database)
    place.site.tracking.close()
    place.state.close()
    repository.close()


def test_every_run_is_ended(recorded: Recorded) -> None:
    assert [recorded.first.status, recorded.second.status] == [RunStatus.SUCCEEDED, RunStatus.SUCCEEDED]
    assert recorded.statuses() == {"FINISHED"}


def test_the_root_run_says_what_it_was_made_of(recorded: Recorded) -> None:
    (python,) = json.loads(recorded.tags(recorded.first.mlflow_run_id)["reconciler.lock"])
    assert python == {"kind": "environment", "reference": "python@latest", "version": "1.0.0"}


def test_a_trial_logs_to_its_own_run_in_the_experiment_of_the_pipeline(recorded: Recorded) -> None:
    trial = recorded.place.steps(recorded.first)["train[1]"]
    said = recorded.place.state.outputs.path(trial.outputs["model"]).read_text().split()
    assert said[:3] == [f"sqlite:///{recorded.database}", trial.mlflow_run_id, "loans"]
    assert recorded.metrics(trial.mlflow_run_id) == {"accuracy": 0.75}
    assert recorded.tags(trial.mlflow_run_id)["algorithm"] == "lr"
    assert recorded.tags(trial.mlflow_run_id)["hyperparameters"] == '{"rate": 0.75}'


def test_the_trial_that_logged_the_best_metric_gives_the_sweeps_outputs(recorded: Recorded) -> None:
    steps = recorded.place.steps(recorded.first)
    assert steps["train"].outputs == steps["train[1]"].outputs
    assert steps["train"].metrics == {"accuracy": 0.75}
    assert recorded.tags(steps["train"].mlflow_run_id)["best_child_run_id"] == steps["train[1]"].mlflow_run_id


@pytest.mark.parametrize("which", ["first", "second"])
def test_each_run_shows_all_its_steps_and_trials_below_its_root(recorded: Recorded, which: str) -> None:
    root = getattr(recorded, which).mlflow_run_id
    runs = recorded.runs(root)
    assert set(runs) - {"lending-1", "lending-2"} == {"train", "train[0]", "train[1]", "report"}
    for name, parent in (("train", root), ("report", root), ("train[0]", runs["train"]), ("train[1]", runs["train"])):
        assert recorded.tags(runs[name])["mlflow.parentRunId"] == parent
        assert recorded.tags(runs[name])["mlflow.source.git.commit"] == ORIGIN.commit


def test_what_is_reused_shows_what_it_logged_when_it_was_executed(recorded: Recorded) -> None:
    trials = [recorded.runs(run.mlflow_run_id)["train[1]"] for run in (recorded.first, recorded.second)]
    assert trials[0] != trials[1]
    assert sorted(
        recorded.metrics(recorded.runs(recorded.second.mlflow_run_id)[f"train[{number}]"])["accuracy"]
        for number in range(2)
    ) == [0.25, 0.75]
    assert set(recorded.place.statuses(recorded.second).values()) == {"reused"}
