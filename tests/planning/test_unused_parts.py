"""Pipeline components that no pipeline uses are judged by themselves."""

from __future__ import annotations

import pytest

from reconciler.model.problems import Code, Problem
from reconciler.planning.graph import GraphBuilder

from .history import History, desired_of
from .lending import PIPELINE, files
from .nested import LEARN, learning, learning_jobs, outer


def problems(component: dict[str, object]) -> list[Problem]:
    _, found = GraphBuilder().build(desired_of(files({LEARN: component})))
    return [problem for problem in found if problem.file == LEARN]


def test_one_that_is_right_has_no_problems_though_nobody_gives_its_inputs() -> None:
    assert problems(learning()) == []


@pytest.mark.parametrize(
    ("job", "changes", "code", "message"),
    [
        ("split", {"component": "azureml:splt@latest"}, Code.UNRESOLVED_REFERENCE, "there is no component `splt`"),
        (
            "split",
            {"inputs": {"data": "${{parent.inputs.tabel}}"}},
            Code.UNRESOLVED_BINDING,
            "the pipeline has no input `tabel`",
        ),
        ("split", {"inputs": {"dta": 1}}, Code.UNDECLARED_INPUT, "has no input `dta`"),
        (
            "train",
            {"inputs": {"train": "${{parent.jobs.split.outputs.trian}}"}},
            Code.UNDECLARED_OUTPUT,
            "job `split` has no output `trian`",
        ),
        ("split", {"depends_on": ["train"]}, Code.CYCLE, "jobs wait for each other"),
        ("train", {"environment": "azureml:gone@latest"}, Code.UNRESOLVED_REFERENCE, "there is no environment `gone`"),
    ],
)
def test_what_is_wrong_inside_is_told(job: str, changes: dict[str, object], code: Code, message: str) -> None:
    found = problems(learning(learning_jobs(**{job: changes})))
    assert any(problem.code is code and message in problem.message for problem in found), found


def test_it_is_told_once_whether_a_pipeline_uses_it_or_not() -> None:
    broken = learning(learning_jobs(split={"component": "azureml:splt@latest"}))
    history, builder = History(), GraphBuilder()
    for changes in ({LEARN: broken}, {LEARN: broken, PIPELINE: outer()}, {LEARN: broken}):
        _, found = builder.build(history.revision(files(changes)))
        assert [problem.message for problem in found if problem.file == LEARN] == ["there is no component `splt`"]
