"""The main job on a real Docker engine: every environment an image, every step a container."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.containers import labels
from reconciler.containers.connection import Connection
from tests.docker.engine import engine_host, have_images
from tests.e2e.program import Answer, git, reconciler

pytestmark = pytest.mark.e2e

ENVIRONMENTS = {"sklearn", "imbalanced-learning", "lightgbm", "tensorflow"}
USE_IMBALANCED_LEARNING = {"oversample", "reference_model"}
DOCKERFILE = "environments/imbalanced-learning/Dockerfile"
MANIFEST = "environments/imbalanced-learning/environment.yaml"


@dataclass(frozen=True)
class Contained:
    """The demonstration, played on an engine, and a person who goes on from there."""

    folder: Path
    host: str
    answer: Answer

    @property
    def work_tree(self) -> Path:
        return self.folder / "repo"

    def program(self, *arguments: str) -> Answer:
        return reconciler(*arguments, "--state", self.folder / "state")

    def once(self) -> Answer:
        return self.program("daemon", "--once", "--source", str(self.folder / "origin.git"), "--engine", "docker")

    def runs(self) -> list[dict[str, Any]]:
        """The runs, the oldest first."""
        found: list[dict[str, Any]] = self.program("runs", "-o", "json").data()
        return sorted(found, key=lambda run: str(run["started"]))

    def images(self) -> dict[str, set[str]]:
        """The ids of the images that are there of each environment."""
        api = Connection(self.host).api
        found: dict[str, set[str]] = {}
        for image in api.images(filters={"label": labels.ENVIRONMENT}):
            found.setdefault(image["Labels"][labels.ENVIRONMENT], set()).add(image["Id"])
        return found


@pytest.fixture(scope="session")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Contained:
    host = engine_host()
    have_images(host)
    top = tmp_path_factory.mktemp("docker")
    configuration = top / "config.yaml"
    configuration.write_text(f"docker:\n  host: {host}\n  build: {{network: host}}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECONCILER_CONFIG", str(configuration))
        answer = reconciler("demo", "--quick", "--engine", "docker", "--dir", top / "workspace")
    assert answer.code == 0, answer.out + answer.err
    return Contained(top / "workspace", host, answer)


@pytest.fixture(autouse=True)
def _configured(contained: Contained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_CONFIG", str(contained.folder.parent / "config.yaml"))


def test_the_whole_pipeline_succeeds_in_containers_and_registers_its_champion(contained: Contained) -> None:
    first = contained.runs()[0]
    assert first["status"] == "succeeded"
    assert {step["status"] for step in first["steps"]} == {"succeeded"}
    assert "model lending_club version 1 (champion)" in contained.answer.out
    for environment in ENVIRONMENTS:
        assert re.search(rf"environment {environment}: ready", contained.answer.out)


def test_every_environment_became_an_image_that_tells_where_it_comes_from(contained: Contained) -> None:
    assert contained.program("get", "environments").out.count("Built") == len(ENVIRONMENTS)
    api = Connection(contained.host).api
    for environment in ENVIRONMENTS:
        (tag,) = _tags(contained, environment)
        told = api.inspect_image(tag)["Config"]["Labels"]
        assert told[labels.SOURCE].endswith("/origin.git")
        assert re.fullmatch(r"[0-9a-f]{40}", told[labels.REVISION])
        assert told[labels.DIGEST].startswith(tag.rpartition("-")[2])


def _tags(contained: Contained, environment: str) -> list[str]:
    """The tags of the environment's digest that is applied."""
    (found,) = contained.program("get", "environment", environment, "-o", "json").data()
    digest = found["conditions"][0]["message"].removeprefix("digest ")
    named = Connection(contained.host).api.images(filters={"reference": [f"reconciler/{environment}"]})
    return [tag for image in named for tag in image["RepoTags"] if tag.endswith(f"1.0.0-{digest}")]


def test_metrics_and_models_of_containers_without_a_network_are_in_the_record(contained: Contained) -> None:
    steps = {step["name"]: step for step in contained.runs()[0]["steps"]}
    assert steps["train_lr"]["metrics"]["val_accuracy"] > steps["reference_model"]["metrics"]["val_accuracy"]
    assert all(step["mlflow_run_id"] for step in steps.values())


def test_a_step_runs_the_same_whatever_the_engine_as_its_fingerprint_says(contained: Contained) -> None:
    """No path of the machine is in an output: a change that writes the same bytes still cuts off."""
    third = {step["name"]: step["status"] for step in contained.runs()[2]["steps"]}
    assert {name for name, status in third.items() if status == "succeeded"} == {"prepare_data", "register_best_model"}


def test_one_line_of_one_dockerfile_builds_one_image_and_runs_the_steps_that_use_it(contained: Contained) -> None:
    git(contained.work_tree, "revert", "--no-edit", "HEAD")  # of the broken manifest that the demonstration ends with
    before, images = len(contained.runs()), contained.images()
    dockerfile, manifest = contained.work_tree / DOCKERFILE, contained.work_tree / MANIFEST
    dockerfile.write_text(f"{dockerfile.read_text()}RUN echo {uuid.uuid4().hex} > /changed\n")
    manifest.write_text(manifest.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    git(contained.work_tree, "commit", "--all", "--quiet", "--message", "imbalanced-learning 1.0.1")
    git(contained.work_tree, "push", "--quiet", "origin", "main")

    answer = contained.once()

    assert answer.code == 0, answer.out + answer.err
    built = {name: len(ids - images[name]) for name, ids in contained.images().items() if ids - images.get(name, set())}
    assert built == {"imbalanced-learning": 1}
    (run,) = contained.runs()[before:]
    ran = {step["name"] for step in run["steps"] if step["status"] == "succeeded"}
    assert ran == {*USE_IMBALANCED_LEARNING, "register_best_model"}  # the latter is not deterministic
    reasons = {step["name"]: "; ".join(step["reasons"]) for step in run["steps"]}
    for name in USE_IMBALANCED_LEARNING:
        assert "environment imbalanced-learning changed" in reasons[name]


def test_nothing_of_it_is_left_running(contained: Contained) -> None:
    api = Connection(contained.host).api
    wanted = {"label": [f"{labels.PIPELINE}=lending_club"]}
    assert [each["Names"] for each in api.containers(filters=wanted)] == []
