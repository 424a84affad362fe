"""The gate that a pipeline sets before the models that it registers."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.manifests.fields import Reading
from reconciler.manifests.pipeline import pipeline as read_pipeline
from reconciler.model.pipelines import Goal, Promotion
from reconciler.model.problems import Code

from .documents import pipeline
from .repository import pipeline_of, problem_of


def test_without_it_steps_decide() -> None:
    assert pipeline_of(pipeline()).promotion is None
    assert pipeline_of(pipeline(promotion=None)).promotion is None


def test_a_metric_is_enough() -> None:
    read = pipeline_of(pipeline(promotion={"metric": "auc"})).promotion
    assert read == Promotion("auc", Goal.MAXIMIZE, 0.0, "champion", "")


def test_all_of_it() -> None:
    written = {"metric": "loss", "goal": "minimize", "min_delta": -1, "alias": "live", "model": "credit"}
    assert pipeline_of(pipeline(promotion=written)).promotion == Promotion(
        "loss", Goal.MINIMIZE, -1.0, "live", "credit"
    )


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ({"metric": "auc", "goal": "up"}, ("promotion", "goal")),
        ({"metric": "auc", "min_delta": "0.1"}, ("promotion", "min_delta")),
        ({"metric": "auc", "alias": "v1.0"}, ("promotion", "alias")),
        ({"metric": "auc", "alias": "v1-0-0"}, ("promotion", "alias")),
        ({"metric": "auc", "alias": "latest"}, ("promotion", "alias")),
        ({"metric": ""}, ("promotion", "metric")),
        ("auc", ("promotion",)),
    ],
)
def test_what_it_cannot_be_is_refused_at_its_place(written: object, pointer: tuple[str, ...]) -> None:
    problem = problem_of(pipeline(promotion=written))
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, pointer)
    assert problem.hint


def test_it_is_no_content_of_a_version() -> None:
    def digest(**changes: Any) -> str:
        return read_pipeline(pipeline(**changes), Reading("a.yaml"), "a").identity

    assert digest() == digest(promotion={"metric": "auc"})
