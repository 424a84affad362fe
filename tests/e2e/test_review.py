"""A change of the template's repository, from the branch through the review to the merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.forges.settings import ForgeKind
from tests.e2e.program import git, reconciler
from tests.forges.conftest import Place, place_for
from tests.forges.hosted import REPOSITORY, Pull
from tests.forges.serving import TOKEN, serving

pytestmark = pytest.mark.e2e

MARKER = "<!-- reconciler:plan -->\n\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """What `init` lays out, pushed, with a branch checked out that changes a component."""
    folder = tmp_path / "loans"
    laid_out = reconciler("init", folder, "--rows", "300")
    assert laid_out.code == 0, laid_out.out + laid_out.err
    repo = folder / "repo"
    git(repo, "push", "--quiet")
    git(repo, "checkout", "--quiet", "-b", "by-year")
    change(repo, "# by year\n", "1.0.0", "1.0.1")
    return repo


def change(repo: Path, line: str, old: str, new: str) -> None:
    """Add a line to the code of the split, give it another version, and push."""
    component = repo / "components" / "split"
    with (component / "src" / "run.py").open("a", encoding="utf-8") as code:
        code.write(line)
    manifest = component / "component.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f"version: {old}", f"version: {new}"), encoding="utf-8")
    git(repo, "commit", "--quiet", "--all", "-m", "Split by year")
    git(repo, "push", "--quiet", "origin", "by-year")


@pytest.fixture
def github(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Where the branch is pull request 12, and what a job there is told."""
    place = place_for(ForgeKind.GITHUB)
    with serving(place.served):
        propose(place, repo)
        for name, value in {"API_URL": place.served.api, "REPOSITORY": REPOSITORY, "TOKEN": TOKEN}.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        yield place


def propose(place: Place, repo: Path) -> None:
    head, base = git(repo, "rev-parse", "HEAD"), git(repo, "rev-parse", "main")
    place.hosted.add(Pull(12, head_commit=head, head_branch="by-year", base_commit=base))


def test_a_change_is_planned_reviewed_mended_and_merged(repo: Path, github: Place) -> None:
    planned = reconciler("plan", "--base", "main", "--no-state", "-o", "markdown", folder=repo)
    assert planned.code == 0, planned.err
    assert "### Plan: 1 pipeline to run" in planned.out
    assert "| component `split` | `1.0.0` → `1.0.1` | patch | yes |" in planned.out

    asked = ("review", "--forge", "github", "--pr", "12", "--no-state")
    reviewed = reconciler(*asked, folder=repo)
    assert reviewed.code == 0, reviewed.err
    (comment,) = github.hosted.of(12)
    assert comment.body.removeprefix(MARKER).strip() == planned.out.strip()

    change(repo, "# by month\n", "1.0.1", "1.0.0")
    propose(github, repo)
    refused = reconciler(*asked, folder=repo)
    assert refused.code == 1
    assert "components/split/component.yaml:" in refused.out
    (updated,) = github.hosted.of(12)
    assert updated.id == comment.id
    assert "### Plan: refused, 1 error" in updated.body
    failed = github.hosted.statuses[git(repo, "rev-parse", "HEAD"), "reconciler/plan"]
    assert failed["state"] == "failure"

    change(repo, "# by week\n", "1.0.0", "1.0.1")
    propose(github, repo)
    assert reconciler(*asked, folder=repo).code == 0
    (mended,) = github.hosted.of(12)
    assert "### Plan: 1 pipeline to run" in mended.body

    git(repo, "checkout", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "-m", "Merge pull request 12", "by-year")
    git(repo, "push", "--quiet")
    pull = github.hosted.pulls[12]
    github.hosted.add(replace(pull, state="merged", merge_commit=git(repo, "rev-parse", "HEAD")))
    after = reconciler(*asked, folder=repo)
    assert (after.code, after.out) == (0, "pull request 12 is merged: nothing is posted\n")
    assert [note.body for note in github.hosted.of(12)] == [mended.body]
    merged = reconciler("plan", "--base", "HEAD~1", "--no-state", "-o", "json", folder=repo).data()
    assert [(each["name"], each["action"]) for each in merged["pipelines"]] == [("lending_club", "run")]
    told = reviewed.out + reviewed.err + refused.out + refused.err + after.out + after.err
    assert TOKEN not in told
