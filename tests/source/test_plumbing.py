"""What git says when it fails, and what it is told by its environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.plumbing import Git, complaint

from .git_repository import Repository


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("fatal: couldn't find remote ref main\n", "couldn't find remote ref main"),
        ("error: 'a/' has no commit\nhint: try\nfatal: adding failed\n", "adding failed: 'a/' has no commit"),
        ("error: one\nerror: two\n", "one"),
        ("warning: slow\nssh: no route to host\n\n", "ssh: no route to host"),
        ("", "git fetch ended with status 128"),
    ],
)
def test_of_what_git_said_the_end_and_the_first_cause_are_told(said: str, message: str) -> None:
    assert complaint(said.encode(), ("fetch", "--quiet"), 128) == message


def test_a_failure_names_the_repository(origin: Repository) -> None:
    with pytest.raises(SourceError) as failed:
        Git(origin.path).run("rev-parse", "--verify", "refs/heads/none")
    assert failed.value.place == origin.url
    assert failed.value.message == "Needed a single revision"


def test_a_machine_without_git_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError) as failed:
        Git(None).run("version")
    assert failed.value.hint == "install git and see that it is on PATH"


def test_git_speaks_english_and_never_asks(origin: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    told = Git(origin.path, env={"OURS": "1"}).environment({"MORE": "2"})
    assert (told["LC_ALL"], told["GIT_TERMINAL_PROMPT"], told["OURS"], told["MORE"]) == ("C", "0", "1", "2")


def test_what_a_hook_sets_for_its_own_repository_is_left_out(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is git's own; settings that are counted out in the environment are set by people, not by hooks."""
    told = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, check=True, text=True)
    names = [name for name in told.stdout.split() if name != "GIT_CONFIG_COUNT"]
    assert len(names) > 10
    for name in names:
        monkeypatch.setenv(name, str(tmp_path))
    ours = Git(origin.path).environment()
    assert [name for name in names if ours.get(name) == str(tmp_path)] == []


def test_ssh_and_certificates_of_the_operator_are_passed_on(
    origin: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"GIT_SSH_COMMAND": "ssh -i key", "GIT_SSL_CAINFO": "/etc/ca.pem", "SSH_AUTH_SOCK": "/run/agent"}
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    assert chosen.items() <= Git(origin.path).environment().items()
    assert os.environ["PATH"] == Git(origin.path).environment()["PATH"]


def test_an_id_stands_for_one_content_whatever_is_put_in_its_place(origin: Repository) -> None:
    meant, other = origin.blob(b"meant"), origin.blob(b"other")
    origin.git("replace", meant, other)
    assert Git(origin.path).run("cat-file", "blob", meant) == b"meant"
