"""A small repository with one broken manifest for every code: the examples of docs/errors.md."""

from __future__ import annotations

from pathlib import Path

SOUND = {
    "environments/sklearn/environment.yaml": "name: sklearn\nversion: 1.0.0\nconda_file: conda.yaml\n",
    "environments/sklearn/conda.yaml": "dependencies: [python=3.11, pip, {pip: [scikit-learn==1.9.1]}]\n",
    "data/loans.yaml": "name: loans\nversion: 1.0.0\ntype: uri_file\npath: loans.csv\n",
    "data/loans.csv": "amount,loan_repaid\n1000,1\n",
    "components/split/component.yaml": """\
name: split
version: 1.0.0
type: command
inputs:
  data: {type: uri_file}
  seed: {type: integer, default: 42}
outputs:
  train: {type: uri_file}
command: python run.py ${{inputs.data}} ${{inputs.seed}} ${{outputs.train}}
environment: azureml:sklearn@^1.0
""",
}

_PIPELINE = """\
type: pipeline
jobs:
  split:
    component: azureml:split@^1.0
    inputs:
      data: {type: uri_file, path: azureml:loans@latest}
"""

BROKEN = {
    "pipelines/syntax.yaml": "type: pipeline\njobs:\n  split: {component: azureml:split@^1.0\n  train: 1\n",
    "pipelines/duplicate_key.yaml": f"{_PIPELINE}      seed: 1\n      seed: 2\n",
    "components/split_copy/component.yaml": SOUND["components/split/component.yaml"],
    "pipelines/unknown_property.yaml": f"{_PIPELINE}experimentname: loans\n",
    "pipelines/invalid_value.yaml": f"{_PIPELINE}      seed: many\n",
    "data/missing_property.yaml": "$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json\n"
    "name: old_loans\ntype: uri_file\n",
    "pipelines/unsupported_kind.yaml": "type: automl\nexperiment_name: loans\n",
    "pipelines/no_effect.yaml": f"{_PIPELINE}    services: {{tensorboard: {{type: tensorboard}}}}\n",
    "components/odd_name/component.yaml": "name: OddName\ntype: command\ncommand: python run.py\n"
    "environment: azureml:sklearn@^1.0\n",
    "data/unquoted_version.yaml": "name: new_loans\nversion: 1.10\ntype: uri_file\npath: loans.csv\n",
    "components/curated/component.yaml": "name: curated\ntype: command\ncommand: python run.py\n"
    "environment: azureml:AzureML-sklearn-1.5@latest\n",
    "pipelines/unresolved_reference.yaml": _PIPELINE.replace("azureml:split@^1.0", "azureml:split@^2.0"),
    "pipelines/unresolved_binding.yaml": f"{_PIPELINE}      seed: ${{{{parent.inputs.sead}}}}\ninputs: {{seed: 7}}\n",
    "pipelines/undeclared_input.yaml": f"{_PIPELINE}      sead: 7\n",
    "pipelines/undeclared_output.yaml": f"{_PIPELINE}  again:\n    component: azureml:split@^1.0\n"
    "    inputs:\n      data: ${{parent.jobs.split.outputs.tain}}\n",
    "pipelines/missing_input.yaml": "type: pipeline\njobs:\n  split:\n    component: azureml:split@^1.0\n",
    "pipelines/type_mismatch.yaml": _PIPELINE.replace("{type: uri_file, path: azureml:loans@latest}", "7"),
    "pipelines/cycle.yaml": "type: pipeline\njobs:\n"
    "  one:\n    component: azureml:split@^1.0\n    inputs: {data: '${{parent.jobs.other.outputs.train}}'}\n"
    "  other:\n    component: azureml:split@^1.0\n    inputs: {data: '${{parent.jobs.one.outputs.train}}'}\n",
    "components/missing_file/component.yaml": "name: missing_file\ntype: command\ncommand: python run.py\n"
    "code: ./source\nenvironment: azureml:sklearn@^1.0\n",
    "pipelines/unreachable_data.yaml": _PIPELINE.replace("azureml:loans@latest", "http://127.0.0.1:9/loans.csv"),
    "pipelines/unmapped_datastore.yaml": _PIPELINE.replace(
        "azureml:loans@latest", "azureml://datastores/archive/paths/loans.csv"
    ),
    "components/outside/component.yaml": "name: outside\ntype: command\ncommand: python run.py\n"
    "code: ../../../shared\nenvironment: azureml:sklearn@^1.0\n",
}
"""What each file is broken for stands in its name."""

CHANGED = {
    "data/loans.yaml": SOUND["data/loans.yaml"].replace("version: 1.0.0", "version: 1.1.0"),
    "environments/sklearn/conda.yaml": "dependencies: [python=3.11, pip, {pip: [scikit-learn==1.9.2]}]\n",
    "components/split/component.yaml": SOUND["components/split/component.yaml"]
    .replace("version: 1.0.0", "version: 1.0.1")
    .replace("  data: {type: uri_file}", "  data: {type: uri_file}\n  label: {type: string}")
    .replace("python run.py", "python run.py ${{inputs.label}}"),
}
"""Changes of what was applied: content under the same version, too small a step, and one without need."""


def write(folder: Path, *contents: dict[str, str]) -> Path:
    """Lay out the files; later contents replace earlier ones."""
    for files in contents:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder
