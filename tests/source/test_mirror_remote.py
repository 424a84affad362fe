"""Remotes as they are in life: over HTTP and SSH, with credentials, silent, gone."""

from __future__ import annotations

import shlex
import socket
import time
import traceback
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.addresses import redacted
from reconciler.source.mirror import Mirror

from .git_over_http import serving
from .git_repository import Repository


def test_a_branch_is_followed_over_http(origin: Repository, tmp_path: Path) -> None:
    first = origin.commit({"a": "1"})
    with serving(tmp_path) as host:
        mirror = Mirror(f"http://{host}/origin.git", "main", tmp_path / "mirror.git")
        assert mirror.remote_head() == mirror.fetch() == first
        second = origin.commit({"a": "2"}, rewrites=True)
        assert mirror.fetch(mirror.remote_head()) == second
    assert mirror.snapshot(second).tree == origin.tree(second)


def test_credentials_in_the_address_open_what_is_closed(origin: Repository, tmp_path: Path) -> None:
    commit = origin.commit({"a": "1"})
    with serving(tmp_path, credentials="ada:correct horse") as host:
        mirror = Mirror(f"http://ada:correct%20horse@{host}/origin.git", "main", tmp_path / "mirror.git")
        assert mirror.fetch() == commit


@pytest.mark.parametrize("given", ["", "ada:the-secret@"])
def test_without_the_right_credentials_the_hint_speaks_of_them_and_nothing_tells_them(
    origin: Repository, tmp_path: Path, given: str
) -> None:
    origin.commit({"a": "1"})
    with serving(tmp_path, credentials="ada:another") as host:
        mirror = Mirror(f"http://{given}{host}/origin.git", "main", tmp_path / "mirror.git")
        with pytest.raises(SourceError) as refused:
            mirror.remote_head()
    assert refused.value.hint == "check the token or the SSH key of the daemon"
    shown = "".join(traceback.format_exception(refused.value))
    assert "the-secret" not in shown
    assert host in shown


def test_credentials_do_not_reach_the_mirror_on_disk(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    directory = tmp_path / "mirror.git"
    with serving(tmp_path, credentials="ada:the-secret") as host:
        Mirror(f"http://ada:the-secret@{host}/origin.git", "main", directory).fetch()
    assert not [file for file in directory.rglob("*") if file.is_file() and b"the-secret" in file.read_bytes()]


def test_an_address_without_a_repository_is_named_with_what_to_check(tmp_path: Path) -> None:
    with serving(tmp_path) as host:
        mirror = Mirror(f"http://{host}/none.git", "main", tmp_path / "mirror.git")
        with pytest.raises(SourceError) as refused:
            mirror.remote_head()
    assert refused.value.place == f"http://{host}/none.git"
    assert refused.value.hint == "check the address; is it a Git repository?"


def test_a_folder_without_a_repository_is_named_with_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        Mirror(str(tmp_path / "none"), "main", tmp_path / "mirror.git").remote_head()
    assert refused.value.place == str(tmp_path / "none")
    assert refused.value.hint == "check the address; is it a Git repository?"


def test_a_server_that_is_down_is_named_with_what_to_check(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SourceError) as refused:
        Mirror(f"http://127.0.0.1:{port}/a.git", "main", tmp_path / "mirror.git").remote_head()
    assert refused.value.hint == "is the network up, and the address right?"
    assert "Failed to connect" in refused.value.message


def test_a_server_that_never_answers_is_given_up_after_a_while(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.git"
        mirror = Mirror(address, "main", tmp_path / "mirror.git", timeout_seconds=0.3)
        started = time.monotonic()
        with pytest.raises(SourceError, match=r"did not answer within 0\.3 seconds") as refused:
            mirror.remote_head()
        assert time.monotonic() - started < 5
        assert refused.value.place == address


def test_after_an_outage_the_branch_is_followed_again(origin: Repository, mirror: Mirror, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    mirror.fetch()
    origin.path.rename(tmp_path / "away")
    with pytest.raises(SourceError):
        mirror.fetch()
    (tmp_path / "away").rename(origin.path)
    commit = origin.commit({"a": "2"})
    assert mirror.fetch() == commit


@pytest.mark.parametrize("address", ["git@example.org:{path}", "ssh://git@example.org{path}"])
def test_over_ssh_the_program_that_the_operator_chose_is_used(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    commit = origin.commit({"a": "1"})
    script = tmp_path / "ssh"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path))}/called\nfor last; do :; done\neval "$last"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(script))
    mirror = Mirror(address.format(path=origin.path), "main", tmp_path / "mirror.git")
    assert mirror.fetch() == commit
    assert "git@example.org" in (tmp_path / "called").read_text()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:secret@example.org/a.git", "https://***@example.org/a.git"),
        ("https://secret@example.org/a.git", "https://***@example.org/a.git"),
        ("cannot read 'https://x:secret@a/b' or ssh://git@c/d", "cannot read 'https://***@a/b' or ssh://***@c/d"),
        ("https://example.org/@scope/a.git", "https://example.org/@scope/a.git"),
        ("git@example.org:a.git", "git@example.org:a.git"),
    ],
)
def test_credentials_are_left_out_of_what_is_shown(text: str, shown: str) -> None:
    assert redacted(text) == shown
