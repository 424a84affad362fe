"""How the pull requests of a source are reviewed, as the configuration has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.configuration.read import read_configuration
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.pull_requests import PreviewRules, PullRequestSettings

VARIABLES = {"TOKEN": "the token of a forge", "EMPTY": ""}
NEEDED = "forge: github, repository: ml/loans, token: {env: TOKEN}"


def configured(folder: Path, text: str) -> Configuration:
    path = folder / "configuration.yaml"
    path.write_text(f"sources:\n- name: loans\n  url: /srv/loans.git\n  pull_requests: {text}\n", encoding="utf-8")
    return read_configuration(path, VARIABLES)


def settings(folder: Path, text: str) -> PullRequestSettings:
    (source,) = configured(folder, text).sources
    assert source.pull_requests is not None
    return source.pull_requests


def test_all_of_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    text = (
        "{forge: gitea, api: 'https://git.example.org/api/v1/', repository: ml/loans, token: {env: TOKEN}, user: bot,"
        f" ca_file: '{tmp_path / 'ca.pem'}', poll: 5m, comment: false,"
        " previews: {label: reconciler/run, allowed: [ada, grace], forks: true}}"
    )
    read = settings(tmp_path, text)
    assert read == PullRequestSettings(
        "gitea",
        "https://git.example.org/api/v1",
        "ml/loans",
        "the token of a forge",
        "bot",
        str(tmp_path / "ca.pem"),
        300.0,
        has_comment=False,
        previews=PreviewRules("reconciler/run", ("ada", "grace"), includes_forks=True),
    )
    assert "the token of a forge" in configured(tmp_path, text).secrets
    assert "the token" not in repr(read)


def test_writers_may_and_forks_are_not_run_unless_something_is_said(tmp_path: Path) -> None:
    read = settings(tmp_path, f"{{{NEEDED}}}")
    assert read == PullRequestSettings("github", "https://api.github.com", "ml/loans", "the token of a forge")
    assert read.previews == PreviewRules("", None, includes_forks=False)
    assert settings(tmp_path, f"{{{NEEDED}, previews: {{allowed: writers}}}}").previews.allowed is None
    assert settings(tmp_path, f"{{{NEEDED}, previews: {{allowed: []}}}}").previews.allowed == ()


def test_at_gitlab_a_repository_may_be_deep_or_a_number(tmp_path: Path) -> None:
    for repository in ("group/below/loans", "'7'"):
        read = settings(tmp_path, f"{{forge: gitlab, repository: {repository}, token: {{env: TOKEN}}}}")
        assert (read.api, read.repository) == ("https://gitlab.com/api/v4", repository.strip("'"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{forge: github, repository: ml/loans}", "token"),
        ("{forge: svn, repository: ml/loans, token: {env: TOKEN}}", "svn"),
        ("{forge: github, repository: loans, token: {env: TOKEN}}", "`loans` is no repository of github"),
        ("{forge: github, repository: ml/loans, token: plain}", "the token must be"),
        ("{forge: github, repository: ml/loans, token: {env: EMPTY}}", "there is nothing, or a line break in it"),
        ("{forge: github, repository: ml/loans, token: {env: NONE}}", "the variable `NONE` is not set"),
        ("{forge: gitea, repository: ml/loans, token: {env: TOKEN}}", "gitea is at no address that is known"),
        (f"{{{NEEDED}, api: 'http://git.example.org/api'}}", "a token goes over HTTPS alone"),
        (f"{{{NEEDED}, api: 'https://ada:x@git.example.org/api'}}", "the address holds credentials"),
        (f"{{{NEEDED}, api: 'git.example.org'}}", "this is no address of an API"),
        (f"{{{NEEDED}, api: 'https://[/api'}}", "this is no address"),
        (f"{{{NEEDED}, poll: 1s}}", "no forge can be asked that often"),
        (f"{{{NEEDED}, ca_file: /none}}", "cannot be read"),
        (f"{{{NEEDED}, previews: {{allowed: everybody}}}}", "everybody"),
        (f"{{{NEEDED}, previews: {{lable: x}}}}", "lable"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        configured(tmp_path, text)
    assert message in str(caught.value)
    assert f"{tmp_path / 'configuration.yaml'}:4:" in str(caught.value)
