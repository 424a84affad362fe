"""A small repository without problems: data are prepared, split and learned from. Versions are not enforced in it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.manifests.documents import component, data, environment, pipeline

from .history import Content

PREPARE = "components/prepare/component.yaml"
SPLIT = "components/split/component.yaml"
TRAIN = "components/train/component.yaml"
PIPELINE = "pipelines/lending.yaml"
ENVIRONMENT = "environments/sklearn.yaml"


def prepare(**changes: object) -> dict[str, object]:
    return component(
        **{
            "name": "prepare",
            "code": "src",
            "command": "python run.py ${{inputs.raw}} ${{outputs.data}}",
            "inputs": {"raw": {"type": "uri_file", "description": "Loans as they come."}},
            "outputs": {"data": {"type": "uri_folder"}},
            "environment": "azureml:sklearn@latest",
            **changes,
        }
    )


def split(**changes: object) -> dict[str, object]:
    return component(
        **{
            "command": "split ${{inputs.data}} --seed ${{inputs.seed}} ${{outputs.train}}",
            "inputs": {"data": {"type": "uri_folder"}, "seed": {"type": "integer", "default": 42}},
            "outputs": {"train": {"type": "uri_folder"}},
            "environment": "azureml:sklearn@latest",
            **changes,
        }
    )


def train(**changes: object) -> dict[str, object]:
    return component(
        **{
            "name": "train",
            "code": "src",
            "command": "python run.py ${{inputs.train}} $[[--rate ${{inputs.rate}}]] ${{outputs.model}}",
            "inputs": {"train": {"type": "uri_folder"}, "rate": {"type": "number", "optional": True}},
            "outputs": {"model": {"type": "mlflow_model"}},
            "environment": "azureml:sklearn@latest",
            **changes,
        }
    )


def jobs(**changes: Mapping[str, object]) -> dict[str, object]:
    """The jobs, those that are named with changes; a value of ... takes a key of a job away."""
    plain: dict[str, Mapping[str, object]] = {
        "prepare": {"component": "azureml:prepare@latest", "inputs": {"raw": "${{parent.inputs.raw}}"}},
        "split": {"component": "azureml:split@^1.0", "inputs": {"data": "${{parent.jobs.prepare.outputs.data}}"}},
        "train": {"component": f"../{TRAIN}", "inputs": {"train": "${{parent.jobs.split.outputs.train}}"}},
    }
    changed = {name: {**plain.get(name, {}), **changes.get(name, {})} for name in {**plain, **changes}}
    return {name: {key: value for key, value in job.items() if value is not ...} for name, job in changed.items()}


def lending(jobs_of: object = None, **changes: object) -> dict[str, object]:
    inputs = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}}
    return pipeline(jobs_of or jobs(), **{"version": "1.0.0", "inputs": inputs, **changes})


def files(changes: Mapping[str, Content | None] | None = None) -> dict[str, Content]:
    """The repository with some files changed; None takes one away."""
    plain: dict[str, Content | None] = {
        PREPARE: prepare(),
        "components/prepare/src/run.py": "print('prepare')",
        "components/prepare/src/helper.py": "",
        SPLIT: split(),
        TRAIN: train(),
        "components/train/src/run.py": "print('train')",
        ENVIRONMENT: environment(conda_file="conda.yaml"),
        "environments/conda.yaml": "dependencies: [python=3.11]",
        "data/loans.yaml": data(),
        "data/loans.csv": "1,2,3",
        PIPELINE: lending(),
        "README.md": "Loans.",
        "reconciler.yaml": "versions: warn",
        **(changes or {}),
    }
    return {path: content for path, content in plain.items() if content is not None}
