"""A step as a container: what it is given, and how its end is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.containers import labels
from reconciler.containers.connection import Connection
from reconciler.engines.base import Exit, ExitReason
from reconciler.execution.processes import launched
from reconciler.model.errors import ImageMissingError
from reconciler.model.resources import Processes

from .tasks import Bench


@pytest.mark.parametrize(
    ("command", "reason", "code", "message"),
    [
        ("true", ExitReason.COMPLETED, 0, "completed"),
        ("exit 3", ExitReason.FAILED, 3, "exited with status 3"),
        ("no-such-program --flag", ExitReason.FAILED, 127, "exited with status 127"),
        ("kill -KILL $$", ExitReason.FAILED, 137, "was killed by signal 9 (SIGKILL)"),
        ("false | true", ExitReason.COMPLETED, 0, "completed"),
        ("false && true", ExitReason.FAILED, 1, "exited with status 1"),
    ],
)
def test_how_a_command_ends_is_told_as_by_the_process_engine(
    bench: Bench, command: str, reason: ExitReason, code: int, message: str
) -> None:
    assert bench.run(bench.task(command)) == Exit(reason, code, message)


def test_all_that_a_step_prints_is_in_its_log(bench: Bench) -> None:
    task = bench.task("echo out; echo err >&2; exit 1")
    bench.run(task)
    assert task.log.read_text() == "out\nerr\n"


def test_a_step_runs_in_its_code_folder_and_cannot_change_it(bench: Bench, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "run.sh").write_text("echo found; touch run.sh new 2>&1 | wc -l")
    assert bench.said("pwd; sh run.sh", code_folder=code) == "/reconciler/code\nfound\n2\n"
    assert [path.name for path in code.iterdir()] == ["run.sh"]


def test_a_step_may_write_to_the_folders_of_its_code_that_are_kept(bench: Bench) -> None:
    task = bench.task("! echo more >> run.sh && echo a > outputs/a && ! mkdir new && pwd")
    code = task.folder / "code"
    (code / "outputs").mkdir(parents=True)
    (code / "run.sh").write_text("echo found\n")
    own = replace(task, code_folder=code, writable=(code / "outputs",))
    assert bench.run(own).reason is ExitReason.COMPLETED
    assert own.log.read_text().endswith("/reconciler/code\n")
    assert (code / "run.sh").read_text() == "echo found\n"
    assert (code / "outputs" / "a").read_text() == "a\n"


def test_several_processes_find_each_other_in_one_container(bench: Bench) -> None:
    command = 'echo "$RANK of $WORLD_SIZE"; [ "$RANK" -lt 2 ] || { echo no luck >&2; exit 5; }; sleep 1000'
    text, variables = launched(command, Processes("pytorch", 3, 1), [29500, 29501, 29502])
    task = bench.task(text, variables=variables)
    assert bench.run(task) == Exit(ExitReason.FAILED, 5, "exited with status 5")
    said = task.log.read_text()
    assert "[2] no luck\n" in said
    assert "-- process 2 ended with status 5, so the others are ended --\n" in said
    text, variables = launched('echo "$RANK at $MASTER_PORT"', Processes("mpi", 1, 2), [29500, 29501])
    done = bench.task(text, variables=variables)
    assert bench.run(done).reason is ExitReason.COMPLETED
    assert sorted(done.log.read_text().splitlines()) == ["[0] 0 at 29500", "[1] 1 at 29500"]


def test_inputs_are_read_only_and_outputs_are_taken_out(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2\n")
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "part").write_text("3\n")
    task = bench.task(
        "cd /reconciler; cat inputs/raw/data.csv inputs/parts/part > outputs/all"
        " && ! touch inputs/raw/data.csv && ! touch inputs/parts/new",
        inputs={"inputs/raw/data.csv": tmp_path / "data.csv", "inputs/parts": folder},
    )
    assert bench.run(task).reason is ExitReason.COMPLETED
    assert (task.folder / "outputs" / "all").read_text() == "1,2\n3\n"
    assert [path.name for path in folder.iterdir()] == ["part"]


def test_a_step_without_code_runs_in_a_folder_that_it_may_write_to(bench: Bench) -> None:
    assert bench.said("touch here && pwd") == "/reconciler\n"


def test_variables_reach_the_step_whatever_is_in_them(bench: Bench) -> None:
    value = "a b'c\"d$e\n`f`"
    assert bench.said('printf %s "$GIVEN"', variables={"GIVEN": value}) == value


def test_a_container_tells_what_it_is_of(bench: Bench, connection: Connection, state_id: str) -> None:
    task = bench.task("sleep 30")
    handle = bench.engine.start(task)
    try:
        told = connection.api.inspect_container(handle)["Config"]["Labels"]
        assert told[labels.STATE] == state_id
        assert (told[labels.PIPELINE], told[labels.RUN], told[labels.STEP]) == ("loans", "loans-1", "train")
        assert told[labels.FINGERPRINT] == "f" * 64
    finally:
        bench.engine.cancel(handle)


def test_a_container_is_removed_when_its_end_is_noted(bench: Bench, connection: Connection, state_id: str) -> None:
    bench.run(bench.task("true"))
    bench.engine.close()
    assert connection.api.containers(all=True, filters={"label": f"{labels.STATE}={state_id}"}) == []


def test_the_handle_is_told_before_anything_executes(bench: Bench, connection: Connection) -> None:
    states: list[str] = []
    task = bench.task("true")

    def keep(handle: str) -> None:
        states.append(connection.api.inspect_container(handle)["State"]["Status"])

    assert bench.engine.wait(task, bench.engine.start(task, keep)).reason is ExitReason.COMPLETED
    assert states == ["created"]


def test_a_step_that_takes_too_long_is_ended(bench: Bench) -> None:
    task = bench.task("echo begun; sleep 60", timeout_seconds=1.0)
    ended = bench.run(task)
    assert ended == Exit(ExitReason.TIMED_OUT, None, "took longer than its time limit of 1 second")
    assert task.log.read_text().startswith("begun\n")


def test_an_image_that_is_gone_is_a_reason_of_its_own(bench: Bench) -> None:
    with pytest.raises(ImageMissingError, match="the image of its environment is gone"):
        bench.engine.start(replace(bench.task("true"), environment="sha256:" + "0" * 64))


def test_an_image_without_a_shell_is_told_as_such(bench: Bench, connection: Connection) -> None:
    task = replace(bench.task("true"), environment=_empty(connection))
    assert bench.run(task).code == 127
    assert "exec sh failed: No such file or directory" in task.log.read_text()


def _empty(connection: Connection) -> str:
    """An image with one file that is no program."""
    import io
    import tarfile

    archive = io.BytesIO()
    with tarfile.open(mode="w", fileobj=archive) as tar:
        entry = tarfile.TarInfo("etc/nothing")
        tar.addfile(entry)
    archive.seek(0)
    connection.api.import_image_from_data(archive, repository="reconciler-test/empty", tag="1")
    return "reconciler-test/empty:1"
