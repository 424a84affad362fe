"""`plan --base`: what one commit changes against where it left a branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.review.changed import Changed, without_ids

from .conftest import Followed
from .contracts import PLAN, keeps
from .lending import FILES, LENDING, SPLIT
from .program import Answer, reconciler

COMPONENT = "components/split/component.yaml"
CHANGED = SPLIT.replace("1.0.0", "1.0.1").replace("echo third", "echo 3")
NIGHTLY = LENDING.replace("name: lending", "name: nightly").replace("split@^1.0", "split@1.0.0")
OWN = {"base", "revision", "environments", "versions", "prune", "schedules", "errors"}


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path / "git", FILES, {COMPONENT: CHANGED})


def _plan(folder: Path, *options: str | Path) -> Answer:
    return reconciler("plan", "--base", "main", *options, folder=folder)


def _steps(data: dict[str, Any], pipeline: str = "lending") -> dict[str, str]:
    (found,) = [each for each in data["pipelines"] if each["name"] == pipeline]
    return {step["name"]: step["action"] for step in found["steps"]}


def test_it_keeps_the_contract_and_says_more(changed: Changed, state: Path) -> None:
    data = _plan(changed.work_tree, "--state", state, "-o", "json").data
    assert data["base"] == f"main@sha1:{changed.origin.git('rev-parse', 'main')}"
    assert data["revision"] == f"change@sha1:{changed.origin.git('rev-parse', 'HEAD')}"
    assert _steps(data) == {"split": "run", "train": "maybe"}
    assert [(each["change"], each["name"]) for each in data["manifests"]] == [("changed", "split")]
    (version,) = data["versions"]
    assert (version["from"], version["to"], version["required"], version["ok"]) == ("1.0.0", "1.0.1", "patch", True)
    contract = {key: data[key] for key in (*OWN, "pipelines")}
    for pipeline in contract["pipelines"]:
        del pipeline["touched"], pipeline["expected"]
    assert keeps(PLAN, contract)


def test_from_git_alone_no_state_comes_about_and_it_is_told_what_is_not_known(changed: Changed, state: Path) -> None:
    data = _plan(changed.work_tree, "--state", state, "-o", "json").data
    assert not state.exists()
    assert any("Git alone" in note for note in data["unknown"])
    assert data["pipelines"][0]["expected"]["unknown"] == ["split", "train"]


def test_the_commit_is_compared_with_where_it_left_the_base(changed: Changed, state: Path) -> None:
    changed.origin.git("checkout", "-q", "main")
    changed.commit({"pipelines/nightly.yaml": NIGHTLY})
    changed.origin.git("checkout", "-q", "change")
    data = _plan(changed.work_tree, "--state", state, "-o", "json").data
    assert data["base"] == f"main@sha1:{changed.origin.git('merge-base', 'main', 'change')}"
    assert data["prune"] == []
    assert [each["name"] for each in data["pipelines"]] == ["lending"]


def test_a_head_is_planned_that_is_not_checked_out(changed: Changed, state: Path) -> None:
    changed.origin.git("checkout", "-q", "main")
    elsewhere = state.parent
    asked = (
        "plan",
        "--base",
        "main",
        "--head",
        "change",
        "--repository",
        changed.work_tree,
        "--no-state",
        "-o",
        "json",
    )
    assert _steps(reconciler(*asked, folder=elsewhere).data) == {"split": "run", "train": "maybe"}


def test_a_branch_that_only_the_remote_has_is_found(changed: Changed, state: Path) -> None:
    changed.origin.git("branch", "-q", "-D", "main")
    assert _plan(changed.work_tree, "--state", state, "-o", "json").data["base"].startswith("main@sha1:")


def test_the_exit_status_tells_whether_the_change_has_something_to_do(changed: Changed, state: Path) -> None:
    asked = ("--state", state, "--exit-code", "-o", "json")
    assert _plan(changed.work_tree, *asked).code == 3
    changed.origin.git("checkout", "-q", "main")
    changed.commit({"README.md": "hello"})
    assert reconciler("plan", "--base", "HEAD~1", *asked, folder=changed.work_tree).code == 0
    changed.commit({COMPONENT: "name: [\n"})
    assert reconciler("plan", "--base", "HEAD~1", *asked, folder=changed.work_tree).code == 1


def test_a_pipeline_that_is_not_touched_is_listed_without_its_steps(changed: Changed, state: Path) -> None:
    own = "type: pipeline\nname: own\njobs:\n  a: {command: 'true', environment: azureml:tools@^1.0}\n"
    changed.origin.git("checkout", "-q", "main")
    changed.commit({"pipelines/own.yaml": own})
    changed.origin.git("rebase", "-q", "main", "change")
    data = _plan(changed.work_tree, "--state", state, "-o", "json").data
    listed = {each["name"]: (each["action"], each["touched"], len(each["steps"])) for each in data["pipelines"]}
    assert listed == {"lending": ("run", True, 2), "own": ("none", False, 0)}


def test_with_a_state_what_ran_counts_and_how_long_it_took(followed: Followed, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    followed.origin.git("worktree", "prune")
    followed.origin.git("worktree", "add", "-q", "--detach", str(tree), followed.revisions[1].rpartition(":")[2])
    (tree / COMPONENT).write_text(SPLIT.replace("1.0.0", "1.0.2").replace("echo first", "echo 1"))
    for command in (("add", "--all"), ("commit", "-q", "-m", "change")):
        followed.origin.git("-C", str(tree), *command)
    options = ("plan", "--base", "HEAD~1", "--state", followed.state, "-o", "json")
    data = reconciler(*options, folder=tree).data
    (pipeline,) = data["pipelines"]
    assert pipeline["expected"]["steps"]["split"]["count"] == 2
    assert pipeline["expected"]["unknown"] == []
    assert pipeline["expected"]["wall_seconds"][0] > 0
    assert data["unknown"] == []
    alone = reconciler(*options, "--no-state", folder=tree).data
    assert alone["pipelines"][0]["expected"]["unknown"] == ["split", "train"]
    assert _steps(alone) == _steps(data) == {"split": "run", "train": "maybe"}


def test_a_reviewer_can_read_it_aloud(changed: Changed, state: Path) -> None:
    lines = _plan(changed.work_tree, "--state", state, "-o", "text").out.splitlines()
    assert without_ids(lines[0]) == "plan for change@sha1:… (compared with main@sha1:…)"
    assert "  component split is changed (1.0.0 → 1.0.1): components/split/component.yaml" in lines
    assert "  pipeline lending: run 1, maybe 1, reuse 0 of 2 steps" in lines
    assert "  expected time of pipeline lending: unknown" in lines
    assert any(line.startswith("  not known: ") for line in lines)


def test_markdown_is_the_comment_of_a_pull_request(changed: Changed, state: Path) -> None:
    out = _plan(changed.work_tree, "--state", state, "-o", "markdown").out
    assert out.startswith("### Plan: 1 pipeline to run\n")
    assert "```mermaid" in out


def test_a_workflow_at_github_gets_annotations_and_a_summary(
    changed: Changed, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    changed.commit({"pipelines/lending.yaml": LENDING.replace("split@^1.0", "'split@^9.0%0A::set-output'")})
    answer = _plan(changed.work_tree, "--state", state, "-o", "github")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0].startswith("::error file=pipelines/lending.yaml,line=5,col=")
    assert "%250A" in lines[0]
    stop = lines.index(next(line for line in lines if line.startswith("::stop-commands::")))
    assert lines[-1] == f"::{lines[stop].removeprefix('::stop-commands::')}::"
    written = summary.read_text()
    assert written.startswith("before\n### Plan: refused, 1 error")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--base", "nowhere"), "there is no commit `nowhere`"),
        (("--base", "main", "--head", "-x"), "there is no commit `-x`"),
        (("--head", "HEAD"), "--head needs something to compare with"),
        (("--no-state",), "--no-state needs something to compare with"),
        (("-o", "markdown"), "-o markdown needs something to compare with"),
        (("--base", "main", "--repository", "/"), "there is no Git repository here"),
    ],
)
def test_what_cannot_be_compared_is_told(changed: Changed, options: tuple[str, ...], told: str) -> None:
    answer = reconciler("plan", *options, folder=changed.work_tree)
    assert answer.code == 1
    assert told in answer.err


def test_a_clone_that_is_not_whole_is_told(changed: Changed, tmp_path: Path) -> None:
    changed.origin.git("push", "-q", "origin", "change")
    shallow = tmp_path / "shallow"
    changed.origin.git(
        "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{changed.origin.url}", str(shallow)
    )
    changed.origin.git("-C", str(shallow), "checkout", "-q", "change")
    answer = _plan(shallow, "--no-state")
    assert "have no commit in common here" in answer.err
    assert "fetch-depth: 0" in answer.err
