"""`plan`: what a work tree would build and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.daemon.origin import Origin

from .conftest import Followed
from .contracts import PLAN, keeps
from .lending import FILES, LENDING, SPLIT, TOOLS
from .program import Answer, reconciler

COMPONENT = "components/split/component.yaml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The work tree of a repository that was pushed once."""
    origin = Origin(tmp_path / "git")
    origin.push(FILES)
    return origin.work_tree


def _plan(tree: Path, state: Path, *options: str) -> Answer:
    return reconciler("plan", tree, "--state", state, *options)


def _data(tree: Path, state: Path) -> dict[str, Any]:
    data: dict[str, Any] = _plan(tree, state, "-o", "json").data
    assert keeps(PLAN, data)
    return data


def _of_the_followed(followed: Followed, folder: Path, files: dict[str, str | None]) -> Path:
    """Another person's work tree of the followed repository, with files changed."""
    followed.origin.git("worktree", "prune")
    followed.origin.git("worktree", "add", "-q", "--detach", str(folder))
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)
    return folder


def test_the_plan_of_something_new_keeps_the_contract(tree: Path, state: Path) -> None:
    data = _data(tree, state)
    assert data["revision"].startswith("main@sha1:")
    assert data["base"] == ""
    assert [(item["name"], item["action"]) for item in data["environments"]] == [("tools", "build")]
    (pipeline,) = data["pipelines"]
    assert (pipeline["name"], pipeline["action"], pipeline["reasons"]) == ("lending", "run", ["never ran"])
    assert [(step["name"], step["kind"], step["action"]) for step in pipeline["steps"]] == [
        ("split", "command", "run"),
        ("train", "sweep", "run"),
    ]
    assert data["errors"] == data["prune"] == []


def test_what_references_come_to_is_told_to_programs_and_to_people_where_it_may_surprise(
    tree: Path, state: Path
) -> None:
    lines = _plan(tree, state).out.splitlines()
    title = lines.index("  pipeline lending: run 2, maybe 0, reuse 0 of 2 steps")
    assert lines[title + 1].startswith("    STEP")
    (pipeline,) = _data(tree, state)["pipelines"]
    assert sorted((each["kind"], each["reference"], each["version"]) for each in pipeline["lock"]) == [
        ("component", "split@^1.0", "1.0.0"),
        ("data", "loans@latest", "1.0.0"),
        ("environment", "tools@^1.0", "1.0.0"),
    ]


def test_the_plan_of_a_change_keeps_the_contract(followed: Followed, tmp_path: Path) -> None:
    breaking = SPLIT.replace("1.0.0", "1.0.2").replace("train: {", "rows: {type: uri_file}\n  train: {")
    tree = _of_the_followed(followed, tmp_path / "tree", {COMPONENT: breaking, "pipelines/failing.yaml": None})
    data = _data(tree, followed.state)
    assert data["base"] == followed.revisions[-1]
    assert data["revision"].startswith("worktree@sha1:")
    assert data["prune"] == [{"kind": "pipeline", "name": "failing"}]
    (version,) = data["versions"]
    assert (version["from"], version["to"], version["required"], version["ok"]) == ("1.0.1", "1.0.2", "minor", False)
    assert [problem["code"] for problem in data["errors"]] == ["version-bump"]
    steps = {step["name"]: step["action"] for step in data["pipelines"][0]["steps"]}
    assert steps == {"split": "run", "train": "maybe"}


def test_the_plan_of_what_is_applied_has_nothing_to_do(followed: Followed, tmp_path: Path) -> None:
    tree = _of_the_followed(followed, tmp_path / "tree", {"pipelines/failing.yaml": None})
    data = _data(tree, followed.state)
    assert [item["action"] for item in data["pipelines"]] == ["none"]
    assert [item["action"] for item in data["environments"]] == ["none"]
    assert {step["action"] for step in data["pipelines"][0]["steps"]} == {"reuse"}


