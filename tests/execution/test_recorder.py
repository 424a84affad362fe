"""What is to be recorded, done one after another: steps that are about to start first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.execution.recorder import Recorder, Urgency


@pytest.fixture
def recorder() -> Iterator[Recorder[Any]]:
    recorder: Recorder[Any] = Recorder()
    yield recorder
    recorder.close()


def test_the_future_gives_what_came_of_it(recorder: Recorder[Any]) -> None:
    assert recorder.submit(lambda: "run-1").result(20) == "run-1"


def test_a_failure_is_given_by_its_future_and_hinders_nothing_after_it(recorder: Recorder[Any]) -> None:
    failed = recorder.submit(lambda: int("no number"))
    assert recorder.submit(lambda: "run-2").result(20) == "run-2"
    assert isinstance(failed.exception(), ValueError)


def test_what_a_step_waits_for_overtakes_what_is_only_for_the_record(recorder: Recorder[Any]) -> None:
    done, busy, gate = list[str](), threading.Event(), threading.Event()

    def occupy() -> None:
        busy.set()
        gate.wait(20)

    recorder.submit(occupy)
    assert busy.wait(20)
    wanted = [("a", Urgency.RECORD), ("b", Urgency.RECORD), ("c", Urgency.STEP), ("d", Urgency.STEP)]
    futures = [recorder.submit(lambda name=name: done.append(name), urgency) for name, urgency in wanted]  # type: ignore[misc]
    gate.set()
    for future in futures:
        future.result(20)
    assert done == ["c", "d", "a", "b"]


def test_what_was_submitted_is_done_before_it_closes() -> None:
    recorder: Recorder[Any] = Recorder()
    futures = [recorder.submit(lambda: None) for _ in range(100)]
    recorder.close()
    assert all(future.done() for future in futures)
