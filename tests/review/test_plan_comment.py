"""The comment of a pull request, as whole texts in `golden/`, and within what a forge takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.digests import digest_of
from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump, PipelineAction, PipelinePlan, Plan, StepAction, StepPlan, VersionPlan
from reconciler.model.problems import Code, Problem
from reconciler.model.steps import Definition, EnvironmentSpec, Graph, Step
from reconciler.planning.expected_time import EarlierStep, expected_time
from reconciler.planning.manifest_changes import Change, ManifestChange
from reconciler.review.change import ChangePlan, Unknown
from reconciler.review.markdown import LIMIT
from reconciler.review.plan_comment import plan_comment
from tests.cli.lending import FILES, LENDING, SPLIT, TOOLS

from .changed import Changed, Files, without_ids

_GOLDEN = Path(__file__).parent / "golden"
_NIGHTLY = LENDING.replace("name: lending", "name: nightly")
_BASE: Files = {**FILES, "pipelines/nightly.yaml": _NIGHTLY, "pipelines/old.yaml": LENDING.replace("lending", "old")}
_HONEST = SPLIT.replace("1.0.0", "1.0.1").replace("echo third", "echo 3")
_CHANGES: dict[str, Files] = {
    "a-component": {"components/split/component.yaml": _HONEST},
    "an-environment": {"environments/tools.yaml": TOOLS.replace("1.0.0", "1.1.0").replace("python", "python:3.12")},
    "data": {"data/loans.csv": "amount\n2000\n"},
    "a-dishonest-version": {
        "components/split/component.yaml": _HONEST.replace("train: {", "rows: {type: uri_file}\n  train: {")
    },
    "a-mistake": {"pipelines/nightly.yaml": _NIGHTLY.replace("split@^1.0", "split@^3.0")},
    "a-pipeline-gone": {"pipelines/old.yaml": None},
    "nothing-that-runs": {"README.md": "Hello @all\n"},
    "hostile-words": {
        "pipelines/evil.yaml": "type: pipeline\nname: evil\ndescription: '@all [x](http://evil.example)'\njobs:\n"
        "  one:\n    command: 'echo <img src=x> | `id` @all #1'\n    environment: {image: python}\n"
    },
}


def _earlier(pipeline: str) -> dict[str, list[EarlierStep]]:
    return {"split": [EarlierStep("", 60.0 + len(pipeline)), EarlierStep("", 90.0)], "train": [EarlierStep("", 4000.0)]}


@pytest.mark.parametrize("name", _CHANGES)
def test_the_comment_is_as_it_was(name: str, tmp_path: Path) -> None:
    change = Changed(tmp_path, _BASE, _CHANGES[name]).plan(_earlier)
    written = without_ids(plan_comment(change))
    golden = _GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(written, encoding="utf-8")
    assert written == golden.read_text(encoding="utf-8")


_ENVIRONMENT = EnvironmentSpec("tools", "1.0.0", "sha256:1", "tools.yaml", image="python")
_WORDS = st.text(max_size=80)


def _step(number: int, action: StepAction, reason: str) -> tuple[Step, StepPlan]:
    name = f"step_{number}"
    definition = Definition(name, None, reason, None, "tools", "sha256:1", (), (), (), digest=digest_of([number]))
    after = (f"step_{number - 1}",) if number else ()
    step = Step(name, definition, _ENVIRONMENT, (), after, True, digest_of(number))
    return step, StepPlan(name, "command", action, (reason,) * 3)


def _pipeline(number: int, count: int, reason: str, every: int) -> PipelinePlan:
    actions = [StepAction.RUN if each % every == 0 else StepAction.REUSE for each in range(count)]
    made = [_step(each, action, reason) for each, action in enumerate(actions)]
    graph = Graph(f"p{number}", None, "p.yaml", "p", tuple(step for step, _ in made), digest_of(number))
    return PipelinePlan(graph.pipeline, PipelineAction.RUN, (reason,), tuple(plan for _, plan in made), graph)


def _change(pipelines: int, steps: int, reason: str, every: int, others: int) -> ChangePlan:
    planned = tuple(_pipeline(number, steps, reason, every) for number in range(pipelines))
    numbers = range(others)
    versions = [
        VersionPlan(Kind.COMPONENT, f"c{each}", "1.0.0", "1.0.1", Bump.MINOR, False, (reason,), "1.1.0")
        for each in numbers
    ]
    problems = [Problem(f"{each}.yaml", Code.SYNTAX, reason, reason) for each in numbers]
    manifests = [ManifestChange(Change.ADDED, Kind.DATA, reason, f"{each}.yaml", None, reason) for each in numbers]
    made = Plan("change@sha1:1", "main@sha1:2", pipelines=planned, versions=tuple(versions), problems=tuple(problems))
    times = {each.name: expected_time(each, {}) for each in planned}
    names = tuple(f"other {each}" for each in numbers)
    return ChangePlan(made, names, tuple(manifests), times, (Unknown("x", (reason,)),))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 30),
    st.sampled_from([1, 20, 500]),
    _WORDS,
    st.sampled_from([1, 3, 100]),
    st.sampled_from([0, 5, 400]),
)
def test_the_comment_fits_whatever_is_planned(pipelines: int, steps: int, reason: str, every: int, others: int) -> None:
    written = plan_comment(_change(min(pipelines, 2000 // steps), steps, reason, every, others))
    assert len(written.encode()) <= LIMIT
    assert written.startswith("### Plan: ")
    assert written.count("<details>") == written.count("</details>") == written.count("<summary>")
    assert written.count("```") % 2 == 0


def test_a_forge_that_does_not_fold_gets_no_html_and_no_graphs() -> None:
    written = plan_comment(_change(2, 5, "because", 2, 1), is_folding=False)
    assert "<" not in written
    assert "mermaid" not in written
    assert "**Steps of `p0`: 3 run, 2 reuse**" in written


def test_what_runs_is_told_before_what_is_reused() -> None:
    written = plan_comment(_change(1, 500, "same fingerprint as in a run with a rather long name, " * 4, 10, 0))
    assert len(written.encode()) <= LIMIT
    assert all(f"| `step_{each}` | **run** |" in written for each in range(0, 500, 10))
    assert "… and " in written
    assert "```mermaid" in written


def test_pipelines_of_which_there_are_too_many_are_counted() -> None:
    written = plan_comment(_change(100, 20, "because " * 30, 1, 0))
    assert len(written.encode()) <= LIMIT
    assert "Left out, as a comment holds no more: " in written
