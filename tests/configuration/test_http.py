"""Where the daemon listens, its tokens and its hooks, as the configuration has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.listening import http_settings
from reconciler.configuration.read import read_configuration
from reconciler.model.configuration import Configuration
from reconciler.model.errors import UsageError
from reconciler.model.http import Forge, Hook, HttpSettings, Listen, Role, Token

from .http_example import HTTP

VARIABLES = {
    "CI": "the secret of ci",
    "HOOK": "the secret of a hook",
    "SHORT": "short",
    "LINES": "two lines\nof secret",
}
CI = "{name: ci, role: operator, secret: {env: CI}}"


def configured(folder: Path, text: str) -> Configuration:
    path = folder / "configuration.yaml"
    path.write_text(text, encoding="utf-8")
    return read_configuration(path, VARIABLES)


def test_all_of_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the secret of grafana\n")
    read = configured(tmp_path, HTTP.replace("TOKEN_FILE", str(tmp_path / "token")))
    assert read.http == HttpSettings(
        Listen("127.0.0.1", 8420),
        (Token("ci", Role.OPERATOR, "the secret of ci"), Token("grafana", Role.VIEWER, "the secret of grafana")),
        {"loans": Hook(Forge.GITEA, "the secret of a hook")},
    )
    assert {"the secret of ci", "the secret of grafana", "the secret of a hook"} <= {*read.secrets}


def test_it_is_off_unless_something_is_said(tmp_path: Path) -> None:
    for text in ("", "http: {}", "hooks: {}"):
        assert configured(tmp_path, text).http == HttpSettings()


TOKEN = "http:\n  tokens:\n  - {name: ci, role: viewer, secret: "


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("http: {listen: nowhere}", "listen", "`nowhere` is no address"),
        ("http: {listn: a}", "listn", "`listn`"),
        ("http:\n  tokens:\n  - {name: ci, secret: {env: CI}}", "{name", "role"),
        ("http:\n  tokens:\n  - {name: ci, role: admin, secret: {env: CI}}", "role", "admin"),
        (f"{TOKEN}plain}}", "secret", ""),
        (f"{TOKEN}{{env: NONE}}}}", "secret", "`NONE` is not set"),
        (f"{TOKEN}{{env: SHORT}}}}", "secret", "too short"),
        (f"{TOKEN}{{env: LINES}}}}", "secret", "cannot stand in a header"),
        (f"http:\n  tokens:\n  - {CI}\n  - {CI.replace('CI', 'HOOK')}", "name", "a token `ci` already"),
        (f"http:\n  tokens:\n  - {CI}\n  - {CI.replace('ci', 'cd')}", "secret", "another token has the same secret"),
        ("hooks: {main: {type: svn, secret: {env: HOOK}}}", "type", "svn"),
        ("hooks: {main: {type: github}}", "main", "secret"),
        (
            "sources: [{name: loans, url: /srv/loans}]\nhooks: {lones: {type: github, secret: {env: HOOK}}}",
            "lones",
            "there is no source `lones`",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, at: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        configured(tmp_path, text)
    before = text[: text.rindex(at)].split("\n")
    assert refused.value.place == f"{tmp_path}/configuration.yaml:{len(before)}:{len(before[-1]) + 1}"
    assert said in refused.value.message
    assert refused.value.hint


def test_the_command_line_says_where_and_the_configuration_all_else(tmp_path: Path) -> None:
    read = configured(tmp_path, f"http: {{listen: 127.0.0.1:1, tokens: [{CI}]}}")
    assert http_settings(read, None).listen == Listen("127.0.0.1", 1)
    assert http_settings(read, "0.0.0.0:2") == HttpSettings(Listen("0.0.0.0", 2), read.http.tokens)  # noqa: S104
    assert http_settings(Configuration(), None).listen is None


def test_other_machines_are_not_let_in_without_a_token(tmp_path: Path) -> None:
    read = configured(tmp_path, 'http: {listen: "0.0.0.0:8420"}')
    with pytest.raises(UsageError, match="other machines") as refused:
        http_settings(read, None)
    assert (refused.value.place or "").endswith("configuration.yaml: http.listen")
    assert http_settings(read, "127.0.0.1:8420").listen == Listen("127.0.0.1", 8420)


def test_hooks_for_which_nothing_listens_are_refused(tmp_path: Path) -> None:
    read = configured(tmp_path, "hooks: {main: {type: github, secret: {env: HOOK}}}")
    with pytest.raises(UsageError, match="nothing listens"):
        http_settings(read, None)
    assert http_settings(read, "127.0.0.1:8420").hooks
