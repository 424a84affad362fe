"""The table of a preview: metrics beside those that count so far, and what the gate says."""

from __future__ import annotations

import pytest

from reconciler.model.runs import Judgement
from tests.daemon.waiting import Waiting

from .reviewed import Reviewed

GATE = "promotion: {metric: accuracy, min_delta: -0.002}\n"


def log_metrics(reviewed: Reviewed, run: str, **metrics: float) -> None:
    """As the last step of a run logged them."""
    runs = reviewed.following.site.state.runs
    runs.note_metrics(runs.step_summaries(run)["step_1"], metrics)


def preview(reviewed: Reviewed, waiting: Waiting, before: float, now: float) -> str:
    log_metrics(reviewed, "greet-1", accuracy=before, loss=1.0)
    head = reviewed.propose(waiting.manifest + GATE)
    reviewed.say("/reconciler run")
    reviewed.look()
    waiting.until_second()
    waiting.go_on()
    reviewed.following.follower.wait()
    log_metrics(reviewed, "greet@pr-12-1", accuracy=now, loss=0.5)
    reviewed.watch.tick()
    assert reviewed.status("reconciler/greet", head)[0] == "success"
    return reviewed.ours[0]


def test_each_metric_stands_beside_that_of_the_base(reviewed: Reviewed, waiting: Waiting) -> None:
    body = preview(reviewed, waiting, before=0.81, now=0.82)
    assert "| metric | step | base | this change | difference |" in body
    assert "| `accuracy` | `step_1` | `0.81` | `0.82` | +0.01 |" in body
    assert "| `loss` | `step_1` | `1` | `0.5` | -0.5 |" in body
    assert "compared with `greet-1`" in body


@pytest.mark.parametrize(
    ("now", "verdict", "why"),
    [
        (0.82, "**passes**", "accuracy 0.82, champion greet-1 has 0.81, min_delta -0.002"),
        (0.808, "**passes**", "accuracy 0.808, champion greet-1 has 0.81, min_delta -0.002"),
        (0.8, "**does not pass**", "accuracy 0.8, champion greet-1 has 0.81, min_delta -0.002"),
    ],
)
def test_the_gate_of_the_pipeline_judges(
    reviewed: Reviewed, waiting: Waiting, now: float, verdict: str, why: str
) -> None:
    assert f"Gate: {verdict}, `{why}`" in preview(reviewed, waiting, before=0.81, now=now)


def test_it_has_to_beat_the_champion_that_the_base_left(reviewed: Reviewed, waiting: Waiting) -> None:
    judged = Judgement("greet-1", "loans", "7", "1.3.0", "champion", "accuracy", 0.81, "6", "1.2.0", 0.9, False, "no")
    reviewed.following.site.state.model_registry.save_judgements([judged])
    body = preview(reviewed, waiting, before=0.81, now=0.82)
    assert "Gate: **does not pass**, `accuracy 0.82, champion 1.2.0 has 0.9, min_delta -0.002`" in body
