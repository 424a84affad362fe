"""What a step prints: all of it, in order, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.engines.base import ExitReason
from reconciler.engines.process import ProcessEngine

from .tasks import Runner, eventually, make_task


def test_stdout_and_stderr_come_in_one_log_in_the_order_of_writing(run: Runner) -> None:
    code = "import sys\nfor i in range(200): print(i, file=sys.stdout if i % 2 else sys.stderr)"
    assert run(f"python -c '{code}'").text.split() == [str(number) for number in range(200)]


def test_processes_of_one_step_append_to_the_same_log(run: Runner) -> None:
    assert run("echo one; (echo two; sh -c 'echo three >&2'); echo four").text == "one\ntwo\nthree\nfour\n"


def test_progress_is_in_the_log_while_the_step_still_runs(engine: ProcessEngine, tmp_path: Path) -> None:
    gate = tmp_path / "go on"
    code = f"import os, time\nprint('epoch 1')\nwhile not os.path.exists('{gate}'): time.sleep(0.01)\nprint('epoch 2')"
    task = make_task(tmp_path, f'python -c "{code}"')
    handle = engine.start(task)
    eventually(lambda: task.log.read_text() == "epoch 1\n")
    gate.touch()
    assert engine.wait(task, handle).reason is ExitReason.COMPLETED
    assert task.log.read_text() == "epoch 1\nepoch 2\n"


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("sys.stdout.write('x' * 20_000_000)", b"x" * 20_000_000),
        ("sys.stdout.buffer.write(bytes(range(256)) * 100)", bytes(range(256)) * 100),
        ("sys.stdout.write('10%\\r20%\\r')", b"10%\r20%\r"),
    ],
    ids=["a line of 20 MB", "every byte", "a progress bar"],
)
def test_whatever_is_printed_is_kept_byte_by_byte(run: Runner, code: str, content: bytes) -> None:
    ended = run(f'python -c "import sys; {code}"')
    assert ended.exit.reason is ExitReason.COMPLETED
    assert ended.log == content


def test_a_second_attempt_adds_to_the_log_of_the_first(run: Runner) -> None:
    run("echo first; exit 1")
    assert run("echo second").text == "first\nsecond\n"
