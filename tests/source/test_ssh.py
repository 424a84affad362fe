"""Repositories behind OpenSSH's own server: who may come in, and that nobody is ever asked anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.followed import Access
from reconciler.source.addresses import redacted
from reconciler.source.edited_trees import Author, commit_edits
from reconciler.source.mirror import Mirror
from reconciler.source.own_branch import OwnBranch

from .git_repository import Repository
from .sshd import Sshd, new_key, running_sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


@pytest.fixture
def access(sshd: Sshd) -> Access:
    return Access(key_file=str(sshd.key_file), known_hosts_file=str(sshd.known_hosts_file))


def _refused(sshd: Sshd, origin: Repository, folder: Path, access: Access) -> SourceError:
    mirror = Mirror(sshd.url(origin.path), "main", folder / "mirror.git", timeout_seconds=60, access=access)
    with pytest.raises(SourceError) as refused:
        mirror.remote_head()
    assert "did not answer" not in refused.value.message
    assert not mirror.git.git_dir or not mirror.git.git_dir.exists()
    return refused.value


def test_a_repository_is_followed_with_a_key_and_a_known_server(
    sshd: Sshd, origin: Repository, tmp_path: Path, access: Access
) -> None:
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.commit({"a": "1", "code/b": "2"})
    mirror = Mirror(sshd.url(origin.path), "main", tmp_path / "mirror.git", access=access)
    mirror.fetch()
    commit = origin.commit({"a": "2", "code/b": "3"})
    assert mirror.fetch() == commit
    entries = mirror.snapshot(commit).entries
    assert mirror.fetcher.missing(entry.oid for entry in entries.values()) == [entries["a"].oid, entries["code/b"].oid]
    mirror.objects.export_tree(entries["code"].oid, tmp_path / "code")
    assert (tmp_path / "code" / "b").read_text() == "3"
    assert mirror.fetcher.missing([entries["a"].oid])
    mirror.close()


def test_of_a_server_that_gives_no_content_by_itself_everything_is_fetched(origin: Repository, tmp_path: Path) -> None:
    """As with an sshd that does not let git say which version of its protocol it speaks."""
    origin.git("config", "uploadpack.allowFilter", "true")
    commit = origin.commit({"a": "1", "b": "2"})
    with running_sshd(tmp_path / "server", accepted="LANG") as sshd:
        access = Access(key_file=str(sshd.key_file), known_hosts_file=str(sshd.known_hosts_file))
        mirror = Mirror(sshd.url(origin.path), "main", tmp_path / "mirror.git", access=access)
        mirror.fetch()
        assert mirror.fetcher.is_blobless
        assert mirror.objects.read(mirror.snapshot(commit).entries["a"].oid) == b"1"
        assert not mirror.fetcher.is_blobless
        assert mirror.fetcher.missing(entry.oid for entry in mirror.snapshot(commit).entries.values()) == []
        another = origin.commit({"c": "3"})
        assert mirror.fetch() == another
        assert not mirror.fetcher.missing([mirror.snapshot(another).entries["c"].oid])
        mirror.close()


def test_edits_are_pushed_with_the_same_key(sshd: Sshd, origin: Repository, tmp_path: Path, access: Access) -> None:
    commit = origin.commit({"a": "1"})
    mirror = Mirror(sshd.url(origin.path), "main", tmp_path / "mirror.git", access=access)
    mirror.fetch()
    bot = Author("bot", "bot@example.org")
    assert OwnBranch(mirror, "bot/edits").bring(commit_edits(mirror.git, commit, {"a": b"2"}, "Edit", bot), bot)
    assert origin.git("show", "bot/edits:a") == "2"


def test_a_server_that_is_not_known_is_refused(sshd: Sshd, origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    (tmp_path / "known").write_text("")
    access = Access(key_file=str(sshd.key_file), known_hosts_file=str(tmp_path / "known"))
    refusal = _refused(sshd, origin, tmp_path, access)
    hint = "put the server's key into the file of known hosts, once you know that it is the right one"
    assert (refusal.place, refusal.hint) == (redacted(sshd.url(origin.path)), hint)
    assert (tmp_path / "known").read_text() == ""


def test_a_server_that_shows_another_key_than_the_known_one_is_refused(
    sshd: Sshd, origin: Repository, tmp_path: Path
) -> None:
    origin.commit({"a": "1"})
    other = new_key(tmp_path / "other").with_suffix(".pub").read_text()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sshd.port} {other}")
    access = Access(key_file=str(sshd.key_file), known_hosts_file=str(tmp_path / "known"))
    assert "known hosts" in (_refused(sshd, origin, tmp_path, access).hint or "")


def test_a_key_that_opens_nothing_is_said_to_be_the_trouble(sshd: Sshd, origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    key = new_key(tmp_path / "wrong")
    access = Access(key_file=str(key), known_hosts_file=str(sshd.known_hosts_file))
    refusal = _refused(sshd, origin, tmp_path, access)
    assert "Permission denied" in refusal.message
    assert refusal.hint == "check the token or the SSH key of the daemon"


def test_nobody_is_asked_for_the_passphrase_of_a_key(sshd: Sshd, origin: Repository, tmp_path: Path) -> None:
    origin.commit({"a": "1"})
    key = new_key(tmp_path / "locked", passphrase="a long one")
    access = Access(key_file=str(key), known_hosts_file=str(sshd.known_hosts_file))
    assert "Permission denied" in _refused(sshd, origin, tmp_path, access).message


def test_nobody_is_asked_for_a_password_where_the_daemons_user_has_no_key(
    sshd: Sshd, origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.commit({"a": "1"})
    options = f"-F none -o UserKnownHostsFile={sshd.known_hosts_file} -o PubkeyAuthentication=no"
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh {options}")
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("DISPLAY", ":0")
    refusal = _refused(sshd, origin, tmp_path, Access())
    assert refusal.hint == "check the token or the SSH key of the daemon"
