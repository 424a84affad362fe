"""The workflow of the template that releases what was merged."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconciler.shipped import shipped_folder

WORKFLOWS = shipped_folder("repo-template") / ".github" / "workflows"


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    return read("release.yml")


def read(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}  # YAML 1.1 takes `on` for a truth


def test_it_releases_what_is_pushed_to_the_default_branch_and_may_push_that(workflow: dict[str, Any]) -> None:
    assert workflow["on"] == {"push": {"branches": ["**"]}}
    assert workflow["jobs"]["release"]["if"] == "github.ref_name == github.event.repository.default_branch"
    assert workflow["permissions"] == {"contents": "write"}
    assert workflow["jobs"]["release"]["steps"][-1]["run"] == "reconciler release --push"


def test_it_has_the_newest_of_the_branch_with_all_history_and_none_beside_it(workflow: dict[str, Any]) -> None:
    checkout = workflow["jobs"]["release"]["steps"][0]["with"]
    assert checkout == {"ref": "${{ github.ref_name }}", "fetch-depth": 0}
    assert workflow["concurrency"] == {"group": "release-${{ github.ref }}", "cancel-in-progress": False}


def test_it_says_who_commits_and_is_installed_as_the_one_for_pull_requests_is(workflow: dict[str, Any]) -> None:
    commands = [step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step]
    assert commands[1].count("git config user.") == 2
    review = read("reconciler.yml")["jobs"]["review"]["steps"]
    installed = [step for step in review if "pip install" in step.get("run", "")]
    assert commands[0] == installed[0]["run"]
