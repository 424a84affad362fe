"""Where a token goes."""

from __future__ import annotations

import pytest

from reconciler.forges.settings import ForgeKind, ForgeSettings, api_of
from reconciler.model.errors import UsageError


@pytest.mark.parametrize(
    ("kind", "url", "api"),
    [
        (ForgeKind.GITHUB, "https://github.com", "https://api.github.com"),
        (ForgeKind.GITHUB, "https://git.example.org/", "https://git.example.org/api/v3"),
        (ForgeKind.GITLAB, "https://gitlab.com", "https://gitlab.com/api/v4"),
        (ForgeKind.GITEA, "https://codeberg.org", "https://codeberg.org/api/v1"),
        (ForgeKind.BITBUCKET, "https://bitbucket.org", "https://api.bitbucket.org/2.0"),
    ],
)
def test_the_api_is_told_by_the_address_in_a_browser(kind: ForgeKind, url: str, api: str) -> None:
    assert api_of(kind, url) == api


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://git.example.org/api/v1", "a token goes over HTTPS alone"),
        ("ftp://git.example.org", "no address of an API"),
        ("https://", "no address of an API"),
        ("git.example.org", "no address of an API"),
        ("https://ada:secret@git.example.org", "no address of an API"),
        ("https://git.example.org:port", "this is no address"),
    ],
)
def test_a_token_goes_to_no_place_but_a_safe_one(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        ForgeSettings(ForgeKind.GITEA, url, "ml/loans", "token")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("repository", ["", "loans", "ml/../loans", "ml/loans/x", "ml/loans?x=", "/loans", "ml//loans"])
def test_a_repository_is_an_owner_and_a_name(repository: str) -> None:
    with pytest.raises(UsageError, match="repository"):
        ForgeSettings(ForgeKind.GITHUB, "https://api.github.com", repository, "token")


@pytest.mark.parametrize("repository", ["42", "ml/loans", "ml/team/loans"])
def test_at_gitlab_it_may_be_in_groups_or_a_number(repository: str) -> None:
    ForgeSettings(ForgeKind.GITLAB, "https://gitlab.com/api/v4", repository, "token")


@pytest.mark.parametrize("token", ["", "to\nken", "tökен"])
def test_a_token_is_plain_text_in_one_line(token: str) -> None:
    with pytest.raises(UsageError, match="the token is none"):
        ForgeSettings(ForgeKind.GITHUB, "https://api.github.com", "ml/loans", token)


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(ForgeSettings(ForgeKind.GITHUB, "https://api.github.com", "ml/loans", "secret"))
