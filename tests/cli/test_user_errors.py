"""What a person asks for that cannot be: a message and a hint, never a traceback."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

import pytest

from tests.daemon.origin import Origin

from .conftest import Followed
from .lending import FILES
from .program import Answer, process, reconciler


def _is_told(answer: Answer, message: str, hint: str = "") -> None:
    """Two lines: what is wrong, and what to do."""
    assert answer.code == 1
    assert answer.out == ""
    first, second = answer.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("hint: ")
    assert hint in second


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("runs nope", "there is no run and no pipeline `nope`", "reconciler runs"),
        ("runs nope -o json", "there is no run and no pipeline `nope`", "reconciler runs"),
        ("get nope", "there is no kind `nope`", "choose one of: all, source, "),
        ("get pipelines nope", "there is no pipeline `nope`", "reconciler get"),
        ("get all nope -o yaml", "there is no resource `nope`", "reconciler get"),
        ("get pipelin", "there is no kind `pipelin`", "did you mean `pipeline`?"),
        ("describe nope x", "there is no kind `nope`", "choose one of: run, source, component, "),
        ("describe all lending", "there is no kind `all`", "choose one of: "),
        ("describe componet split", "there is no kind `componet`", "did you mean `component`?"),
        ("describe pipeline lendin -o json", "there is no pipeline `lendin`", "did you mean `lending`?"),
        ("describe data zzz", "there is no data `zzz`", "reconciler get data"),
        ("describe schedule zzz", "there is no schedule `zzz`", "reconciler get schedule"),
        ("describe lending-9", "there is no run `lending-9`", "did you mean `lending-"),
        ("describe run zzz", "there is no run `zzz`", "reconciler runs"),
        ("describe lending", "there is no run `lending`", "did you mean `reconciler describe pipeline lending`?"),
        ("describe tools", "there is no run `tools`", "did you mean `reconciler describe environment tools`?"),
        ("describe pipelines", "which pipeline?", "reconciler describe pipeline NAME"),
        ("logs nope", "there is no run and no pipeline `nope`", "reconciler runs"),
        ("logs lending nope", "lending-2 has no step `nope`", "reconciler runs lending-2"),
        ("logs lending 'train[9]'", "lending-2 has no step `train[9]`", ""),
        ("logs lending 'train['", "lending-2 has no step `train[`", ""),
        ("logs environment nope", "there is no environment `nope`", "built: tools"),
        ("logs environment", "the environment has to be named", "built: tools"),
        ("trace nope", "there is no model, pipeline or run `nope`", ""),
        ("reconcile", "no daemon runs on this state", "reconciler daemon --source"),
        ("plan nowhere", "nowhere: there is no such file or folder", ""),
        ("validate nowhere", "nowhere: there is no such file or folder", ""),
        ("apply -f nowhere", "nowhere: there is no such file or folder", ""),
    ],
)
def test_names_that_mean_nothing(followed: Followed, command: str, message: str, hint: str) -> None:
    verb, *rest = shlex.split(command)
    _is_told(reconciler(verb, *rest, "--state", followed.state), message, hint)


@pytest.mark.parametrize("source", ["ext::sh -c touch% /tmp/x", "git+ssh://example.org/x", "-u", "http:/x"])
def test_sources_that_are_no_address(state: Path, source: str) -> None:
    answer = reconciler("daemon", f"--source={source}", "--state", state, "--tracking", "none", "--once")
    _is_told(answer, "this is no address of a Git repository", "https://")


@pytest.mark.parametrize("name", ["local", "", "../x", "a/b", "-a", "a b", "x\n"])
def test_sources_with_a_name_that_cannot_be_a_file_or_is_taken(state: Path, tmp_path: Path, name: str) -> None:
    answer = reconciler("daemon", "--source", tmp_path, f"--name={name}", "--state", state, "--once")
    assert answer.code == 1
    assert answer.err.startswith("error: a source cannot be named")
    assert "hint: " in answer.err
    assert not state.exists()


@pytest.mark.parametrize("uri", ["ftp://example.org", "mlruns", "sqlite:///", "https://", "nonsense://["])
@pytest.mark.parametrize("verb", ["daemon", "apply"])
def test_addresses_of_no_tracking(tmp_path: Path, state: Path, uri: str, verb: str) -> None:
    origin = Origin(tmp_path / "git")
    origin.push(FILES)
    what: list[str | Path] = (
        ["--source", origin.url, "--once"] if verb == "daemon" else ["-f", origin.work_tree / "pipelines"]
    )
    answer = reconciler(verb, *what, "--state", state, f"--tracking={uri}")
    _is_told(answer, "this is not a tracking URI", "mlflow server")


@pytest.mark.parametrize("engine", ["kubernetes", "", "Process"])
def test_engines_that_there_are_not(tmp_path: Path, state: Path, engine: str) -> None:
    answer = reconciler("daemon", "--source", tmp_path, f"--engine={engine}", "--state", state, "--once")
    _is_told(answer, f"there is no engine `{engine}`", "process")


_VERBS = [
    "runs",
    "get",
    "logs x",
    "trace x",
    "reconcile",
    "plan .",
    "validate .",
    "apply -f .",
    "daemon --source . --log-format console",
]


@pytest.mark.parametrize("command", _VERBS)
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/reconciler", "/dev/null"])
def test_a_state_folder_that_cannot_be_one(tmp_path: Path, command: str, place: str) -> None:
    (tmp_path / "file").touch()
    verb, *rest = command.split()
    answer = reconciler(verb, *rest, "--state", tmp_path / place, folder=tmp_path)
    _is_told(answer, f"{tmp_path / place}: the state cannot be kept here: ", "--state")


@pytest.mark.parametrize("command", _VERBS)
def test_a_state_whose_database_is_none(tmp_path: Path, state: Path, command: str) -> None:
    state.mkdir()
    (state / "state.db").write_text("this is no database, but long enough to be taken for one\n" * 100)
    verb, *rest = command.split()
    _is_told(reconciler(verb, *rest, "--state", state, folder=tmp_path), "state.db: the state cannot be opened")


def test_a_state_that_a_newer_program_has_written(state: Path) -> None:
    reconciler("runs", "--state", state)
    with sqlite3.connect(state / "state.db") as database:
        database.execute("PRAGMA user_version=9999")
    database.close()
    _is_told(reconciler("runs", "--state", state), "the state has format 9999", "newer")


@pytest.mark.parametrize("place", ["file", "/proc/reconciler", "full"])
def test_a_folder_in_which_no_repository_can_be_laid_out(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full" / "repo").mkdir(parents=True)
    (tmp_path / "full" / "repo" / "mine.txt").touch()
    _is_told(reconciler("init", tmp_path / place), "the folder ", "choose a new folder")


@pytest.mark.parametrize(
    "command",
    [
        "nope",
        "plan --nope",
        "runs -o xml",
        "runs -n 0",
        "logs",
        "logs x --tail 0",
        "daemon",
        "daemon --source",
        "daemon --source x --interval 0",
        "daemon --source x --max-parallel 0",
        "apply",
        "init",
        "reconcile --timeout 0",
    ],
)
def test_usage_errors_end_with_status_2_and_name_what_is_wrong(command: str) -> None:
    answer = reconciler(*command.split())
    assert answer.code == 2
    assert answer.out == ""
    assert "Error: " in answer.err


def test_the_real_program_says_it_in_two_lines_as_well(followed: Followed) -> None:
    answer = process("trace", "nope", "--state", followed.state)
    _is_told(answer, "there is no model, pipeline or run `nope`")
