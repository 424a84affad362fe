"""What a change comes to, in the line of a status."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.model.digests import digest_of
from reconciler.model.plan import EnvironmentAction, EnvironmentPlan, PipelineAction, PipelinePlan, Plan, StepPlan
from reconciler.model.plan import StepAction as Step
from reconciler.model.problems import Code, Problem, Severity
from reconciler.model.steps import EnvironmentSpec, Graph
from reconciler.review.change import ChangePlan
from reconciler.review.posting import status_text

RUN, RESTORE, NONE = PipelineAction.RUN, PipelineAction.RESTORE, PipelineAction.NONE
ERROR = Problem("pipelines/a.yaml", Code.SYNTAX, "this is no YAML", line=3, column=1)
WARNING = Problem("pipelines/b.yaml", Code.NO_EFFECT, "odd", severity=Severity.WARNING, line=1, column=1)


def pipeline(action: PipelineAction, *steps: Step) -> PipelinePlan:
    planned = tuple(StepPlan(f"s{number}", "command", each) for number, each in enumerate(steps))
    return PipelinePlan("p", action, (), planned, Graph("p", None, "p.yaml", "p", (), digest_of(1)))


def environment(action: EnvironmentAction) -> EnvironmentPlan:
    spec = EnvironmentSpec("tools", "1.0.0", "sha256:1", "tools.yaml", image="python")
    return EnvironmentPlan("tools", "1.0.0", action, (), spec)


def change(**parts: object) -> ChangePlan:
    return ChangePlan(Plan("change", "main", **parts), (), (), {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, "nothing to do"),
        ({"pipelines": (pipeline(NONE, Step.REUSE),)}, "nothing to do"),
        ({"pipelines": (pipeline(RUN, Step.RUN, Step.MAYBE),)}, "runs 1 pipeline"),
        ({"pipelines": (pipeline(RUN, Step.RUN, Step.REUSE),) * 2}, "runs 2 pipelines, 2 steps reused"),
        ({"pipelines": (pipeline(RESTORE, Step.REUSE),)}, "restores 1 pipeline"),
        (
            {"pipelines": (pipeline(RUN),), "environments": (environment(EnvironmentAction.BUILD),)},
            "runs 1 pipeline, builds 1 environment",
        ),
        ({"environments": (environment(EnvironmentAction.NONE),), "problems": (WARNING,)}, "1 warning"),
        ({"problems": (WARNING, ERROR)}, "1 error: pipelines/a.yaml:3: this is no YAML"),
    ],
)
def test_it_counts_what_is_done_or_names_what_is_to_be_mended(parts: Mapping[str, object], told: str) -> None:
    assert status_text(change(**parts)) == told


def test_it_is_one_line_that_every_forge_takes() -> None:
    long = Problem("a.yaml", Code.SYNTAX, "no\nsuch \u202ething " * 40, line=1, column=1)
    told = status_text(change(problems=(long, ERROR)))
    assert told.startswith("2 errors: a.yaml:1: no such \\u202ething")
    assert len(told) == 140
