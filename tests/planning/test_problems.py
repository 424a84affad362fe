"""What keeps a pipeline from being planned: each fault is told once, in the words of its reader, with a way out."""

from __future__ import annotations

import pytest

from reconciler.model.problems import Code
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import environment, sweep

from .history import Content, desired_of
from .lending import ENVIRONMENT, PIPELINE, PREPARE, TRAIN, files, jobs, lending, prepare

RAW = "${{parent.inputs.raw}}"
DATA = "${{parent.jobs.prepare.outputs.data}}"
TRAIN_INPUT = "${{parent.jobs.split.outputs.train}}"


def job(name: str, **bound: object) -> dict[str, object]:
    return lending(jobs(**{name: bound}))


SWEPT = sweep(trial=f"../{TRAIN}", inputs={"train": TRAIN_INPUT})
PROBLEMS: list[tuple[dict[str, Content | None], Code, str, str]] = [
    (
        {PIPELINE: job("train", depends_on=["splitt"])},
        Code.UNRESOLVED_BINDING,
        "`train` depends on `splitt`, which is no job",
        "did you mean `split`?",
    ),
    (
        {PIPELINE: job("split", inputs={"data": "${{parent.jobs.prepar.outputs.data}}"})},
        Code.UNRESOLVED_BINDING,
        "there is no job `prepar`",
        "did you mean `prepare`?",
    ),
    (
        {PIPELINE: job("split", inputs={"data": "${{parent.jobs.prepare.outputs.dat}}"})},
        Code.UNDECLARED_OUTPUT,
        "job `prepare` has no output `dat`",
        "did you mean `data`?",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": "${{parent.inputs.row}}"})},
        Code.UNRESOLVED_BINDING,
        "the pipeline has no input `row`",
        "did you mean `raw`?",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": RAW, "rawe": 3})},
        Code.UNDECLARED_INPUT,
        "component `azureml:prepare@latest` has no input `rawe`",
        "did you mean `raw`?",
    ),
    (
        {PIPELINE: job("prepare", inputs={})},
        Code.MISSING_INPUT,
        "job `prepare` needs the input `raw` (uri_file)",
        "add `raw: …` under its `inputs:`",
    ),
    (
        {PIPELINE: lending(inputs={"raw": {"type": "uri_file"}})},
        Code.MISSING_INPUT,
        "input `raw` is bound to nothing",
        "give the pipeline's input a value",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": "../data/loan.csv"})},
        Code.MISSING_FILE,
        "there is no `data/loan.csv` in the repository",
        "did you mean `data/loans.csv`?",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": "../../loans.csv"})},
        Code.OUTSIDE_REPOSITORY,
        "`../../loans.csv` leads out of the repository",
        "paths in a manifest are relative to it and stay in the repository",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": "https://example.org/loans.csv"})},
        Code.UNREACHABLE_DATA,
        "`https://example.org/loans.csv` was not looked up",
        "plan or apply it where URLs are looked up",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": "/etc/passwd"})},
        Code.MISSING_FILE,
        "`/etc/passwd` is not there, or lies outside the folders that data may come from",
        "start the daemon with `--data-root FOLDER` to allow a folder",
    ),
    (
        {PIPELINE: job("prepare", inputs={"raw": 3})},
        Code.TYPE_MISMATCH,
        "`raw` is declared as uri_file, but the literal 3 is bound to it",
        "bind a value of type uri_file",
    ),
    (
        {PIPELINE: job("split", inputs={"data": DATA, "seed": RAW})},
        Code.TYPE_MISMATCH,
        "`seed` is declared as integer, but data is bound to it",
        "bind a value of type integer",
    ),
    (
        {PIPELINE: job("split", inputs={"data": DATA, "seed": DATA})},
        Code.TYPE_MISMATCH,
        "`seed` is declared as integer, but an output of a job is bound to it",
        "bind a value of type integer",
    ),
    (
        {PIPELINE: job("train", inputs={"train": TRAIN_INPUT, "rate": "1e400"})},
        Code.INVALID_VALUE,
        "`rate` is declared as number, '1e400' is none",
        "write a value of type number",
    ),
    (
        {PIPELINE: job("split", inputs={"data": DATA, "seed": "many"})},
        Code.INVALID_VALUE,
        "`seed` is declared as integer, 'many' is none",
        "write a value of type integer",
    ),
    (
        {PREPARE: prepare(code="sources")},
        Code.MISSING_FILE,
        "there is no folder `components/prepare/sources`",
        "commit the folder of the component's code, or correct `code:`",
    ),
    (
        {PREPARE: prepare(environment=...)},
        Code.MISSING_PROPERTY,
        "component `prepare` has no environment",
        "add `environment: azureml:NAME@latest`",
    ),
    (
        {"environments/conda.yaml": None},
        Code.MISSING_FILE,
        "there is no conda file `environments/conda.yaml`",
        "commit it, or correct the path",
    ),
    (
        {ENVIRONMENT: environment(image=..., build={"path": "context"})},
        Code.MISSING_FILE,
        "there is no `environments/context/Dockerfile`",
        "commit the Dockerfile, or correct `build:`",
    ),
    (
        {"data/loans.csv": None},
        Code.MISSING_FILE,
        "there is no `data/loans.csv` in the repository",
        "did you mean `data/loans.yaml`?",
    ),
    (
        {PIPELINE: job("train", component=..., **SWEPT)},
        Code.UNDECLARED_INPUT,
        f"component `../{TRAIN}` has no input `depth`",
        "it has: train, rate",
    ),
]


@pytest.mark.parametrize(("changes", "code", "message", "hint"), PROBLEMS)
def test_each_fault_is_told_once_with_what_to_do(
    changes: dict[str, Content | None], code: Code, message: str, hint: str
) -> None:
    graphs, problems = GraphBuilder().build(desired_of(files(changes)))
    assert graphs == []
    assert [(problem.code, problem.message, problem.hint) for problem in problems] == [(code, message, hint)]
