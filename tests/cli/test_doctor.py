"""`doctor`: what this machine has, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from tests.containers.answering import Unversioned, answering

from .program import Answer, process, reconciler

CHECKS = ["reconciler", "git", "uv", "state", "configuration", "engine", "tracking"]


def lines_by_check(answer: Answer) -> dict[str, str]:
    """The rows of the table by what was looked at."""
    rows = [line.split(maxsplit=1) for line in answer.out.splitlines()[1:]]
    return {check: rest for check, rest in rows if not check.endswith(":")}


def findings(answer: Answer) -> dict[str, dict[str, Any]]:
    return {finding["check"]: finding for finding in answer.data}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


@pytest.fixture
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """$DOCKER_HOST names a socket that is not there."""
    host = f"unix://{tmp_path}/gone.sock"
    monkeypatch.setenv("DOCKER_HOST", host)
    return host


def test_a_machine_that_has_all_is_told_so_in_a_table(state: Path) -> None:
    answer = process("doctor", "--state", state, "--engine", "process")
    assert (answer.code, answer.err) == (0, "")
    found = lines_by_check(answer)
    assert list(found) == CHECKS
    assert [check for check, line in found.items() if not line.startswith("ok  ")] == []
    assert found["reconciler"].startswith(f"ok  {__version__} on Python 3.")
    assert found["git"].startswith("ok  git version ")
    assert found["uv"].startswith("ok  uv ")
    assert found["state"].startswith(f"ok  {state}, ")
    assert found["state"].endswith(" free; no daemon runs on it")
    assert found["configuration"] == "ok  none; the defaults hold"
    assert found["engine"] == "ok  process: it is asked for"
    assert found["tracking"] == f"ok  sqlite:///{state}/mlflow/mlflow.db"


def test_programs_are_told_the_same_as_json(state: Path) -> None:
    answer = process("doctor", "--state", state, "--engine", "process", "-o", "json")
    assert (answer.code, answer.err) == (0, "")
    assert [finding["check"] for finding in answer.data] == CHECKS
    assert {tuple(finding) for finding in answer.data} == {("check", "ok", "message", "hint")}
    assert {(finding["ok"], finding["hint"]) for finding in answer.data} == {(True, None)}


def test_processes_reach_an_mlflow_server_without_further_settings(state: Path) -> None:
    uri = "http://ada:s3cret@127.0.0.1:5000"
    answer = reconciler("doctor", "--state", state, "--engine", "process", "--tracking", uri)
    assert answer.code == 0
    assert lines_by_check(answer)["tracking"] == "ok  http://127.0.0.1:5000"
    assert "s3cret" not in answer.out


def test_who_wants_no_tracking_has_none(state: Path) -> None:
    answer = reconciler("doctor", "--state", state, "--engine", "process", "--tracking", "none")
    assert (answer.code, lines_by_check(answer)["tracking"]) == (0, "ok  none")


def test_a_tracking_uri_that_steps_cannot_share_is_wrong(state: Path) -> None:
    answer = reconciler("doctor", "--state", state, "--engine", "process", "--tracking", "mlruns")
    assert answer.code == 1
    assert lines_by_check(answer)["tracking"].startswith("WRONG  mlruns: this is not a tracking URI")
    assert answer.out.splitlines()[-1].startswith("tracking: use sqlite:///FILE")


def test_a_configuration_that_is_right_is_named(state: Path, config: Path) -> None:
    config.write_text("docker: {patience: 30}\n")
    answer = process("doctor", "--state", state, "--config", config, "--engine", "process")
    assert (answer.code, lines_by_check(answer)["configuration"]) == (0, f"ok  {config}")


def test_a_configuration_that_is_wrong_is_told_with_its_line_and_the_rest_is_looked_at(
    state: Path, config: Path
) -> None:
    config.write_text("docker:\n  hots: x\n")
    answer = process("doctor", "--state", state, "--config", config, "--engine", "process")
    assert (answer.code, answer.err) == (1, "")
    found = lines_by_check(answer)
    assert found["configuration"].startswith(f"WRONG  {config}:2:3: `hots` is not known here")
    assert answer.out.splitlines()[-1] == "configuration: did you mean `host`?"
    assert list(found) == CHECKS


def test_what_a_configuration_asks_for_and_is_not_there_is_told_as_json(state: Path, config: Path) -> None:
    config.write_text("docker:\n  registries:\n    host: {username: ada, password: {env: NOT_SET_ANYWHERE}}\n")
    answer = process("doctor", "--state", state, "--config", config, "--engine", "process", "-o", "json")
    assert answer.code == 1
    assert findings(answer)["configuration"] == {
        "check": "configuration",
        "ok": False,
        "message": f"{config}:3:27: the variable `NOT_SET_ANYWHERE` is not set",
        "hint": "set it for the daemon, or mend `env:`",
    }


def test_a_size_of_nothing_in_a_configuration_is_told_with_its_line(state: Path, config: Path) -> None:
    config.write_text("docker:\n  steps: {memory: 0}\n")
    answer = process("doctor", "--state", state, "--config", config, "--engine", "process")
    assert "Traceback" not in answer.err
    assert lines_by_check(answer)["configuration"].startswith(f"WRONG  {config}:2:11: ")


def test_docker_that_is_asked_for_and_gone_is_wrong_with_a_hint(state: Path, no_engine: str) -> None:
    answer = process("doctor", "--state", state, "--engine", "docker")
    assert (answer.code, answer.err) == (1, "")
    said = f"WRONG  no Docker engine answers at {no_engine} ($DOCKER_HOST): no such file or directory"
    assert lines_by_check(answer)["engine"] == said
    assert answer.out.splitlines()[-1].startswith("engine: start it, or name it with $DOCKER_HOST")


def test_left_to_itself_it_says_why_steps_run_as_processes(state: Path, no_engine: str) -> None:
    answer = process("doctor", "--state", state, "--engine", "auto", "-o", "json")
    assert answer.code == 0
    said = findings(answer)["engine"]
    why = f"no Docker engine answers at {no_engine} ($DOCKER_HOST): no such file or directory"
    assert (said["ok"], said["message"], said["hint"]) == (True, f"process: {why}", None)


def test_the_engine_of_the_configuration_is_looked_for(state: Path, config: Path, tmp_path: Path) -> None:
    with answering(tmp_path / "web.sock", Unversioned) as host:
        config.write_text(f"docker: {{host: '{host}'}}\n")
        answer = process("doctor", "--state", state, "--config", config, "--engine", "docker", "-o", "json")
    assert answer.code == 1
    assert f"{host} (docker.host of the configuration): it answers with 200" in findings(answer)["engine"]["message"]


def test_an_engine_that_there_is_not_is_wrong_with_a_hint(state: Path) -> None:
    answer = reconciler("doctor", "--state", state, "--engine", "kubernetes")
    assert answer.code == 1
    assert lines_by_check(answer)["engine"] == "WRONG  there is no engine `kubernetes`"
    assert answer.out.splitlines()[-1] == "engine: choose one of: auto, process, docker"


def test_a_state_that_cannot_be_kept_is_wrong_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = reconciler("doctor", "--state", tmp_path / "file", "--engine", "process")
    assert answer.code == 1
    found = lines_by_check(answer)
    assert found["state"].startswith(f"WRONG  {tmp_path}/file: the state cannot be kept here: ")
    assert list(found) == CHECKS


@pytest.fixture
def older_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a git before the one of this machine that says it is of some version."""

    def put(version: str) -> None:
        program = tmp_path / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho 'git version {version}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_a_git_that_is_too_old_is_wrong(state: Path, older_git: Callable[[str], None]) -> None:
    older_git("2.30.9")
    answer = reconciler("doctor", "--state", state, "--engine", "process", "-o", "json")
    git = findings(answer)["git"]
    assert (answer.code, git["ok"], git["hint"]) == (1, False, "install git 2.31 or newer")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("url: https://git.example.org/a.git", True),
        ("url: /srv/git/a.git, fetch: blobless", True),
        ("url: https://git.example.org/a.git, fetch: full", False),
        ("url: /srv/git/a.git", False),
    ],
)
def test_a_git_that_cannot_complete_a_mirror_is_told_where_one_may_lack_content(
    state: Path, config: Path, older_git: Callable[[str], None], written: str, told: bool
) -> None:
    older_git("2.34.1")
    config.write_text(f"sources: [{{name: loans, {written}}}]\n")
    answer = reconciler("doctor", "--state", state, "--config", config, "--engine", "process", "-o", "json")
    git = findings(answer)["git"]
    assert (answer.code, git["ok"], git["message"]) == (0, True, "git version 2.34.1")
    hint = git["hint"] or ""
    assert (hint.startswith("2.36 or newer is needed"), "those of loans may" in hint) == (told, told)
