"""A small repository with every kind of manifest and of step."""

from __future__ import annotations

TOOLS = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: tools
version: 1.0.0
image: python
"""
SPLIT = """\
name: split
version: 1.0.0
type: command
inputs:
  data: {type: uri_file}
outputs:
  train: {type: uri_file}
command: echo first; echo second; echo third; cp ${{inputs.data}} ${{outputs.train}}
environment: azureml:tools@^1.0
"""
LOANS = "name: loans\nversion: 1.0.0\ntype: uri_file\npath: loans.csv\n"
LENDING = """\
type: pipeline
name: lending
jobs:
  split:
    component: azureml:split@^1.0
    inputs: {data: {type: uri_file, path: azureml:loans@latest}}
  train:
    type: sweep
    trial:
      type: command
      command: echo rate ${{inputs.rate}}; cp ${{inputs.data}} ${{outputs.model}}
      inputs: {data: {type: uri_file}, rate: {type: number}}
      outputs: {model: {type: uri_file}}
      environment: azureml:tools@^1.0
    inputs: {data: {type: uri_file, path: '${{parent.jobs.split.outputs.train}}'}}
    outputs: {model: {type: uri_file}}
    sampling_algorithm: grid
    search_space: {rate: {type: choice, values: [0.1, 0.2, 0.3]}}
    objective: {goal: maximize, primary_metric: accuracy}
    limits: {max_total_trials: 3, max_concurrent_trials: 3}
"""
FAILING = """\
type: pipeline
name: failing
jobs:
  load:
    command: echo no such column; exit 3
    environment: azureml:tools@^1.0
"""
FILES: dict[str, str | None] = {
    "environments/tools.yaml": TOOLS,
    "components/split/component.yaml": SPLIT,
    "data/loans.yaml": LOANS,
    "data/loans.csv": "amount\n1000\n",
    "pipelines/lending.yaml": LENDING,
}
