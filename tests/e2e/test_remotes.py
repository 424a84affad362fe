"""The installed daemon on remotes as they are in earnest: OpenSSH's server, and HTTP with a token."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from tests.e2e.program import git, reconciler
from tests.source.git_over_http import serving
from tests.source.sshd import running_sshd

pytestmark = pytest.mark.e2e

PIPELINE = """\
type: pipeline
name: greet
jobs:
  greet:
    type: command
    command: sh run.sh > ${{outputs.text}}
    code: ./src
    outputs: {text: {type: uri_file}}
    environment: {image: python}
"""


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with a pipeline, below `served/`."""
    bare, work = tmp_path / "served" / "origin.git", tmp_path / "work"
    (work / "src").mkdir(parents=True)
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare", "-b", "main")
    git(bare, "config", "uploadpack.allowFilter", "true")
    git(work, "init", "-q", "-b", "main")
    (work / "greet.yaml").write_text(PIPELINE)
    (work / "src" / "run.sh").write_text("echo hello\n")
    git(work, "add", "--all")
    git(work, "commit", "-q", "-m", "A pipeline")
    git(work, "push", "-q", str(bare), "main")
    return bare


def _once(folder: Path, source: str) -> tuple[int, str]:
    """What a daemon says that looks once, of the source and in all."""
    (folder / "config.yaml").write_text(f"sources:\n- {{name: main, {source}}}\n")
    told = ("--config", folder / "config.yaml", "--state", folder / "state", "--engine", "process")
    answer = reconciler("daemon", *told, "--tracking", "none", "--once")
    return answer.code, answer.out + answer.err


def _statuses(folder: Path) -> list[str]:
    return [run["status"] for run in reconciler("runs", "--state", folder / "state", "-o", "json").data()]


def test_a_repository_behind_ssh_is_followed_and_run(origin: Path, tmp_path: Path) -> None:
    with running_sshd(tmp_path / "sshd") as sshd:
        ssh = f"ssh: {{key_file: {sshd.key_file}, known_hosts_file: {sshd.known_hosts_file}}}"
        code, said = _once(tmp_path, f"url: '{sshd.url(origin)}', {ssh}")
    assert code == 0, said
    assert _statuses(tmp_path) == ["succeeded"]
    assert (tmp_path / "state" / "sources" / "main.git" / "blobless").exists()


def test_a_server_that_is_not_known_is_refused_in_words(origin: Path, tmp_path: Path) -> None:
    (tmp_path / "known").write_text("")
    with running_sshd(tmp_path / "sshd") as sshd:
        ssh = f"ssh: {{key_file: {sshd.key_file}, known_hosts_file: {tmp_path}/known}}"
        code, said = _once(tmp_path, f"url: '{sshd.url(origin)}', {ssh}")
    assert code == 1
    assert "put the server's key into the file of known hosts" in said
    assert f"{getpass.getuser()}@127.0.0.1" not in said


def test_a_repository_behind_http_is_followed_with_a_token_and_run_from_what_was_brought(
    origin: Path, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("the-secret\n")
    with serving(tmp_path / "served", credentials="robot:the-secret") as host:
        source = f"url: 'http://{host}/origin.git', username: robot, token: {{file: {tmp_path}/token}}"
        code, said = _once(tmp_path, source)
        assert code == 0, said
    assert _statuses(tmp_path) == ["succeeded"]
    assert "the-secret" not in said
    held = [file for file in (tmp_path / "state").rglob("*") if file.is_file() and b"the-secret" in file.read_bytes()]
    assert held == []
