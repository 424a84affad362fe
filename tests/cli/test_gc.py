"""`gc`: environments that nothing needs any more, removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reconciler.state.environments import BUILDING, READY, EnvironmentState
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.containers.answering import answering
from tests.daemon.daemon_process import DaemonProcess, until
from tests.daemon.origin import Origin, pipeline
from tests.engines.tasks import is_running

from .conftest import Followed
from .lending import FILES, TOOLS
from .program import process, reconciler

LEFT, LEFT_DIGEST = "0123456789ab", "0123456789ab" + "0" * 52
NOTHING = "nothing to remove\n"


@pytest.fixture
def kept(followed: Followed, tmp_path: Path) -> Path:
    """The state of a followed source, to be changed: one environment, which all its runs needed."""
    copied = tmp_path / "kept"
    shutil.copytree(followed.state, copied, symlinks=True)
    return copied


def environments(state: Path) -> list[str]:
    """The digests of what is built, as far as folders tell."""
    return sorted(path.name for path in (state / "environments").iterdir() if path.is_dir())


def leave(state: Path, name: str = LEFT) -> int:
    """Leave an environment behind that nothing needs; gives its size."""
    folder = state / "environments" / name / "lib"
    folder.mkdir(parents=True)
    (folder / "large.so").write_bytes(b"x" * 5000)
    (folder / "link.so").symlink_to("large.so")
    return sum(path.lstat().st_size for path in folder.parent.rglob("*"))


def note(state: Path, status: str, engine: str = "process") -> None:
    """Note a build of the environment that is left."""
    opened = State(StateFolder(state))
    opened.environments.save(EnvironmentState(engine, LEFT_DIGEST, "old", "1.0.0", status, started=1.0))
    opened.close()


def noted(state: Path) -> set[tuple[str, str]]:
    opened = State(StateFolder(state))
    try:
        return {(environment.engine, environment.digest[:12]) for environment in opened.environments.all()}
    finally:
        opened.close()


def test_what_a_followed_revision_needs_stays(kept: Path) -> None:
    before = environments(kept)
    assert len(before) == 1
    answer = reconciler("gc", "--state", kept)
    assert (answer.code, answer.out, answer.err) == (0, NOTHING, "")
    assert environments(kept) == before


def test_a_state_in_which_nothing_was_built_has_nothing_to_remove(state: Path) -> None:
    answer = process("gc", "--state", state)
    assert (answer.code, answer.out, answer.err) == (0, NOTHING, "")
    assert reconciler("gc", "--state", state, "-o", "json").data == []


def test_what_nothing_needs_is_removed_and_told_with_its_size(kept: Path) -> None:
    before = environments(kept)
    leave(kept)
    answer = process("gc", "--state", kept)
    assert (answer.code, answer.err) == (0, "")
    header, row, end = answer.out.splitlines()
    assert header.split() == ["KIND", "NAME", "SIZE"]
    kind, name, size, unit, verb = row.split()
    assert (kind, name, unit, verb) == ("environment", LEFT, "KiB", "removed")
    assert end == f"1 removed, up to {size} {unit}"
    assert environments(kept) == before
    assert reconciler("gc", "--state", kept).out == NOTHING


def test_several_are_told_by_name_with_their_sum(kept: Path) -> None:
    sizes = {name: leave(kept, name) for name in (LEFT, "fedcba987654")}
    answer = reconciler("gc", "--state", kept, "-o", "json")
    assert answer.data == [
        {"kind": "environment", "name": name, "bytes": size, "removed": True} for name, size in sizes.items()
    ]


def test_a_dry_run_shows_what_would_be_removed_and_removes_nothing(kept: Path) -> None:
    size = leave(kept)
    note(kept, READY)
    before, known = environments(kept), noted(kept)
    answer = reconciler("gc", "--state", kept, "--dry-run")
    assert answer.code == 0
    _, row, end = answer.out.splitlines()
    assert row.startswith(f"environment  {LEFT}  ")
    assert row.endswith("  would be removed")
    assert end.startswith("1 would be removed, up to ")
    said = reconciler("gc", "--state", kept, "--dry-run", "-o", "json")
    assert (said.code, said.data) == (
        0,
        [{"kind": "environment", "name": LEFT, "bytes": size, "removed": False}],
    )
    assert (environments(kept), noted(kept)) == (before, known)


def test_the_record_forgets_what_was_removed_and_of_this_engine_alone(kept: Path) -> None:
    leave(kept)
    note(kept, READY)
    note(kept, READY, "docker")
    needed = noted(kept) - {("process", LEFT), ("docker", LEFT)}
    assert reconciler("gc", "--state", kept).code == 0
    assert noted(kept) == needed | {("docker", LEFT)}


def test_what_is_being_built_stays(kept: Path) -> None:
    leave(kept)
    note(kept, BUILDING)
    assert reconciler("gc", "--state", kept).out == NOTHING
    assert LEFT in environments(kept)


def test_only_folders_of_environments_are_touched(kept: Path) -> None:
    (kept / "environments" / "notes.txt").write_text("mine")
    assert reconciler("gc", "--state", kept).out == NOTHING
    assert (kept / "environments" / "notes.txt").exists()


def test_the_next_run_needs_no_new_build_after_it(kept: Path, followed: Followed) -> None:
    leave(kept)
    reconciler("gc", "--state", kept)
    done = process("daemon", "--source", followed.origin.url, "--state", kept, "--tracking", "none", "--once")
    assert "building" not in done.out
    assert environments(kept) != []


@pytest.fixture
def changed(tmp_path: Path, state: Path) -> Path:
    """A state whose environment was changed by a second revision: two are built, one is needed."""
    origin = Origin(tmp_path / "git")
    newer = TOOLS.replace("1.0.0", "1.1.0").replace("image: python", "image: python:3.12")
    for files in (FILES, {"environments/tools.yaml": newer}):
        origin.push(files)
        done = process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
        assert done.code == 0, done.out + done.err
    assert len(environments(state)) == 2
    return state


def test_an_environment_that_a_newer_revision_replaced_is_removed(changed: Path) -> None:
    before = set(environments(changed))
    (removed,) = reconciler("gc", "--state", changed, "-o", "json").data
    assert set(environments(changed)) == before - {removed["name"]}
    assert removed["bytes"] > 1000
    assert reconciler("gc", "--state", changed).out == NOTHING
    assert reconciler("get", "environments", "--state", changed, "-o", "json").data[0]["version"] == "1.1.0"


def test_the_environments_of_as_many_runs_as_are_asked_for_stay(changed: Path) -> None:
    assert reconciler("gc", "--state", changed, "--keep-runs", "2").out == NOTHING
    assert len(environments(changed)) == 2


def test_what_a_work_tree_was_run_with_stays(tmp_path: Path, state: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        "type: pipeline\nname: quiet\njobs: {list: {command: ls, environment: {image: python}}}\n"
    )
    applied = reconciler("apply", "-f", tmp_path / "pipeline.yaml", "--state", state, "--tracking", "none")
    assert applied.code == 0, applied.out + applied.err
    assert reconciler("gc", "--state", state).out == NOTHING
    assert len(environments(state)) == 1


def test_nothing_is_removed_while_a_followed_revision_cannot_be_read(kept: Path) -> None:
    leave(kept)
    shutil.rmtree(kept / "sources")
    answer = reconciler("gc", "--state", kept)
    assert (answer.code, answer.out) == (1, "")
    first, second = answer.err.splitlines()
    assert first.startswith("error: main: the revision ")
    assert second == "hint: reconcile the source first, so that its mirror is whole"
    assert LEFT in environments(kept)


@pytest.mark.parametrize("count", ["0", "-1", "all"])
def test_at_least_the_newest_run_of_a_pipeline_is_kept(state: Path, count: str) -> None:
    assert reconciler("gc", "--state", state, f"--keep-runs={count}").code == 2


def test_what_a_daemon_runs_is_never_ended_whatever_engine_is_named(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin, pid_file = Origin(tmp_path / "git"), tmp_path / "pid"
    origin.push({"slow.yaml": pipeline(f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; sleep 600")})
    with DaemonProcess(origin.url, state), answering(tmp_path / "docker.sock") as host:
        until(pid_file.exists)
        pid = int(pid_file.read_text())
        monkeypatch.setenv("DOCKER_HOST", host)
        reconciler("gc", "--state", state, "--engine", "docker", "--dry-run")
        is_still_running = is_running(pid)
        reconciler("cancel", "greet", "--state", state, "--tracking", "none")
    assert is_still_running


def test_the_engine_of_the_state_stays_the_one_that_ran_steps_last(kept: Path) -> None:
    opened = State(StateFolder(kept))
    opened.settings.engine = "docker"
    opened.close()
    reconciler("gc", "--state", kept, "--engine", "process", "--dry-run")
    opened = State(StateFolder(kept))
    engine = opened.settings.engine
    opened.close()
    assert engine == "docker"


@pytest.fixture
def limited(tmp_path: Path) -> Path:
    """A configuration that keeps no more outputs than are needed, and one run."""
    file = tmp_path / "config.yaml"
    file.write_text("retention: {cache_bytes: 1, runs: 1}\n")
    return file


def test_outputs_and_runs_beyond_the_limits_go_and_what_is_current_stays(
    tmp_path: Path, state: Path, limited: Path
) -> None:
    origin = Origin(tmp_path / "git")
    for number in range(2):
        origin.push({"greet.yaml": pipeline("true").replace("7", str(number))})
        done = process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
        assert done.code == 0, done.out + done.err
    told = reconciler("gc", "--state", state, "--config", limited, "--dry-run", "-o", "json").data
    assert [(each["kind"], each["removed"]) for each in told] == [("output", False), ("run", False)]
    gone = reconciler("gc", "--state", state, "--config", limited, "-o", "json").data
    assert [{**each, "removed": False} for each in gone] == told
    assert gone[0]["bytes"] > 0
    assert [run["id"] for run in reconciler("runs", "--state", state, "-o", "json").data] == ["greet-2"]
    opened = State(StateFolder(state))
    (kept,) = opened.runs.steps("greet-2")
    assert [digest for digest, _ in opened.outputs.all()] == list(kept.outputs.values())
    opened.close()
    assert reconciler("gc", "--state", state, "--config", limited).out == NOTHING
