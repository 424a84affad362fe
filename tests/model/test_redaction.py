"""What is secret is hidden from texts, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.redaction import Redaction


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@git.example.org/x.git", "https://***@git.example.org/x.git"),
        ("fetch of ssh://robot@host/x and https://tok@h/y", "fetch of ssh://***@host/x and https://***@h/y"),
        ("https://git.example.org/a@b", "https://git.example.org/a@b"),
        ("main@sha1:1a2b3c", "main@sha1:1a2b3c"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwYXNz, next", "authorization: Basic ***, next"),
        ("{'Authorization': 'token ghp_1234'}", "{'Authorization': 'token ***'}"),
        ("X-Gitlab-Token: abc", "X-Gitlab-Token: ***"),
        ("http.extraHeader=Authorization: abc", "http.extraHeader=Authorization: ***"),
        ("the authorization was refused", "the authorization was refused"),
    ],
)
def test_credentials_in_addresses_and_headers(text: str, shown: str) -> None:
    assert Redaction()(text) == shown


def test_known_values_wherever_they_stand() -> None:
    hidden = Redaction(["s3cr3t-token"])
    assert hidden("git said: s3cr3t-token is wrong; xs3cr3t-tokenx") == "git said: *** is wrong; x***x"


def test_the_longer_of_two_values_that_begin_alike() -> None:
    assert Redaction(["abcdef", "abcdef-ghijkl"])("abcdef-ghijkl abcdef") == "*** ***"


def test_each_line_of_a_key_that_has_several() -> None:
    key = "-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\n-----END KEY-----\n"
    assert Redaction([key])("it holds AAAAB3NzaC1yc2E") == "it holds ***"


def test_short_values_are_no_secrets_for_half_of_all_words_hold_them() -> None:
    assert Redaction(["1", "", "robot"])("robot pushed 1 commit") == "robot pushed 1 commit"


def test_what_is_learnt_later_is_hidden_as_well_as_what_was_known() -> None:
    hidden = Redaction(["first-token"])
    hidden.learn(["second-token"])
    assert hidden("first-token second-token") == "*** ***"


@given(st.text(min_size=6).filter(str.strip), st.text(), st.text())
def test_no_known_value_is_ever_shown(secret: str, before: str, after: str) -> None:
    shown = Redaction([secret])(f"{before}{secret}{after}")
    longest = max((line.strip() for line in (secret, *secret.splitlines())), key=len)
    assert len(longest) < 6 or longest not in shown or longest in "***"
