"""`plan` and `validate` of pipelines in pipelines, and of those that hold something that cannot run here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.daemon.origin import Origin

from .contracts import PLAN, keeps
from .lending import FILES
from .program import Answer, reconciler

LEARN = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
type: pipeline
name: learn
inputs:
  raw: {type: uri_file}
outputs:
  part: {type: uri_file}
jobs:
  split:
    component: ./split/component.yaml
    inputs: {data: "${{parent.inputs.raw}}"}
    outputs: {train: "${{parent.outputs.part}}"}
  look:
    command: wc -l ${{inputs.part}}
    inputs: {part: "${{parent.jobs.split.outputs.train}}"}
    environment: azureml:tools@^1.0
"""
LENDING = """\
type: pipeline
name: lending
jobs:
  first:
    command: "true"
    environment: azureml:tools@^1.0
  learn:
    type: pipeline
    component: ../components/learn.yaml
    inputs: {raw: {type: uri_file, path: azureml:loans@latest}}
    depends_on: [first]
  report:
    command: cat ${{inputs.part}}
    inputs: {part: "${{parent.jobs.learn.outputs.part}}"}
    environment: azureml:tools@^1.0
"""
COUNT = "  count:\n    type: spark\n    code: ./src\n    entry: {file: count.py}\n    depends_on: [learn]\n"
AFTER = "  after:\n    command: ls\n    environment: azureml:tools@^1.0\n    depends_on: [count]\n"
NESTED = {**FILES, "components/learn.yaml": LEARN, "pipelines/lending.yaml": LENDING}


def _tree(folder: Path, files: dict[str, str | None]) -> Path:
    origin = Origin(folder)
    origin.push(files)
    return origin.work_tree


def _plan(folder: Path, files: dict[str, str | None], *options: str) -> Answer:
    return reconciler("plan", _tree(folder / "git", files), "--state", folder / "state", *options)


def _pipeline(answer: Answer) -> dict[str, Any]:
    assert keeps(PLAN, answer.data)
    (pipeline,) = answer.data["pipelines"]
    return dict(pipeline)


def _steps(pipeline: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["name"], step["kind"], step["action"]) for step in pipeline["steps"]]


def test_a_nested_pipeline_is_listed_before_its_steps(tmp_path: Path) -> None:
    pipeline = _pipeline(_plan(tmp_path, NESTED, "-o", "json"))
    assert pipeline["action"] == "run"
    assert _steps(pipeline) == [
        ("first", "command", "run"),
        ("learn", "pipeline", "run"),
        ("learn.split", "command", "run"),
        ("learn.look", "command", "run"),
        ("report", "command", "run"),
    ]


def test_each_level_is_listed(tmp_path: Path) -> None:
    around = LEARN.replace("name: learn", "name: around")
    around = around[: around.index("jobs:")] + (
        "jobs:\n  inner:\n    type: pipeline\n    component: ./learn.yaml\n"
        '    inputs: {raw: "${{parent.inputs.raw}}"}\n    outputs: {part: "${{parent.outputs.part}}"}\n'
    )
    files = {**NESTED, "components/around.yaml": around}
    files["pipelines/lending.yaml"] = LENDING.replace("components/learn.yaml", "components/around.yaml")
    steps = _steps(_pipeline(_plan(tmp_path, files, "-o", "json")))
    assert [(name, kind) for name, kind, _ in steps] == [
        ("first", "command"),
        ("learn", "pipeline"),
        ("learn.inner", "pipeline"),
        ("learn.inner.split", "command"),
        ("learn.inner.look", "command"),
        ("report", "command"),
    ]


def test_a_problem_of_a_nested_job_is_shown_in_the_file_of_the_component(tmp_path: Path) -> None:
    wrong = LEARN.replace("data: ", "dta: ")
    answer = _plan(tmp_path, {**NESTED, "components/learn.yaml": wrong}, "-o", "json")
    assert answer.code == 1
    problems = [problem for problem in answer.data["errors"] if problem["code"] == "undeclared-input"]
    (problem,) = problems
    assert (problem["file"], problem["line"], problem["column"]) == ("components/learn.yaml", 11, 14)
    assert problem["hint"] == "did you mean `data`?"


@pytest.mark.parametrize("options", [(), ("--exit-code",)])
def test_a_pipeline_with_an_unsupported_job_never_runs_and_the_rest_of_it_is_listed(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    files = {**NESTED, "pipelines/lending.yaml": LENDING + COUNT + AFTER}
    answer = _plan(tmp_path, files, "-o", "json", *options)
    assert answer.code == 0
    pipeline = _pipeline(answer)
    assert (pipeline["action"], pipeline["reasons"]) == ("none", ["job count: spark jobs are not supported"])
    assert [name for name, _, _ in _steps(pipeline)] == ["first", "learn", "learn.split", "learn.look", "report"]
    assert {item["action"] for item in answer.data["environments"]} == {"none"}
    (problem,) = answer.data["errors"]
    assert (problem["code"], problem["severity"]) == ("unsupported-kind", "warning")
    assert (problem["file"], problem["line"]) == ("pipelines/lending.yaml", 17)


def test_an_unsupported_job_in_one_pipeline_holds_up_no_other(tmp_path: Path) -> None:
    files = {**NESTED, "pipelines/other.yaml": LENDING.replace("name: lending", "name: other") + COUNT}
    data = _plan(tmp_path, files, "-o", "json", "--exit-code").data
    assert {item["name"]: item["action"] for item in data["pipelines"]} == {"lending": "run", "other": "none"}


def test_validate_counts_them_and_names_what_is_not_supported(tmp_path: Path) -> None:
    files = {**NESTED, "pipelines/lending.yaml": LENDING + COUNT}
    answer = reconciler("validate", _tree(tmp_path / "git", files))
    assert answer.code == 0
    said = answer.out + answer.err
    assert "spark jobs are not supported: job `count`" in said
    assert "pipelines/lending.yaml:17:" in said


def test_an_unsupported_pipeline_can_be_read_aloud(tmp_path: Path) -> None:
    said = _plan(tmp_path, {**NESTED, "pipelines/lending.yaml": LENDING + COUNT}).out
    assert "job count: spark jobs are not supported" in said
