"""`trace RUN/STEP`: who executed a step, what it read, and who made that, back to data and commit."""

from __future__ import annotations

import pytest

from .conftest import Followed
from .program import reconciler


def test_a_step_that_was_reused_leads_to_the_run_that_executed_it(followed: Followed) -> None:
    data = reconciler("trace", "lending/train", "--state", followed.state, "-o", "json").data
    assert (data["target"], data["run"], data["step"], data["status"]) == (
        "lending/train",
        "lending-2",
        "train",
        "reused",
    )
    assert data["executed_by"] == {"run": "lending-1", "step": "train"}
    assert (data["revision"], data["commit"]["id"]) == (
        followed.revisions[0],
        followed.revisions[0].removeprefix("main@sha1:"),
    )


def test_what_it_read_leads_to_who_made_that_and_so_to_the_data(followed: Followed) -> None:
    data = reconciler("trace", "lending-2/train", "--state", followed.state, "-o", "json").data
    (read,) = data["inputs"]
    assert read["made_by"] == {"run": "lending-2", "step": "split", "output": "train"}
    (split,) = data["upstream"]
    assert (split["step"], split["component"], split["environment"]) == ("split", "split 1.0.1", "tools 1.0.0")
    (loans,) = split["inputs"]
    assert (loans["name"], loans["data"], loans["made_by"]) == ("data", "loans 1.0.0", None)
    assert loans["digest"].startswith("git:")
    steps = reconciler("runs", "lending-2", "--state", followed.state, "-o", "json").data[0]["steps"]
    assert read["digest"] == steps[0]["outputs"]["train"]


def test_a_person_reads_it_in_a_few_lines(followed: Followed) -> None:
    lines = reconciler("trace", "lending-1/train", "--state", followed.state).out.splitlines()
    assert lines[0] == "step      train of lending-1 (succeeded)"
    assert lines[1].startswith("executed  lending-1/train in ")
    assert lines[4].startswith("commit    a change · ada@example.org")
    assert lines[-2].split()[:2] == ["train", "lending-1"]
    assert lines[-2].endswith("split.train of lending-1")
    assert lines[-1].endswith("data loans 1.0.0")


def test_yaml_says_the_same_as_json(followed: Followed) -> None:
    as_json = reconciler("trace", "lending-1/split", "--state", followed.state, "-o", "json").data
    assert reconciler("trace", "lending-1/split", "--state", followed.state, "-o", "yaml").yaml == as_json


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("lending/splt", "lending-2 has no step `splt`\nhint: did you mean `split`"),
        ("lending-1/", "lending-1 has no step ``"),
        ("nothing/split", "there is no model, pipeline or run `nothing/split`"),
    ],
)
def test_what_there_is_not(followed: Followed, target: str, said: str) -> None:
    answer = reconciler("trace", target, "--state", followed.state)
    assert (answer.code, said in answer.err) == (1, True), answer.err