def test_the_plan_of_an_earlier_tree_restores(followed: Followed, tmp_path: Path) -> None:
    tree = _of_the_followed(followed, tmp_path / "tree", {COMPONENT: SPLIT})
    (lending,) = [item for item in _data(tree, followed.state)["pipelines"] if item["name"] == "lending"]
    assert (lending["action"], lending["reasons"]) == ("restore", ["everything is as in lending-1, which succeeded"])


def test_the_plan_of_something_broken_keeps_the_contract(tree: Path, state: Path) -> None:
    (tree / "pipelines" / "lending.yaml").write_text(LENDING.replace("split@^1.0", "split@^2.0"))
    (problem,) = _data(tree, state)["errors"]
    assert (problem["file"], problem["line"], problem["code"]) == ("pipelines/lending.yaml", 5, "unresolved-reference")
    assert problem["hint"]


def test_yaml_says_the_same_as_json(tree: Path, state: Path) -> None:
    assert _plan(tree, state, "-o", "yaml").yaml == _plan(tree, state, "-o", "json").data


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_the_exit_status_tells_whether_there_is_something_to_do(
    followed: Followed, tree: Path, state: Path, tmp_path: Path, form: str
) -> None:
    done = _of_the_followed(followed, tmp_path / "tree", {"pipelines/failing.yaml": None})
    assert _plan(tree, state, "-o", form).code == 0
    assert _plan(tree, state, "-o", form, "--exit-code").code == 3
    assert _plan(done, followed.state, "-o", form, "--exit-code").code == 0
    (tree / COMPONENT).write_text("name: [\n")
    assert _plan(tree, state, "-o", form).code == 1
    assert _plan(tree, state, "-o", form, "--exit-code").code == 1


def test_a_reviewer_can_read_it_aloud(followed: Followed, tmp_path: Path) -> None:
    changed = {
        COMPONENT: SPLIT.replace("1.0.0", "1.0.2").replace("echo third", "true"),
        "data/loans.csv": "amount\n2\n",
    }
    tree = _of_the_followed(followed, tmp_path / "tree", {**changed, "pipelines/failing.yaml": None})
    said = _plan(tree, followed.state).out
    assert f"(applied now: {followed.revisions[-1]})" in said
    assert "component split 1.0.1 → 1.0.2" in said
    assert "pipeline lending: run 1, maybe 1, reuse 0 of 2 steps" in said
    assert "component split 1.0.1 → 1.0.2 · command changed" in said
    assert "pipeline failing is gone from Git; its runs and models are kept" in said


def test_planning_writes_nothing_into_the_repository(tree: Path, state: Path, tmp_path: Path) -> None:
    (tree / "new.yaml").write_text(TOOLS.replace("name: tools", "name: other"))
    before = sorted(str(path) for path in tree.rglob("*"))
    _plan(tree, state)
    assert sorted(str(path) for path in tree.rglob("*")) == before


def test_a_folder_that_is_no_repository_can_be_planned(tmp_path: Path, state: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "tools.yaml").write_text(TOOLS)
    data = _data(tmp_path / "plain", state)
    assert [item["name"] for item in data["environments"]] == ["tools"]


def test_the_folder_one_stands_in_is_planned_where_none_is_named(tree: Path, state: Path) -> None:
    assert reconciler("plan", "-o", "json", "--state", state, folder=tree).data == _data(tree, state)


def test_schedules_are_shown_with_what_they_run_and_when_next(tree: Path, state: Path) -> None:
    schedule = "trigger: {type: cron, expression: 30 6 1 1 *}\ncreate_job: %s\n%s"
    inline = "{jobs: {greet: {command: 'true', environment: azureml:tools@latest}}}"
    (tree / "yearly.yaml").write_text(schedule % ("azureml:lending@latest", ""))
    (tree / "never.yaml").write_text(schedule % (inline, "is_enabled: false\n"))
    never, yearly = _data(tree, state)["schedules"]
    assert never == {"name": "never", "pipeline": "job", "next": None}
    assert (yearly["name"], yearly["pipeline"], yearly["next"][4:]) == ("yearly", "lending", "-01-01T06:30:00Z")
    assert f"schedule yearly: lending, next at {yearly['next']}" in _plan(tree, state).out
