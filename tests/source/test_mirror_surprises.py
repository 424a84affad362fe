"""What remotes, commits and callers may surprise a mirror with."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import psutil
import pytest

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Commit
from reconciler.source.addresses import redacted
from reconciler.source.mirror import Mirror

from .git_over_http import serving
from .git_repository import Repository, git

AUTHORED = "2023-11-14T22:13:20Z"


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


def test_a_repository_with_ids_of_sha_256_is_followed(origin: Repository, tmp_path: Path) -> None:
    longer = Repository(tmp_path / "longer.git", object_format="sha256")
    first = longer.commit({"code/a": "1", "b": "x"}, message="The first\n\nMore of it")
    longer.git("tag", "component/a/v1.0.0", first)
    second = longer.commit({"code/a": "2", "b": "x"}, message="The second", author="Zo\u00eb <zoe@example.org>")
    with serving(tmp_path) as host:
        for url, name in ((longer.url, "one.git"), (f"http://{host}/longer.git", "another.git")):
            mirror = Mirror(url, "main", tmp_path / name)
            assert mirror.fetch() == second
            assert len(second) == 64
            snapshot = mirror.snapshot(second, mirror.snapshot(first))
            assert mirror.objects.read(snapshot.entries["code/a"].oid) == b"2"
            assert mirror.commit(second) == Commit(second, "Zo\u00eb <zoe@example.org>", AUTHORED, "The second")
            assert mirror.last_change(second, ["b"]) == mirror.commit(first)
            assert mirror.tags.ids_at([(first, "code/a")]) == [longer.git("rev-parse", f"{first}:code/a")]
            mirror.objects.export_tree(snapshot.entries["code"].oid, tmp_path / f"{name}.code")
            assert (tmp_path / f"{name}.code" / "a").read_text() == "2"
            mirror.close()


def test_a_commit_in_another_encoding_is_read_as_it_was_written(mirror: Mirror, origin: Repository) -> None:
    origin.commit({"a": "1"})
    head = f"tree {origin.tree()}\nauthor Zo\u00eb <z@y> 1700000000 +0000\ncommitter Zo\u00eb <z@y> 1700000000 +0000\n"
    raw = f"{head}encoding ISO-8859-1\n\nGr\u00fc\u00dfe\n".encode("latin-1")
    commit = origin.git("hash-object", "-t", "commit", "-w", "--stdin", given=raw)
    origin.git("update-ref", "refs/heads/main", commit)
    mirror.fetch()
    assert (mirror.commit(commit).author, mirror.commit(commit).subject) == ("Zo\u00eb <z@y>", "Gr\u00fc\u00dfe")


@pytest.mark.parametrize("author", ["", "X", "X <x@y>", "X <x@y> soon +0000", "<> 5 +0000"])
def test_a_commit_whose_author_nobody_can_read_is_one_all_the_same(
    mirror: Mirror, origin: Repository, author: str
) -> None:
    origin.commit({"a": "1"})
    raw = f"tree {origin.tree()}\nauthor {author}\ncommitter X <x@y> 5 +0000\n\nhi\n".encode()
    commit = origin.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=raw)
    origin.git("update-ref", "refs/heads/main", commit)
    mirror.fetch()
    assert mirror.commit(commit).subject == "hi"
