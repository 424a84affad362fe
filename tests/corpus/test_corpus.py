"""Repositories as people bring them, with the plan that each gets, and manifests that are refused, with the words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind

from ..cli.program import reconciler
from .expectations import IS_REWRITTEN, expectation_of, line_of, rewrite
from .repositories import PLAN, VALID, Case, Repositories, invalid_cases, valid_repositories


@pytest.mark.parametrize("path", valid_repositories(), ids=lambda path: path.name)
def test_a_valid_repository_gets_the_plan_that_is_written_beside_it(path: Path, repositories: Repositories) -> None:
    judged = repositories.judge(f"valid/{path.name}")
    assert [str(problem) for problem in judged.problems if problem.is_error] == []
    if IS_REWRITTEN:
        text = json.dumps(judged.as_json, indent=2, ensure_ascii=False)
        (path / PLAN).write_text(f"{text}\n", encoding="utf-8")
    assert judged.as_json == json.loads((path / PLAN).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", invalid_cases(), ids=lambda case: case.id)
def test_an_invalid_manifest_gives_the_words_that_stand_in_it(case: Case, repositories: Repositories) -> None:
    found = [line_of(problem, case) for problem in repositories.judge(case.id).problems]
    if IS_REWRITTEN:
        rewrite(case, found)
    assert found == list(expectation_of(case).problems)
    assert found


def test_every_problem_says_how_to_mend_it(repositories: Repositories) -> None:
    for case in invalid_cases():
        for problem in repositories.judge(case.id).problems:
            assert problem.hint, f"{case.id}: {problem}"


def test_the_corpus_is_as_large_as_it_is_said_to_be(repositories: Repositories) -> None:
    valid = [repositories.judge(f"valid/{path.name}").desired for path in valid_repositories()]
    assert sum(len(desired.manifests) for desired in valid) >= 60
    assert {kind_of(manifest) for desired in valid for manifest in desired.manifests.values()} == set(Kind)
    assert len(invalid_cases()) >= 120


def test_the_program_says_the_same(tmp_path: Path) -> None:
    """What stands in the golden files is put together from the parts; here the program does that itself."""
    for name in ("bindings", "nested", "mixed-kinds", "outputs", "schedules"):
        shutil.copytree(VALID / name, tmp_path / name)
        said = reconciler("plan", "-o", "json", "--state", tmp_path / "state", folder=tmp_path / name).data
        golden = json.loads((VALID / name / PLAN).read_text(encoding="utf-8"))
        assert {**said, "schedules": []} == {
            **{key: value for key, value in golden.items() if key != "steps"},
            "schedules": [],
            "revision": said["revision"],
            "base": said["base"],
        }
