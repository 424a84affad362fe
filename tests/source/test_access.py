"""Credentials: who gets them, and who never sees them."""

from __future__ import annotations

import shlex
import subprocess
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.followed import Access
from reconciler.source.access import arguments_for, variables_for
from reconciler.source.edited_trees import Author
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch

from .git_over_http import serving
from .git_repository import Repository

TOKEN = 'it\'s "$HOME" `true` %s \\n the-secret'
ACCESS = Access("robot", TOKEN)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_a_token_opens_what_is_closed_whatever_characters_it_has(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    with serving(tmp_path, credentials=f"robot:{TOKEN}") as host:
        mirror = Mirror(f"http://{host}/origin.git", "main", tmp_path / "mirror.git", access=ACCESS)
        assert mirror.remote_head() == mirror.fetch() == commit
    assert not [file for file in _files(tmp_path) if b"the-secret" in file.read_bytes()]


def test_a_wrong_token_is_said_to_be_the_trouble_and_not_told(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    with serving(tmp_path, credentials="robot:another") as host:
        mirror = Mirror(f"http://{host}/origin.git", "main", tmp_path / "mirror.git", access=ACCESS)
        with pytest.raises(SourceError) as refused:
            mirror.remote_head()
    assert refused.value.message == f"Authentication failed for 'http://{host}/origin.git/'"
    assert refused.value.hint == "check the token or the SSH key of the daemon"
    assert "the-secret" not in "".join(traceback.format_exception(refused.value))


def test_helpers_of_the_user_are_not_asked(origin: Repository, tmp_path: Path, user_settings: Path) -> None:
    called = tmp_path / "called"
    user_settings.write_text(f'[credential]\n\thelper = "!echo asked >> {called}; cat >> {called}; true"\n')
    origin.commit({"a": "1"})
    with serving(tmp_path, credentials=f"robot:{TOKEN}") as host:
        assert Mirror(f"http://{host}/origin.git", "main", tmp_path / "m.git", access=ACCESS).remote_head()
    assert not called.exists()


def test_a_token_is_told_to_no_other_server(origin: Repository, tmp_path: Path) -> None:
    """A server may send us to another one, which asks for credentials as well."""
    origin.commit({"a": "1"})
    heard: list[str] = []
    with serving(tmp_path, credentials=f"robot:{TOKEN}") as other:

        class Elsewhere(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(str(self.headers.get("Authorization")))
                self.send_response(302)
                self.send_header("Location", f"http://{other}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is logged."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/origin.git"
            with pytest.raises(SourceError, match=r"could not read Username|Authentication failed"):
                Mirror(address, "main", tmp_path / "m.git", access=ACCESS).remote_head()
        finally:
            server.shutdown()
            server.server_close()
    assert heard


def test_no_secret_is_among_the_arguments() -> None:
    told = arguments_for(ACCESS, "https://example.org/a.git")
    assert not [part for part in told if "the-secret" in part]
    assert "the-secret" in variables_for(ACCESS)["RECONCILER_GIT_TOKEN"]
    assert arguments_for(Access(), "https://example.org/a.git") == []
    assert variables_for(Access()) == {}


def test_pushing_takes_the_same_token(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    with serving(tmp_path, credentials=f"robot:{TOKEN}") as host:
        address = f"http://{host}/origin.git"
        mirror = Mirror(address, "main", tmp_path / "mirror.git", access=ACCESS)
        commit = mirror.fetch()
        assert commit
        branch = OwnBranch(mirror, "bot/edits")
        with pytest.raises(SourceError) as refused:  # this server takes no pushes, but knows who we are
            branch.bring(commit, Author("bot", "bot@example.org"))
    assert "Authentication" not in refused.value.message


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Notes how ssh was called, and runs what was to be run there; the file of notes."""
    called, programs = tmp_path / "called", tmp_path / "bin"
    programs.mkdir()
    script = programs / "ssh"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {shlex.quote(str(called))}\nfor last; do :; done\neval "$last"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("GIT_SSH_COMMAND", "false")  # of the user, and not what the operator says
    return called


@pytest.mark.parametrize("address", ["git@example.org:{path}", "ssh://git@example.org{path}"])
def test_over_ssh_the_key_and_the_known_servers_are_those_that_are_said(
    origin: Repository, tmp_path: Path, ssh: Path, address: str
) -> None:
    commit = origin.commit({"a": "1"})
    access = Access(key_file="/keys of/100%/id", known_hosts_file="/keys of/known")
    mirror = Mirror(address.format(path=origin.path), "main", tmp_path / "mirror.git", access=access)
    assert mirror.fetch() == commit
    options = ssh.read_text().splitlines()
    assert options[1::2][:6] == [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        'IdentityFile="/keys of/100%%/id"',
        "IdentitiesOnly=yes",
        'UserKnownHostsFile="/keys of/known"',
        "GlobalKnownHostsFile=/dev/null",
    ]
    assert options[:12:2] == ["-o"] * 6


def test_ssh_itself_reads_the_paths_as_they_are(tmp_path: Path) -> None:
    """As `ssh -G` says what would count."""
    access = Access(key_file=f"{tmp_path}/100% mine/id", known_hosts_file=f"{tmp_path}/100% mine/known")
    command = shlex.split(variables_for(access)["GIT_SSH_COMMAND"])
    told = subprocess.run([*command, "-G", "example.org"], capture_output=True, text=True, check=True).stdout
    assert f'userknownhostsfile "{tmp_path}/100%% mine/known"' in told or f"{tmp_path}/100% mine/known" in told
    assert "stricthostkeychecking true" in told


def test_a_server_that_is_not_known_is_said_to_be_the_trouble(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "ssh").write_text("#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n")
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    access = Access(known_hosts_file=str(tmp_path / "known"))
    with pytest.raises(SourceError) as refused:
        Mirror(f"ssh://git@example.org{origin.path}", "main", tmp_path / "m.git", access=access).remote_head()
    assert "known hosts" in str(refused.value.hint)
