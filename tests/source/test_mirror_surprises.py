"""What remotes, commits and callers may surprise a mirror with."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import psutil
import pytest

from reconciler.model.errors import SourceError
from reconciler.source.mirror import Mirror, redacted

from .git_over_http import serving
from .git_repository import Repository, git


def test_nothing_of_an_unanswered_question_keeps_running(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.git"
        with pytest.raises(SourceError):
            Mirror(address, "main", tmp_path / "mirror.git", timeout_seconds=0.3).remote_head()
        deadline = time.monotonic() + 2
        while _asking(address) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _asking(address) == []


def test_a_branch_whose_name_ends_like_the_followed_one_is_not_taken_for_it(mirror: Mirror, origin: Repository) -> None:
    commit = origin.commit({"a": "1"})
    origin.commit({"a": "2"}, branch="a/refs/heads/main")
    assert mirror.remote_head() == commit


def test_a_token_without_a_password_that_is_refused_is_told_as_such(origin: Repository, tmp_path: Path) -> None:
    with serving(tmp_path, credentials="ada:another") as host, pytest.raises(SourceError) as refused:
        Mirror(f"http://the-secret@{host}/origin.git", "main", tmp_path / "mirror.git").remote_head()
    assert refused.value.hint == "check the token or the SSH key of the daemon"


def test_a_password_with_an_at_sign_is_left_out_as_a_whole() -> None:
    assert redacted("https://ada:p@ss@example.org/a.git") == "https://***@example.org/a.git"


def test_an_ipv6_address_is_an_address(tmp_path: Path) -> None:
    Mirror("ssh://git@[::1]:22/a.git", "main", tmp_path / "mirror.git").close()


@pytest.mark.parametrize("date", ["99999999999999 +0000", "99999999999999999999999 +0000"])
def test_a_commit_from_the_far_future_can_be_described(mirror: Mirror, origin: Repository, date: str) -> None:
    origin.commit({"a": "1"})
    raw = f"tree {origin.tree()}\nauthor X <x@y> {date}\ncommitter X <x@y> {date}\n\nhi\n".encode()
    commit = origin.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=raw)
    origin.git("update-ref", "refs/heads/main", commit)
    mirror.fetch()
    assert mirror.commit(commit).subject == "hi"


def test_a_hook_that_starts_the_program_does_not_lead_the_first_fetch_astray(
    mirror: Mirror, origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = origin.commit({"a": "1"})
    git("init", "--quiet", str(tmp_path / "hooked"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "hooked" / ".git"))
    assert mirror.fetch() == commit


def _asking(address: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if address in (process.info["cmdline"] or [])]
