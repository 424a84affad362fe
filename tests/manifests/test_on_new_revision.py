"""What becomes of a pipeline's run when a newer revision asks for another one."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.schema import check
from reconciler.model.manifests import Kind
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.problems import Code

from .documents import pipeline
from .repository import pipeline_of, place, problem_of, where

PROPERTY = "reconciler.on_new_revision"


def test_a_run_finishes_where_nothing_else_is_written() -> None:
    assert pipeline_of(pipeline()).on_new_revision is OnNewRevision.FINISH


@pytest.mark.parametrize("wanted", OnNewRevision)
def test_it_is_written_as_a_field_or_as_a_property_that_azure_ml_accepts(wanted: OnNewRevision) -> None:
    assert pipeline_of(pipeline(on_new_revision=str(wanted))).on_new_revision is wanted
    assert pipeline_of(pipeline(properties={PROPERTY: str(wanted)})).on_new_revision is wanted


def test_the_field_comes_before_the_property() -> None:
    both = pipeline(on_new_revision="finish", properties={PROPERTY: "cancel"})
    assert pipeline_of(both).on_new_revision is OnNewRevision.FINISH


@pytest.mark.parametrize("properties", [None, {}, {"owner": "risk"}, {PROPERTY: None}, {"on_new_revision": "cancel"}])
def test_other_properties_change_nothing(properties: dict[str, Any] | None) -> None:
    assert pipeline_of(pipeline(properties=properties)).on_new_revision is OnNewRevision.FINISH


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("stop", "allowed: `finish`, `cancel`, `queue`"),
        ("cancl", "did you mean `cancel`?"),
        ("", "allowed: "),
        ("CANCEL", "allowed: "),
        (True, "allowed: "),
        (None, "allowed: "),
        (["cancel"], ""),
    ],
)
def test_a_field_that_says_something_else_is_refused_at_its_place(written: object, hint: str) -> None:
    problem = problem_of(pipeline(on_new_revision=written))
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, ("on_new_revision",))
    assert problem.hint.startswith(hint)
    assert problem.is_error


@pytest.mark.parametrize("written", ["stop", "", "Cancel", " cancel", True, 3, ["cancel"], {"cancel": True}])
def test_a_property_that_says_something_else_is_refused_at_its_place(written: object) -> None:
    problem = problem_of(pipeline(properties={"owner": "risk", PROPERTY: written}))
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, ("properties", PROPERTY))
    assert problem.message == f"`{PROPERTY}` is {written!r}"
    assert problem.hint == "write finish, cancel or queue"
    assert problem.is_error


def test_a_wrong_property_is_shown_at_its_line() -> None:
    text = f"type: pipeline\nproperties:\n  owner: risk\n  {PROPERTY}: stop\njobs: {{a: {{component: ./a.yaml}}}}\n"
    assert where(problem_of(text)) == place(text, PROPERTY)


def test_the_name_of_the_field_in_a_wrong_place_is_a_warning_at_most() -> None:
    (problem,) = check(Kind.PIPELINE, pipeline(settings={"on_new_revision": "cancel"}), "a.yaml")
    assert problem.code is Code.UNKNOWN_PROPERTY
    assert not problem.is_error
