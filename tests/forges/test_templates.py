"""What the template has for the continuous integration of each forge."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.verb_init import lay_out
from reconciler.forges.settings import ForgeKind
from reconciler.shipped import shipped_folder
from tests.source.git_repository import git

from .conftest import Place, place_for
from .github_served import GitHubServed
from .hosted import PROJECT_ID, REPOSITORY, Pull
from .serving import TOKEN, serving

TEMPLATE = shipped_folder("repo-template")
GITLAB = TEMPLATE / ".gitlab-ci.yml"
WORKFLOWS = sorted([*TEMPLATE.glob(".github/workflows/*"), *TEMPLATE.glob(".gitea/workflows/*")])
REVIEWS = {
    "github": TEMPLATE / ".github/workflows/reconciler.yml",
    "gitea": TEMPLATE / ".gitea/workflows/reconciler.yml",
}


def read(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}  # YAML 1.1 takes `on` for a truth


def steps_of(path: Path) -> list[dict[str, Any]]:
    (job,) = read(path)["jobs"].values()
    return list(job["steps"])


def commands_of(path: Path) -> list[str]:
    written = read(path)["reconciler"]["script"] if path == GITLAB else [each.get("run") for each in steps_of(path)]
    return [command for command in written if command and "pip install" not in command]


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB], ids=lambda path: str(path.relative_to(TEMPLATE)))
def test_they_are_what_their_schema_demands(path: Path) -> None:
    schema = "vendor.gitlab-ci" if path == GITLAB else "vendor.github-workflows"
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# What a pull request brings is not to be trusted


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.relative_to(TEMPLATE)))
def test_none_runs_with_rights_what_anybody_writes(path: Path) -> None:
    workflow = read(path)
    assert workflow["on"] in ("pull_request", {"push": {"branches": ["**"]}})
    assert all("${{" not in step.get("run", "") for step in steps_of(path)), "what is put into a command may be one"


@pytest.mark.parametrize("path", REVIEWS.values(), ids=REVIEWS)
def test_the_token_is_that_of_the_one_step_that_needs_it(path: Path) -> None:
    steps = steps_of(path)
    having = [step["run"] for step in steps if "GITHUB_TOKEN" in step.get("env", {})]
    assert having == [step["run"] for step in steps if step.get("run", "").startswith("reconciler review")]
    assert "env" not in read(path)
    assert steps[0]["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_the_token_of_github_may_do_no_more_than_it_has_to() -> None:
    workflow = read(REVIEWS["github"])
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["review"]["permissions"] == {
        "contents": "read",
        "pull-requests": "write",
        "statuses": "write",
        "checks": "write",
    }


@pytest.mark.parametrize(("kind", "path"), [*REVIEWS.items(), ("gitlab", GITLAB)])
def test_each_validates_and_reviews(kind: str, path: Path) -> None:
    commands = "\n".join(commands_of(path))
    assert "reconciler validate --strict " in commands
    assert f"reconciler review --forge {kind} --pr " in commands


def test_an_error_in_a_manifest_is_reviewed_all_the_same() -> None:
    for path in REVIEWS.values():
        assert steps_of(path)[-1]["if"] == "${{ !cancelled() }}"


# As they stand


@pytest.fixture
def merge(tmp_path: Path) -> Path:
    """A clone as a job has it: what merging a branch would be, which changes the split."""
    work = tmp_path / "work"
    lay_out(work, tmp_path / "origin.git", rows=300)
    git("push", "--quiet", folder=work)
    git("checkout", "--quiet", "-b", "by-year", folder=work)
    component = work / "components" / "split" / "component.yaml"
    component.write_text(component.read_text().replace("version: 1.0.0", "version: 1.0.1"), encoding="utf-8")
    code = work / "components" / "split" / "src" / "run.py"
    code.write_text(f"{code.read_text()}\n# by year\n", encoding="utf-8")
    git("commit", "--quiet", "--all", "-m", "Split by year", folder=work)
    git("push", "--quiet", "origin", "by-year", folder=work)
    git("clone", "--quiet", f"file://{tmp_path / 'origin.git'}", str(tmp_path / "job"))
    git("checkout", "--quiet", "origin/by-year", folder=tmp_path / "job")
    return tmp_path / "job"


@pytest.mark.parametrize(("kind", "path"), [*REVIEWS.items(), ("gitlab", GITLAB)])
def test_they_tell_the_pull_request_what_the_merge_would_train(merge: Path, kind: str, path: Path) -> None:
    place = place_for(ForgeKind(kind))
    head = git("rev-parse", "HEAD", folder=merge)
    place.hosted.add(Pull(12, head_commit=head, head_branch="by-year", base_commit=""))
    if isinstance(place.served, GitHubServed):
        place.served.is_app = True
    (command,) = [each for each in commands_of(path) if "reconciler review" in each]
    with serving(place.served):
        printed = run(command, merge, variables_of(place))
    (note,) = place.hosted.of(12)
    assert "### Plan: 1 pipeline to run" in note.body
    assert f"`by-year@sha1:{head}`" in note.body
    (((commit, name), status),) = place.hosted.statuses.items()
    assert (commit, name, status["state"]) == (head, "reconciler/plan", "success")
    assert status["description"].startswith("runs 1 pipeline, ")
    assert TOKEN not in printed


def variables_of(place: Place) -> dict[str, str]:
    """What a runner sets; those of Gitea's name the server, and GitHub's the API."""
    api = place.served.api
    of_actions = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "PULL_REQUEST": "12",
    }
    match place.kind:
        case ForgeKind.GITHUB:
            return {**of_actions, "GITHUB_API_URL": api, "GITHUB_REF": "refs/pull/12/merge"}
        case ForgeKind.GITEA:
            server = {"GITHUB_SERVER_URL": place.served.address, "GITEA_ACTIONS": "true"}
            return {**of_actions, **server, "GITHUB_REF": "refs/pull/12/head"}
        case _:
            project = {"CI_PROJECT_ID": "99", "CI_MERGE_REQUEST_PROJECT_ID": str(PROJECT_ID)}
            return {"CI_API_V4_URL": api, **project, "CI_MERGE_REQUEST_IID": "12", "RECONCILER_FORGE_TOKEN": TOKEN}


def run(command: str, folder: Path, variables: Mapping[str, str]) -> str:
    """Run a command as a runner does: by a shell that stops at the first error, in a clean environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder.parent), "CI": "true", **variables}
    done = subprocess.run(
        ["sh", "-e", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("path", [*REVIEWS.values(), GITLAB], ids=[*REVIEWS, "gitlab"])
def test_they_validate_what_the_template_holds(merge: Path, path: Path) -> None:
    (command,) = [each for each in commands_of(path) if each.startswith("reconciler validate")]
    run(command, merge, {})


def test_a_pipeline_of_a_fork_at_gitlab_prints_the_plan(merge: Path) -> None:
    (command,) = [each for each in commands_of(GITLAB) if "reconciler review" in each]
    base = git("merge-base", "origin/main", "origin/by-year", folder=merge)
    printed = run(command, merge, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_MERGE_REQUEST_IID": "12"})
    assert "lending_club" in printed
    assert "split" in printed


def test_gitea_releases_as_github_does_under_another_name() -> None:
    ours, theirs = (read(TEMPLATE / folder / "workflows/release.yml") for folder in (".gitea", ".github"))
    for workflow in (ours, theirs):
        (named,) = [step for step in workflow["jobs"]["release"]["steps"] if "git config" in step.get("run", "")]
        assert named.pop("run").count("git config user.") == 2
    assert ours == theirs
