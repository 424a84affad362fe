"""`compare`: the runs of two revisions side by side."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Followed
from .program import Answer, reconciler


def _compare(followed: Followed, first: str, second: str, *more: str) -> Answer:
    return reconciler("compare", first, second, *more, "--state", followed.state)


def _commit(revision: str) -> str:
    return revision.rpartition(":")[2]


def _lending(followed: Followed, first: str, second: str) -> dict[str, Any]:
    data = _compare(followed, first, second, "lending", "-o", "json").data
    (pipeline,) = data["pipelines"]
    return pipeline  # type: ignore[no-any-return]


def test_two_revisions_are_compared_by_what_differs(followed: Followed) -> None:
    first, second, _ = followed.revisions
    pipeline = _lending(followed, first, second)
    assert (pipeline["first"]["id"], pipeline["second"]["id"]) == ("lending-1", "lending-2")
    versions = {each["name"]: (each["first"], each["second"], each["same"]) for each in pipeline["versions"]}
    assert versions["component split"] == ("1.0.0", "1.0.1", False)
    assert versions["environment tools"] == ("1.0.0", "1.0.0", True)
    durations = {each["step"]: each for each in pipeline["durations"]}
    assert durations.keys() == {"split", "train"}
    assert durations["split"]["difference"] == pytest.approx(durations["split"]["second"] - durations["split"]["first"])
    assert ("train", "rate") in {(each["step"], each["name"]) for each in pipeline["params"]}


def test_what_a_commit_begins_with_is_enough(followed: Followed) -> None:
    first, second, _ = followed.revisions
    assert _lending(followed, _commit(first)[:12], _commit(second)[:12]) == _lending(followed, first, second)


def test_a_pipeline_that_a_revision_did_not_run_is_as_it_was(followed: Followed) -> None:
    first, second, third = followed.revisions
    pipeline = _lending(followed, first, third)
    assert pipeline["second"] == _lending(followed, first, second)["second"]


def test_people_get_a_table(followed: Followed) -> None:
    first, second, _ = followed.revisions
    out = _compare(followed, first, second).out
    assert out.startswith(f"{first} and {second}\npipeline lending: lending-1 and lending-2\n")
    assert any(line.split()[:3] == ["version", "component", "split"] and "changed" in line for line in out.splitlines())


def test_a_run_that_both_revisions_have_is_named_and_no_more(followed: Followed) -> None:
    first, _, _ = followed.revisions
    assert "pipeline lending: lending-1 at both\n" in _compare(followed, first, first).out


def test_markdown_is_for_a_pull_request(followed: Followed) -> None:
    first, second, _ = followed.revisions
    out = _compare(followed, first, second, "-o", "markdown").out
    assert out.startswith(f"### Runs of `{first}` and `{second}`\n")
    assert "| version | – | `component split` | `1.0.0` | `1.0.1` | changed |" in out


@pytest.mark.parametrize(
    ("first", "pipeline", "told"),
    [
        ("fffff", (), "nothing is known of revision `fffff`"),
        ("", (), "nothing is known of revision ``"),
        ("{second}", ("lendin",), "no run of pipeline `lendin` succeeded yet"),
    ],
)
def test_what_is_not_known_is_told(followed: Followed, first: str, pipeline: tuple[str, ...], told: str) -> None:
    second = followed.revisions[1]
    answer = _compare(followed, first.format(second=second), second, *pipeline)
    assert answer.code == 1
    assert told in answer.err
