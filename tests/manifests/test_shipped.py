"""What comes with the program loads without a problem."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reconciler.manifests import yaml_reader
from reconciler.manifests.schema import check
from reconciler.manifests.settings import settings_of
from reconciler.model.manifests import Kind
from reconciler.shipped import shipped_folder

from .conftest import Checked
from .repository import load

COMPONENTS = sorted(shipped_folder("components").glob("*/component.yaml"))
TEMPLATE = shipped_folder("repo-template")


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.parent.name)
def test_a_shipped_component_is_right_and_named_after_its_folder(path: Path) -> None:
    desired = load({f"components/{path.parent.name}/component.yaml": path.read_text(encoding="utf-8")})
    assert desired.problems == ()
    (component,) = desired.components
    assert component.name == path.parent.name
    assert component.version is not None
    assert component.description


def test_the_template_with_all_components_has_no_problem(
    check_folder: Callable[[Path], Checked], tmp_path: Path
) -> None:
    shutil.copytree(TEMPLATE, tmp_path / "repository")
    shutil.copytree(shipped_folder("components"), tmp_path / "repository/components")
    (tmp_path / "repository/data/lending_club_raw.csv").write_text("a,b\n1,2\n")
    (tmp_path / "repository/.gitignore").unlink(missing_ok=True)
    checked = check_folder(tmp_path / "repository")
    assert checked.problems == ()
    assert [pipeline.name for pipeline in checked.desired.pipelines] == ["lending_club"]
    assert {component.name for component in checked.desired.components} == {path.parent.name for path in COMPONENTS}
    assert {environment.name for environment in checked.desired.environments} == {
        path.parent.name for path in TEMPLATE.glob("environments/*/environment.yaml")
    }
    assert [asset.name for asset in checked.desired.data_assets] == ["lending_club_raw"]


def test_the_settings_of_the_template_map_the_curated_environments_to_its_own() -> None:
    desired = load({"reconciler.yaml": (TEMPLATE / "reconciler.yaml").read_text(encoding="utf-8")})
    names = {path.parent.name for path in TEMPLATE.glob("environments/*/environment.yaml")}
    assert {ours for _, ours in desired.settings.environments} <= names
    assert desired.settings.mapped_environment("AzureML-sklearn-1.5") == "sklearn"
    assert desired.settings.mutated_versions_are_errors
    assert desired.settings.is_strict


@pytest.mark.parametrize(
    ("curated", "ours"),
    [
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", "sklearn"),
        ("AzureML-Scikit-learn-0.20.3", "sklearn"),
        ("sklearn-1.5", "sklearn"),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm"),
        ("lightgbm-3.3", "lightgbm"),
        ("AzureML-tensorflow-2.4-ubuntu18.04-py37-cuda11-gpu", "tensorflow"),
        ("AzureML-TensorFlow-2.3-GPU", "tensorflow"),
        ("tensorflow-2.16-cuda12", "tensorflow"),
        ("AzureML-Minimal", "sklearn"),
        ("AzureML-pytorch-1.9-ubuntu18.04-py37-cuda11-gpu", None),
    ],
)
def test_the_usual_curated_environments_mean_one_of_the_template(curated: str, ours: str | None) -> None:
    settings, problems = settings_of((TEMPLATE / "reconciler.yaml").read_bytes())
    assert problems == ()
    assert settings.mapped_environment(curated) == ours


def test_the_workflow_of_the_template_is_strict_and_annotates() -> None:
    workflow = yaml.safe_load((TEMPLATE / ".github/workflows/reconciler.yml").read_text(encoding="utf-8"))
    commands = [step.get("run") for step in workflow["jobs"]["review"]["steps"]]
    assert "reconciler validate --strict -o github ." in commands


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.parent.name)
def test_a_shipped_component_would_be_right_inside_a_pipeline_too(path: Path) -> None:
    (document,) = yaml_reader.read(path.read_bytes(), "component.yaml").values
    pipeline = {"type": "pipeline", "jobs": {"job": {"component": document}}}
    assert check(Kind.PIPELINE, pipeline, "pipeline.yaml") == []
