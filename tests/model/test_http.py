"""Addresses to listen at, as they are written."""

from __future__ import annotations

import pytest

from reconciler.model.http import Forge, Hook, Listen, Role, Token


@pytest.mark.parametrize(
    ("text", "listen", "is_private"),
    [
        ("127.0.0.1:8420", Listen("127.0.0.1", 8420), True),
        ("127.8.9.1:0", Listen("127.8.9.1", 0), True),
        ("localhost:8420", Listen("localhost", 8420), True),
        ("[::1]:8420", Listen("::1", 8420), True),
        ("unix:/run/http.sock", Listen(path="/run/http.sock"), True),
        ("0.0.0.0:8420", Listen("0.0.0.0", 8420), False),  # noqa: S104
        ("[::]:8420", Listen("::", 8420), False),
        ("reconciler.example.org:443", Listen("reconciler.example.org", 443), False),
        ("localhost.example.org:443", Listen("localhost.example.org", 443), False),
    ],
)
def test_an_address_is_read_and_written_again(text: str, listen: Listen, is_private: bool) -> None:
    assert Listen.parse(text) == listen
    assert str(listen) == text
    assert listen.is_private is is_private


@pytest.mark.parametrize(
    "text",
    [
        *("", "8420", ":8420", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1"),
        *("localhost:٣", "::1:8420", "[a:b]:1", "[localhost]:1", "unix:", "unix:a"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no address|no file"):
        Listen.parse(text)


def test_secrets_are_not_shown() -> None:
    assert "hush" not in f"{Token('ada', Role.VIEWER, 'hush')!r}{Hook(Forge.GITHUB, 'hush')!r}"
