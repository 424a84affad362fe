"""Registered models in MLflow itself: their versions from their signatures, the gate, and what a restoration does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.execution.carry_out import restore
from reconciler.model.plan import PipelineAction
from reconciler.model.runs import Run
from reconciler.tracking.mlflow_tracking import MlflowTracking

from .place import Place, order
from .repository import Repository, job

_TRAINING = """
import mlflow, sys
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

accuracy, names = float(sys.argv[1]), sys.argv[2].split(",")
signature = ModelSignature(Schema([ColSpec("double", name) for name in names]), Schema([ColSpec("double", "score")]))

class Constant(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [accuracy] * len(model_input)

with mlflow.start_run() as run:
    mlflow.log_metric("accuracy", accuracy)
    mlflow.pyfunc.log_model(name="model", python_model=Constant(), signature=signature, pip_requirements=[])
version = mlflow.register_model(f"runs:/{run.info.run_id}/model", "credit")
MlflowClient().set_registered_model_alias("credit", "champion", version.version)
"""

_LOOKING = """
import json, sys
from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])
print(json.dumps({
    "aliases": {alias: str(version) for alias, version in client.get_registered_model("credit").aliases.items()},
    "tags": {str(each.version): each.tags for each in client.search_model_versions("name='credit'")},
}))
"""


@dataclass(frozen=True)
class Trained:
    """Three runs whose step moves the alias itself, a gate after it, and the registry after each."""

    place: Place
    runs: list[Run]
    seen: list[dict[str, Any]]
    restored: dict[str, Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    folder = tmp_path_factory.mktemp("models")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    place = Place(folder / "state", tracking=MlflowTracking(uri, None, folder / "mlflow.log"))
    repository = Repository(folder / "loans")
    runs, seen = [], []

    def look() -> dict[str, Any]:
        done = subprocess.run([sys.executable, "-c", _LOOKING, uri], check=True, capture_output=True, text=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    trees = []
    for accuracy, names in ((0.5, "age"), (0.4, "age"), (0.6, "age,income")):
        train = job(f"python train.py {accuracy} {names}", code="src", is_deterministic=False)
        trees.append(repository.commit({"train": train}, {"src/train.py": _TRAINING}, promotion={"metric": "accuracy"}))
        runs.append(place.go(trees[-1]))
        assert runs[-1].error == ""
        seen.append(look())
    first = repository.commit(
        {"train": job("python train.py 0.5 age", code="src", is_deterministic=False)}, promotion={"metric": "accuracy"}
    )
    plan, _ = place.plan(first)
    assert plan.action is PipelineAction.RESTORE
    restore(place.site, plan, order(first))
    yield Trained(place, runs, seen, look())
    place.close()
    repository.close()


def test_versions_follow_from_the_signatures(trained: Trained) -> None:
    tags = trained.seen[-1]["tags"]
    assert {version: each["reconciler.semver"] for version, each in tags.items()} == {
        "1": "1.0.0",
        "2": "1.0.1",
        "3": "2.0.0",
    }
    assert tags["3"]["reconciler.bump"] == "major: input income added, and required"
    assert tags["3"]["reconciler.run"] == trained.runs[2].id
    assert tags["3"]["reconciler.metric_value"] == "0.6"


def test_only_what_beats_the_champion_takes_its_place(trained: Trained) -> None:
    assert [seen["aliases"]["champion"] for seen in trained.seen] == ["1", "1", "3"]
    assert trained.seen[1]["tags"]["2"]["reconciler.promotion"].startswith("not promoted to champion: accuracy 0.4")
    assert trained.seen[-1]["aliases"] == {"champion": "3", "v1-0-0": "1", "v1-0-1": "2", "v2-0-0": "3"}


def test_the_state_knows_it_without_mlflow(trained: Trained) -> None:
    newest = trained.place.state.model_registry.versions("credit")
    assert [(model.version, model.semver, model.metric) for model in newest] == [
        ("3", "2.0.0", 0.6),
        ("2", "1.0.1", 0.4),
        ("1", "1.0.0", 0.5),
    ]


def test_a_restored_run_makes_its_champion_champion_again(trained: Trained) -> None:
    assert trained.restored["aliases"] == {**trained.seen[-1]["aliases"], "champion": "1"}
    assert trained.place.state.model_registry.aliases("credit") == {"champion": "1"}
