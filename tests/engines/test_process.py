"""How a step ends, and what it is given."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.engines.base import Exit, ExitReason
from reconciler.engines.process import ProcessEngine
from reconciler.model.errors import EngineError
from reconciler.state.log_tail import log_tail

from .tasks import Runner, make_task


@pytest.mark.parametrize(
    ("command", "reason", "code", "message"),
    [
        ("true", ExitReason.COMPLETED, 0, "completed"),
        ("exit 1", ExitReason.FAILED, 1, "exited with status 1"),
        ("exit 3", ExitReason.FAILED, 3, "exited with status 3"),
        ("exit 128", ExitReason.FAILED, 128, "exited with status 128"),
        ("exit 255", ExitReason.FAILED, 255, "exited with status 255"),
        ("kill -SEGV $$", ExitReason.FAILED, 139, "was killed by signal 11 (SIGSEGV)"),
        ("kill -KILL $$", ExitReason.FAILED, 137, "was killed by signal 9 (SIGKILL)"),
        ("kill -TERM $$", ExitReason.FAILED, 143, "was killed by signal 15 (SIGTERM)"),
        ("false | true", ExitReason.COMPLETED, 0, "completed"),
        ("false && true", ExitReason.FAILED, 1, "exited with status 1"),
    ],
)
def test_how_a_command_ends_is_told_in_words(
    run: Runner, command: str, reason: ExitReason, code: int, message: str
) -> None:
    assert run(command).exit == Exit(reason, code, message)


def test_a_program_that_is_missing_fails_with_its_name_in_the_log(run: Runner) -> None:
    ended = run("no-such-program --flag")
    assert ended.exit == Exit(ExitReason.FAILED, 127, "exited with status 127")
    assert "no-such-program: not found" in ended.text


def test_the_kernel_is_believed_where_the_whole_shell_was_killed(engine: ProcessEngine, tmp_path: Path) -> None:
    task = make_task(tmp_path, "kill -KILL $PPID; sleep 100")
    assert engine.wait(task, engine.start(task)) == Exit(ExitReason.FAILED, 137, "was killed by signal 9 (SIGKILL)")


def test_an_exit_status_of_an_earlier_execution_in_the_folder_is_not_taken_for_this_one(run: Runner) -> None:
    assert run("true").exit.reason is ExitReason.COMPLETED
    assert run("kill -KILL $PPID").exit.reason is ExitReason.FAILED


def test_the_end_of_the_log_tells_what_a_failed_step_said_last(run: Runner, tmp_path: Path) -> None:
    run('python -c \'print("reading"); raise ValueError("no column `loan_status`")\'')
    assert log_tail(tmp_path / "log").splitlines()[0] == "reading"
    assert log_tail(tmp_path / "log").splitlines()[-1] == "ValueError: no column `loan_status`"


def test_a_command_runs_in_its_code_folder(run: Runner, tmp_path: Path) -> None:
    code = tmp_path / "some code"
    code.mkdir()
    (code / "run.py").write_text("print('found')")
    assert run("python run.py && pwd", code_folder=code).text == f"found\n{code}\n"


def test_a_command_without_code_runs_in_a_folder_of_its_own(run: Runner, tmp_path: Path) -> None:
    assert run("pwd").text == f"{tmp_path / 'task'}\n"


def test_a_command_reads_nothing_from_the_terminal(run: Runner) -> None:
    assert run("cat; echo done").text == "done\n"


@pytest.mark.parametrize(
    ("command", "variables"),
    [("echo \0", {}), ("true", {"NAME": "a\0b"}), ("true", {"A=B": "c"}), (f": {'x' * 3_000_000}", {})],
    ids=["a NUL in the command", "a NUL in a value", "an = in a name", "a command longer than the kernel takes"],
)
def test_what_no_process_can_be_given_is_refused_in_words(
    engine: ProcessEngine, tmp_path: Path, command: str, variables: dict[str, str]
) -> None:
    with pytest.raises(EngineError, match="the step cannot be started: ") as refused:
        engine.start(make_task(tmp_path, command, variables=variables))
    assert refused.value.place == tmp_path.name
    assert refused.value.hint


def test_a_code_folder_that_is_gone_is_named(engine: ProcessEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="code-of-yesterday"):
        engine.start(make_task(tmp_path, "true", code_folder=tmp_path / "code-of-yesterday"))


def test_a_log_that_cannot_be_written_is_named(engine: ProcessEngine, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    with pytest.raises(EngineError, match="log"):
        engine.start(make_task(tmp_path, "true"))


def test_many_steps_in_parallel_each_keep_their_own_log_and_status(engine: ProcessEngine, tmp_path: Path) -> None:
    """All wait for the last one, so they do run at once."""
    barrier = tmp_path / "all started"
    tasks = []
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        wait = f"while [ ! -e '{barrier}' ]; do sleep 0.05; done"
        tasks.append(make_task(folder, f"echo step {number}; {wait}; exit {number}"))
    handles = [engine.start(task) for task in tasks]
    barrier.touch()
    exits = [engine.wait(task, handle) for task, handle in zip(tasks, handles, strict=True)]
    assert [ended.code for ended in exits] == list(range(40))
    assert [task.log.read_text() for task in tasks] == [f"step {number}\n" for number in range(40)]
    assert len(set(handles)) == 40


def test_a_daemon_with_thousands_of_open_files_follows_its_steps_all_the_same(tmp_path: Path) -> None:
    """`select` ends at descriptor 1024."""
    program = f"""
import os, resource
from pathlib import Path
from reconciler.engines.process import ProcessEngine
from tests.engines.tasks import make_task
resource.setrlimit(resource.RLIMIT_NOFILE, (2000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1500)]
engine, task = ProcessEngine(), make_task(Path({str(tmp_path)!r}), "exit 7", timeout_seconds=60)
print(engine.wait(task, engine.start(task)).code)
"""
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "7\n"


def test_a_step_is_not_ended_by_what_ends_the_daemon_in_its_terminal(run: Runner) -> None:
    """A session of its own: Ctrl-C reaches the group of the daemon alone."""
    session = run("ps -o sid= -p $$ 2>/dev/null || python -c 'import os; print(os.getsid(0))'").text.strip()
    assert int(session) != os.getsid(0)


def test_signals_that_the_daemon_ignores_still_end_its_steps(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        ended = Runner(ProcessEngine(), tmp_path)("yes | head -n 1").exit
    finally:
        signal.signal(signal.SIGPIPE, before)
    assert ended.reason is ExitReason.COMPLETED
