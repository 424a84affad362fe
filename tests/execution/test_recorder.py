"""What is to be recorded, done one after another: steps that are about to start first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from reconciler.execution.recorder import Recorder, Urgency
from reconciler.model.backlog import Backlog
from reconciler.model.errors import TrackingAwayError

from .place import eventually


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


class Away:
    """MLflow as somebody finds it who tells it things: away, until it is not."""

    def __init__(self) -> None:
        self.is_away = True
        self.told: list[str] = []
        self.tries = 0

    def tell(self, what: str) -> str:
        self.tries += 1
        if self.is_away:
            raise TrackingAwayError("does not answer")
        self.told.append(what)
        return what


class TestWhileMlflowIsAway:
    """What is to be recorded waits for as long as it takes, and is told in order."""

    @pytest.fixture
    def mlflow(self) -> Away:
        return Away()

    def test_everything_is_told_in_order_once_it_is_back(self, recorder: Recorder[Any], mlflow: Away) -> None:
        futures = [recorder.submit(partial(mlflow.tell, each)) for each in "abc"]
        eventually(lambda: recorder.backlog is not None and recorder.backlog.number == 3)
        mlflow.is_away = False
        assert [future.result(20) for future in futures] == mlflow.told == ["a", "b", "c"]
        eventually(lambda: recorder.backlog is None)

    def test_it_is_tried_again_and_again(self, recorder: Recorder[Any], mlflow: Away) -> None:
        recorder.submit(partial(mlflow.tell, "a"), is_left=lambda: mlflow.tries > 2)
        eventually(lambda: mlflow.tries > 2)

    def test_what_a_step_waits_for_is_tried_all_the_same(self, recorder: Recorder[Any], mlflow: Away) -> None:
        recorder.submit(partial(mlflow.tell, "a"))
        assert recorder.submit(lambda: "kept elsewhere", Urgency.STEP).result(20) == "kept elsewhere"
        mlflow.is_away = False

    def test_what_is_left_to_the_next_process_says_so(self, recorder: Recorder[Any], mlflow: Away) -> None:
        is_left = threading.Event()
        left = recorder.submit(partial(mlflow.tell, "a"), is_left=is_left.is_set)
        stays = recorder.submit(partial(mlflow.tell, "b"))
        eventually(lambda: recorder.backlog is not None)
        is_left.set()
        recorder.look_again()
        with pytest.raises(TrackingAwayError):
            left.result(20)
        mlflow.is_away = False
        assert stays.result(20) == "b"

    def test_what_nobody_waits_for_any_more_is_not_told(self, recorder: Recorder[Any], mlflow: Away) -> None:
        recorder.submit(partial(mlflow.tell, "a"))
        given_up = recorder.submit(partial(mlflow.tell, "b"))
        assert given_up.cancel()
        mlflow.is_away = False
        assert recorder.submit(partial(mlflow.tell, "c")).result(20) == "c"
        assert mlflow.told == ["a", "c"]

    def test_somebody_is_told_how_much_waits_since_when_and_why(self, recorder: Recorder[Any], mlflow: Away) -> None:
        noted: list[Backlog | None] = []
        changes = list[str]()
        recorder.keep(None, noted.append, lambda: 1000.0)
        recorder.notify(lambda: changes.append("a change"))
        recorder.submit(partial(mlflow.tell, "a"))
        second = recorder.submit(partial(mlflow.tell, "b"))
        eventually(lambda: Backlog(2, 1000.0, "does not answer") in noted)
        mlflow.is_away = False
        second.result(20)
        eventually(lambda: noted[-1] is None and len(changes) == 2)

    def test_the_next_process_knows_since_when(self, recorder: Recorder[Any], mlflow: Away) -> None:
        recorder.keep(Backlog(7, 500.0, "does not answer"), lambda _: None, lambda: 1000.0)
        recorder.submit(partial(mlflow.tell, "a"))
        eventually(lambda: recorder.backlog == Backlog(1, 500.0, "does not answer"))
        mlflow.is_away = False

    def test_only_what_cannot_be_kept_elsewhere_proves_that_it_is_back(self, recorder: Recorder[Any]) -> None:
        before = Backlog(7, 500.0, "does not answer")
        recorder.keep(before, lambda _: None, lambda: 1000.0)
        recorder.submit(lambda: "kept elsewhere").result(20)
        assert recorder.backlog == before
        recorder.submit(lambda: "told", is_proof=True).result(20)
        eventually(lambda: recorder.backlog is None)

    def test_who_waits_is_let_go_once_it_is_away_for_a_while(self, recorder: Recorder[Any], mlflow: Away) -> None:
        held = recorder.submit(partial(mlflow.tell, "a"))
        assert not recorder.wait(held)
        mlflow.is_away = False
        assert held.result(20) == "a"
        assert recorder.wait(recorder.submit(partial(mlflow.tell, "b")))

    def test_what_is_away_for_a_moment_is_waited_for(self, recorder: Recorder[Any]) -> None:
        tries = iter((True, False))

        def tell() -> str:
            if next(tries):
                raise TrackingAwayError("database is locked")
            return "told"

        assert recorder.wait(recorder.submit(tell))

    def test_closing_does_not_wait_for_it(self, mlflow: Away) -> None:
        recorder: Recorder[Any] = Recorder()
        waiting = recorder.submit(partial(mlflow.tell, "a"))
        recorder.close()
        assert isinstance(waiting.exception(20), TrackingAwayError)
