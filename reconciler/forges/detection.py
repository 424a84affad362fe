"""Which forge a job of continuous integration belongs to, and which pull request, by the variables that it is given.

They are documented as "Variables" at docs.github.com/actions, as "Predefined CI/CD variables reference" at
docs.gitlab.com, as "Variables and secrets" at support.atlassian.com/bitbucket-cloud; runners of Gitea and Forgejo set
GitHub's, and those of Forgejo the same with another name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.forges.settings import ForgeKind, ForgeSettings
from reconciler.model.errors import UsageError

TOKEN, USER = "RECONCILER_FORGE_TOKEN", "RECONCILER_FORGE_USER"
_REF = re.compile(r"refs/pull/(\d+)/.*")
_NUMBER = re.compile(r"[1-9]\d{0,17}")
_ACTIONS = ("FORGEJO_", "GITEA_", "GITHUB_")
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Options:
    """What is said instead of what variables say; "" for nothing."""

    kind: ForgeKind | None = None
    api_url: str = ""
    repository: str = ""
    pull_request: int | None = None
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A forge, and what a job there is about.

    Attributes:
        pull_request: None where the job is about none.
        summary_file: to which a summary in Markdown can be appended, "" where there is no such thing.
    """

    settings: ForgeSettings
    pull_request: int | None
    summary_file: str = ""

    def number(self) -> int:
        """The pull request.

        Raises:
            UsageError: there is none.
        """
        if self.pull_request is None:
            hint = f"run it in a job of a pull request, or name one; {_WHERE_NUMBERS[self.settings.kind]} tells it else"
            raise UsageError("this job is about no pull request", hint=hint)
        return self.pull_request


_WHERE_NUMBERS = {
    ForgeKind.GITHUB: "GITHUB_REF",
    ForgeKind.GITLAB: "CI_MERGE_REQUEST_IID",
    ForgeKind.GITEA: "GITHUB_REF",
    ForgeKind.BITBUCKET: "BITBUCKET_PR_ID",
}


def read_event(environment: Environment) -> Mapping[str, Any]:
    """What happened, as the file says that a runner has written; {} where it wrote none.

    Raises:
        UsageError: the file cannot be read.
    """
    file = _of_actions(environment, "EVENT_PATH")
    if not file:
        return {}
    try:
        read = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("the event of the job cannot be read", place=file, hint="name the pull request") from error
    return read if isinstance(read, dict) else {}


def detect(environment: Environment, options: Options, event: Mapping[str, Any] | None = None) -> Job:
    """The forge and the pull request of a job; options come before variables.

    Args:
        event: see `read_event`.

    Raises:
        UsageError: something is missing; it is named with the variable or the option that holds it.
    """
    kind = options.kind or _kind(environment)
    token = _first(environment, (TOKEN, *_tokens(kind)))
    api = options.api_url or _api(kind, environment)
    repository = options.repository or _repository(kind, environment)
    missing = [
        f"{what} ({where})"
        for value, what, where in (
            (api, "the address of its API", "--api-url"),
            (repository, "the repository", "--repository"),
            (token, "a token", TOKEN if kind is ForgeKind.GITLAB else f"{TOKEN} or {_tokens(kind)[-1]}"),
        )
        if not value
    ]
    if missing:
        hint = f"set or give what stands in brackets{_JOBS_MAY_NOT if kind is ForgeKind.GITLAB and not token else ''}"
        raise UsageError(f"{kind.told} cannot be asked without {' and '.join(missing)}", hint=hint)
    settings = ForgeSettings(kind, api.rstrip("/"), repository, token, environment.get(USER, ""), options.ca_file)
    number = options.pull_request or _number(kind, environment, event or {})
    return Job(settings, number, _of_actions(environment, "STEP_SUMMARY"))


_JOBS_MAY_NOT = "; CI_JOB_TOKEN may not write comments, a project access token with the scope `api` may"


def _kind(environment: Environment) -> ForgeKind:
    """Gitea and Forgejo look like GitHub, and are told apart by what else they say."""
    is_gitea = "true" in (environment.get("GITEA_ACTIONS"), environment.get("FORGEJO_ACTIONS"))
    if is_gitea or _of_actions(environment, "API_URL").rstrip("/").endswith("/api/v1"):
        return ForgeKind.GITEA
    if environment.get("GITHUB_REPOSITORY"):
        return ForgeKind.GITHUB
    if environment.get("CI_API_V4_URL"):
        return ForgeKind.GITLAB
    if environment.get("BITBUCKET_REPO_FULL_NAME"):
        return ForgeKind.BITBUCKET
    raise UsageError(
        "no variable says which forge this is", hint="write --forge github, gitlab, gitea or bitbucket and --repository"
    )


def _tokens(kind: ForgeKind) -> tuple[str, ...]:
    match kind:
        case ForgeKind.GITHUB:
            return ("GITHUB_TOKEN",)
        case ForgeKind.GITLAB:
            return ("GITLAB_TOKEN",)
        case ForgeKind.GITEA:
            return ("FORGEJO_TOKEN", "GITHUB_TOKEN", "GITEA_TOKEN")
        case ForgeKind.BITBUCKET:
            return ("BITBUCKET_TOKEN",)


def _api(kind: ForgeKind, environment: Environment) -> str:
    match kind:
        case ForgeKind.GITHUB:
            return environment.get("GITHUB_API_URL") or "https://api.github.com"
        case ForgeKind.GITLAB:
            return environment.get("CI_API_V4_URL") or "https://gitlab.com/api/v4"
        case ForgeKind.GITEA:
            server = _of_actions(environment, "SERVER_URL").rstrip("/")
            return _of_actions(environment, "API_URL") or (f"{server}/api/v1" if server else "")
        case ForgeKind.BITBUCKET:
            return "https://api.bitbucket.org/2.0"


def _repository(kind: ForgeKind, environment: Environment) -> str:
    """That which the pull request is for: a job of a fork's pull request may run in the fork."""
    match kind:
        case ForgeKind.GITHUB | ForgeKind.GITEA:
            return _of_actions(environment, "REPOSITORY")
        case ForgeKind.GITLAB:
            return _first(environment, ("CI_MERGE_REQUEST_PROJECT_ID", "CI_PROJECT_ID"))
        case ForgeKind.BITBUCKET:
            return environment.get("BITBUCKET_REPO_FULL_NAME", "")


def _number(kind: ForgeKind, environment: Environment, event: Mapping[str, Any]) -> int | None:
    match kind:
        case ForgeKind.GITHUB | ForgeKind.GITEA:
            found = _REF.fullmatch(_of_actions(environment, "REF"))
            return _positive(found[1]) if found else _number_of(event)
        case ForgeKind.GITLAB:
            return _positive(environment.get("CI_MERGE_REQUEST_IID", ""))
        case ForgeKind.BITBUCKET:
            return _positive(environment.get("BITBUCKET_PR_ID", ""))


def _number_of(event: Mapping[str, Any]) -> int | None:
    """The pull request that an event is of, be it a comment on one."""
    issue, pull_request = event.get("issue"), event.get("pull_request")
    if isinstance(pull_request, dict):
        return _positive(str(pull_request.get("number")))
    if isinstance(issue, dict) and issue.get("pull_request"):
        return _positive(str(issue.get("number")))
    return None


def _positive(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _of_actions(environment: Environment, name: str) -> str:
    return _first(environment, tuple(f"{prefix}{name}" for prefix in _ACTIONS))


def _first(environment: Environment, names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
