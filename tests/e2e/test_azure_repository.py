"""A repository of Azure ML YAML as people bring it: read, planned, applied and followed by the installed program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import git, reconciler

pytestmark = pytest.mark.e2e

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
CURATED = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
FILES = {
    "reconciler.yaml": 'environments: {"sklearn-*": plain}\ndatastores: {workspaceblobstore: ./tables}\n',
    "env.yml": "name: plain\nversion: 1\nconda_file:\n  dependencies: [python=3.11]\n",
    "tables/loans.csv": "amount,default\n100,0\n250,1\n",
    ".github/workflows/ci.yml": "on: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: ls}]}}\n",
    "conda.yml": "name: other\ndependencies: [python]\n",
    "components/prep.yml": f"""\
$schema: {SCHEMAS}/commandComponent.schema.json
name: prep
type: command
version: 1
inputs:
  table: {{type: uri_file}}
  rows: {{type: integer, default: 1}}
outputs:
  kept: {{type: uri_file}}
environment: {CURATED}
command: >-
  head -n $((${{{{inputs.rows}}}} + 1)) "${{{{inputs.table}}}}" > ${{{{outputs.kept}}}};
""",
    "components/both.yml": f"""\
$schema: {SCHEMAS}/pipelineComponent.schema.json
type: pipeline
name: both
version: 1
inputs:
  table: {{type: uri_file}}
  rows: {{type: integer}}
outputs:
  counted: {{type: uri_file}}
jobs:
  prep:
    component: azureml:prep@latest
    inputs: {{table: "${{{{parent.inputs.table}}}}", rows: "${{{{parent.inputs.rows}}}}"}}
  count:
    type: command
    command: wc -l < ${{{{inputs.kept}}}} > ${{{{outputs.counted}}}} && echo seen > ./outputs/seen.txt
    environment: {CURATED}
    inputs: {{kept: "${{{{parent.jobs.prep.outputs.kept}}}}"}}
    outputs: {{counted: "${{{{parent.outputs.counted}}}}"}}
""",
    "jobs/count/pipeline.yml": f"""\
$schema: {SCHEMAS}/pipelineJob.schema.json
type: pipeline
inputs: {{rows: "2"}}
settings: {{default_compute: azureml:cpu-cluster, default_datestore: azureml:workspaceblobstore}}
jobs:
  both:
    type: pipeline
    component: ../../components/both.yml
    inputs:
      table: {{type: uri_file, path: azureml://datastores/workspaceblobstore/paths/loans.csv}}
      rows: ${{{{parent.inputs.rows}}}}
  show:
    command: cat ${{{{inputs.counted}}}}
    environment: {CURATED}
    inputs: {{counted: "${{{{parent.jobs.both.outputs.counted}}}}"}}
""",
    "jobs/hello/job.yml": f"""\
$schema: {SCHEMAS}/commandJob.schema.json
command: echo hello
environment: {CURATED}
compute: azureml:cpu-cluster
""",
    "jobs/spark/pipeline.yml": f"""\
$schema: {SCHEMAS}/pipelineJob.schema.json
type: pipeline
jobs:
  hello:
    command: echo hello
    environment: {CURATED}
  wrangle: {{type: spark, code: ./src, entry: {{file: x.py}}, outputs: {{out: {{type: uri_folder}}}}}}
""",
    "endpoints/online.yml": f"$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json\nname: served\nauth_mode: key\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECONCILER_STATE", str(tmp_path / "state"))
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "as it is")
    return folder


def test_it_is_valid_as_it_is_and_what_is_not_supported_is_named(repository: Path) -> None:
    answer = reconciler("validate", repository, "-o", "json")
    found = {(each["code"], each["severity"], each["file"]) for each in answer.data()["errors"]}
    assert answer.code == 0
    assert found == {
        ("unknown-property", "warning", "jobs/count/pipeline.yml"),
        ("unsupported-kind", "warning", "jobs/spark/pipeline.yml"),
        ("unsupported-kind", "warning", "endpoints/online.yml"),
    }
    strict = reconciler("validate", repository, "--strict", "-o", "github")
    assert strict.code == 1
    assert "::error file=jobs/count/pipeline.yml,line=4," in strict.out
    assert "did you mean `default_datastore`?" in strict.out


def test_a_plan_shows_nested_steps_and_the_rest_of_what_cannot_run(repository: Path) -> None:
    planned = {each["name"]: each for each in reconciler("plan", repository, "-o", "json").data()["pipelines"]}
    assert [(step["name"], step["kind"]) for step in planned["count"]["steps"]] == [
        ("both", "pipeline"),
        ("both.prep", "command"),
        ("both.count", "command"),
        ("show", "command"),
    ]
    assert planned["hello"]["action"] == "run"
    assert planned["spark"]["action"] == "none"
    assert [step["name"] for step in planned["spark"]["steps"]] == ["hello"]


def test_it_is_applied_and_a_changed_input_runs_what_reads_it_alone(repository: Path) -> None:
    pipeline = repository / "jobs/count/pipeline.yml"
    applied = reconciler("apply", "-f", pipeline, "--engine", "process", "--tracking", "none")
    assert applied.code == 0, applied.out + applied.err
    assert reconciler("logs", "count-1", "show").out.strip() == "3"
    pipeline.write_text(pipeline.read_text().replace('"2"', '"1"'))
    again = reconciler("apply", "-f", pipeline, "--engine", "process", "--tracking", "none")
    assert again.code == 0, again.out + again.err
    assert reconciler("logs", "count-2", "show").out.strip() == "2"


def test_the_daemon_runs_what_can_run_and_says_of_the_rest_why_not(repository: Path) -> None:
    followed = reconciler("daemon", "--once", "--source", repository, "--engine", "process", "--tracking", "none")
    assert followed.code == 0, followed.out + followed.err
    said = {(each["kind"], each["name"]): _condition(each) for each in reconciler("get", "-o", "json").data()}
    assert said["pipeline", "count"] == ("Ready", "RunSucceeded")
    assert said["pipeline", "hello"] == ("Ready", "RunSucceeded")
    assert said["pipeline", "spark"] == ("Stalled", "Unsupported")
    assert said["component", "both"] == ("Ready", "Applied")


def _condition(resource: dict[str, Any]) -> tuple[str, str]:
    """The condition that holds, with its reason."""
    return next((each["type"], each["reason"]) for each in resource["conditions"] if each["status"])
