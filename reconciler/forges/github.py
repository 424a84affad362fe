"""GitHub, and GitHub Enterprise Server: its REST API in version 2022-11-28.

The pages "Pull requests", "Issue comments", "Commit statuses", "Check runs", "Collaborators" and "Commits" below
docs.github.com/rest say what is asked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.forges.client import Asked, Client, Retries
from reconciler.forges.errors import TokenRefusedError
from reconciler.forges.github_like import GitHubLike, shortened
from reconciler.forges.reading import Read
from reconciler.forges.rest import MOST_PROBLEMS
from reconciler.forges.settings import ForgeSettings
from reconciler.model.problems import Problem

_IN_A_REQUEST = 50
_LONGEST_TITLE, _LONGEST_MESSAGE, _LONGEST_SUMMARY = 255, 8_000, 65_000


class GitHub(GitHubLike):
    """See `Forge`."""

    longest_body = 65_536
    longest_text = 140
    _page = {"per_page": 100}  # noqa: RUF012 - never written
    _may = ("write `pull-requests`", "write `statuses`")
    _writers = frozenset({"admin", "write"})  # to which it adds up other roles

    def __init__(self, settings: ForgeSettings, retries: Retries | None = None) -> None:
        headers = {
            "Authorization": f"Bearer {settings.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        super().__init__(settings, Client(settings.api_url, headers, settings.token, settings.ca_file, retries))

    def annotate(self, commit: str, name: str, summary: str, problems: Sequence[Problem]) -> int:
        """See `Forge`; a check run, which takes 50 at a time, and only from Actions or another app of GitHub."""
        shown = problems[:MOST_PROBLEMS]
        first, *others = [list(map(_annotation, batch)) for batch in _batches(shown)] or [[]]
        body = {
            "name": name,
            "head_sha": commit,
            "status": "completed",
            "conclusion": _conclusion(problems),
            "output": _output(name, summary, first),
        }
        path, needs = f"{self._repository}/check-runs", "write `checks`, as that of an app"
        made = self._client.read(Asked("POST", path, body, needs=needs, is_repeatable=False))
        run = Read(made, self._client.place).number("id")
        for batch in others:
            more = {"output": _output(name, summary, batch)}
            self._client.send(Asked("PATCH", f"{path}/{run}", more, needs=needs, is_repeatable=False))
        return len(shown)

    def _whoami(self) -> str:
        """Whoever the token is of; an app may not ask for its user, but for its viewer."""
        try:
            return super()._whoami()
        except TokenRefusedError:
            api = self._settings.api_url.rstrip("/")
            url = f"{api.removesuffix('/v3')}/graphql"
            answered = self._client.read(Asked("POST", url, {"query": "{ viewer { login } }"}))
            return Read(answered, self._client.place).text("data", "viewer", "login")


def _batches(problems: Sequence[Problem]) -> list[Sequence[Problem]]:
    return [problems[start : start + _IN_A_REQUEST] for start in range(0, len(problems), _IN_A_REQUEST)]


def _conclusion(problems: Sequence[Problem]) -> str:
    if any(problem.is_error for problem in problems):
        return "failure"
    return "neutral" if problems else "success"


def _output(name: str, summary: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": name, "summary": shortened(summary, _LONGEST_SUMMARY), "annotations": annotations}


def _annotation(problem: Problem) -> dict[str, Any]:
    line = max(problem.line, 1)
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    place = {"start_column": problem.column, "end_column": problem.column} if problem.column > 0 else {}
    return {
        "path": problem.file,
        "start_line": line,
        "end_line": line,
        **place,
        "annotation_level": "failure" if problem.is_error else "warning",
        "title": shortened(str(problem.code), _LONGEST_TITLE),
        "message": shortened(message, _LONGEST_MESSAGE),
    }
