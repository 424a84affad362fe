"""Which forge and pull request a job is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.forges.detection import Options, detect, read_event
from reconciler.forges.settings import ForgeKind
from reconciler.model.errors import UsageError

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "ml/loans",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_TOKEN": "ghs_token",
    "GITHUB_STEP_SUMMARY": "/tmp/summary",  # noqa: S108 - only a name
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example.org/api/v4",
    "CI_PROJECT_ID": "99",
    "CI_MERGE_REQUEST_PROJECT_ID": "7",
    "CI_MERGE_REQUEST_IID": "12",
    "CI_JOB_TOKEN": "of the job",
    "GITLAB_TOKEN": "glpat-token",
}
GITEA = {
    **{name: value for name, value in GITHUB.items() if name != "GITHUB_API_URL"},
    "GITEA_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://git.example.org/",
    "GITHUB_REF": "refs/pull/12/head",
}
FORGEJO = {
    "FORGEJO_API_URL": "https://codeberg.org/api/v1",
    "FORGEJO_REPOSITORY": "ml/loans",
    "FORGEJO_REF": "refs/pull/12/head",
    "FORGEJO_TOKEN": "token",
}
BITBUCKET = {"BITBUCKET_REPO_FULL_NAME": "ml/loans", "BITBUCKET_PR_ID": "12", "BITBUCKET_TOKEN": "ATCTT-token"}


@pytest.mark.parametrize(
    ("variables", "kind", "api", "repository", "token"),
    [
        (GITHUB, ForgeKind.GITHUB, "https://api.github.com", "ml/loans", "ghs_token"),
        (GITLAB, ForgeKind.GITLAB, "https://gitlab.example.org/api/v4", "7", "glpat-token"),
        (GITEA, ForgeKind.GITEA, "https://git.example.org/api/v1", "ml/loans", "ghs_token"),
        (FORGEJO, ForgeKind.GITEA, "https://codeberg.org/api/v1", "ml/loans", "token"),
        (BITBUCKET, ForgeKind.BITBUCKET, "https://api.bitbucket.org/2.0", "ml/loans", "ATCTT-token"),
    ],
)
def test_the_variables_of_a_job_tell(
    variables: dict[str, str], kind: ForgeKind, api: str, repository: str, token: str
) -> None:
    job = detect(variables, Options())
    told = job.settings
    assert (told.kind, told.api_url, told.repository, told.token) == (kind, api, repository, token)
    assert job.number() == 12


def test_gitea_is_told_from_github_by_its_api_too() -> None:
    assert detect({**GITHUB, "GITHUB_API_URL": "https://git.example.org/api/v1/"}, Options()).settings.kind == "gitea"


def test_a_server_of_ones_own_is_asked_itself() -> None:
    variables = {**GITHUB, "GITHUB_API_URL": "https://git.example.org/api/v3"}
    assert detect(variables, Options()).settings.api_url == "https://git.example.org/api/v3"


def test_what_is_said_comes_before_what_variables_say() -> None:
    options = Options(ForgeKind.GITEA, "https://codeberg.org/api/v1", "other/repo", 3, "/ca.pem")
    job = detect({**GITHUB, "RECONCILER_FORGE_TOKEN": "ours", "RECONCILER_FORGE_USER": "bot"}, options)
    told = job.settings
    assert (told.kind, told.api_url, told.repository) == ("gitea", "https://codeberg.org/api/v1", "other/repo")
    assert (told.token, told.user, told.ca_file, job.number()) == ("ours", "bot", "/ca.pem", 3)


def test_a_summary_can_be_left_where_the_runner_has_a_place_for_it() -> None:
    assert detect(GITHUB, Options()).summary_file == "/tmp/summary"  # noqa: S108
    assert detect(GITLAB, Options()).summary_file == ""


def test_all_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        detect({}, Options(ForgeKind.GITEA))
    assert refused.value.message == (
        "Gitea cannot be asked without the address of its API (--api-url) and the repository (--repository) and a token"
        " (RECONCILER_FORGE_TOKEN or GITEA_TOKEN)"
    )


def test_that_the_token_of_a_job_at_gitlab_is_of_no_use_is_said() -> None:
    variables = {name: value for name, value in GITLAB.items() if name != "GITLAB_TOKEN"}
    with pytest.raises(UsageError, match="GitLab cannot be asked without a token") as refused:
        detect(variables, Options())
    assert "CI_JOB_TOKEN may not write comments" in (refused.value.hint or "")


def test_where_nothing_tells_the_forge_it_is_asked_for() -> None:
    with pytest.raises(UsageError, match="no variable says which forge this is"):
        detect({}, Options())


@pytest.mark.parametrize(
    ("variables", "named"),
    [({**GITHUB, "GITHUB_REF": "refs/heads/main"}, "GITHUB_REF"), (BITBUCKET, "BITBUCKET_PR_ID")],
)
def test_a_job_of_no_pull_request_is_one_and_says_so_when_asked(variables: dict[str, str], named: str) -> None:
    job = detect({name: value for name, value in variables.items() if name != "BITBUCKET_PR_ID"}, Options())
    assert job.pull_request is None
    with pytest.raises(UsageError, match="this job is about no pull request") as refused:
        job.number()
    assert named in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("event", "number"),
    [
        ({"pull_request": {"number": 12}}, 12),
        ({"issue": {"number": 12, "pull_request": {"url": "…"}}, "comment": {}}, 12),
        ({"issue": {"number": 12}}, None),
        ({"pull_request": {"number": "12; rm"}}, None),
        ({"pull_request": []}, None),
        ({}, None),
    ],
)
def test_an_event_tells_the_pull_request_where_the_ref_does_not(event: dict[str, object], number: int | None) -> None:
    assert detect({**GITHUB, "GITHUB_REF": "refs/heads/main"}, Options(), event).pull_request == number


def test_an_event_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"number": 12}), encoding="utf-8")
    assert read_event({"GITHUB_EVENT_PATH": str(file)}) == {"number": 12}
    assert read_event({}) == {}


@pytest.mark.parametrize("content", ["{", ""])
def test_an_event_that_cannot_be_read_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="the event of the job cannot be read"):
        read_event({"GITHUB_EVENT_PATH": str(file)})
