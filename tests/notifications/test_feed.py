"""Which events become notifications, once each, whatever is restarted."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.events import EventType
from reconciler.model.notifications import Receiver, ReceiverType, Selection
from reconciler.model.runs import RegisteredModel, Run, RunStatus, StepRun, StepStatus
from reconciler.notifications.feed import Feed, metrics_of_run
from reconciler.state.sources import SourceState
from reconciler.state.store import State

from .acting import Actor, Stage
from .told import MOMENT, event

ALL = Receiver("all", ReceiverType.WEBHOOK, selection=Selection(only_warnings=False))


def queued(state: State, receiver: str = "team") -> int:
    return state.notifications.count(receiver)


def test_a_new_receiver_is_told_what_happens_from_now_on(state: State) -> None:
    state.events.record([event()], MOMENT)
    stage = Stage(state, Actor())
    assert queued(state) == 0
    state.events.record([event(message="another")], MOMENT)
    assert stage.look()
    assert queued(state) == 1


def test_the_same_again_is_counted_and_not_told(state: State) -> None:
    stage = Stage(state, Actor())
    state.events.record([event()], MOMENT)
    stage.look()
    state.events.record([event()], MOMENT + 5)
    assert not stage.look()
    stage.restart()
    assert queued(state) == 1


def test_the_same_after_something_else_is_a_change_and_told(state: State) -> None:
    """A source that fails, is well and fails again in the same words."""
    stage = Stage(state, Actor())
    for number, message in enumerate(("fails", "is well", "fails", "fails", "is well")):
        state.events.record([event(message=message)], MOMENT + number)
        stage.look()
    assert queued(state) == 4


def test_what_happens_to_others_makes_no_news_of_a_repetition(state: State) -> None:
    stage = Stage(state, Actor())
    state.events.record([event()], MOMENT)
    state.events.record([event(name="another")], MOMENT + 1)
    state.events.record([event()], MOMENT + 2)
    stage.look()
    assert queued(state) == 2


def test_what_happens_while_no_process_runs_is_told_by_the_next(state: State) -> None:
    stage = Stage(state, Actor())
    state.events.record([event()], MOMENT)
    stage.restart()
    assert queued(state) == 1


def test_nothing_is_told_twice_over_restarts(state: State) -> None:
    actor = Actor()
    stage = Stage(state, actor)
    state.events.record([event()], MOMENT)
    stage.look()
    stage.deliver()
    for _ in range(3):
        stage.restart()
        stage.deliver()
    assert len(actor.got) == 1


def test_what_is_dropped_from_the_record_of_events_is_told_all_the_same(state: State) -> None:
    stage = Stage(state, Actor())
    state.events.record([event()], MOMENT)
    stage.look()
    state.database.execute("DELETE FROM events")
    stage.restart()
    state.events.record([event(message="another")], MOMENT)
    stage.look()
    assert queued(state) == 2


def test_only_what_is_selected_and_can_be_told_is_queued(state: State) -> None:
    actor, other = Actor(), Actor()
    other.is_wanted = lambda each: each.event.reason == "RunStarted"
    feed = Feed(state, lambda: MOMENT)
    warned = Receiver("warned", ReceiverType.WEBHOOK)
    told = [(ALL, actor), (warned, actor), (replace(ALL, name="other"), other)]
    feed.look(told)
    state.events.record([event(), event("RunStarted"), event("Applied")], MOMENT)
    feed.look(told)
    assert [queued(state, each) for each in ("all", "warned", "other")] == [3, 1, 1]


def test_a_receiver_is_told_of_others_and_not_of_itself(state: State) -> None:
    feed, actor = Feed(state, lambda: MOMENT), Actor()
    told = [(ALL, actor), (replace(ALL, name="other"), actor)]
    feed.look(told)
    state.events.record([event("NotificationRefused", kind="receiver", name="all", type=EventType.WARNING)], MOMENT)
    feed.look(told)
    assert [queued(state, each) for each in ("all", "other")] == [0, 1]


def test_it_knows_the_repository_and_how_good_the_run_was(state: State) -> None:
    state.sources.save(SourceState("main", "https://example.org/ml/loans", "main"))
    stage = Stage(state, Actor())
    run = state.runs.start(Run("", "greet", "main", "main@sha1:1", "c", RunStatus.RUNNING, "push", MOMENT))
    train = StepRun(run.id, "train", status=StepStatus.SUCCEEDED, metrics={"rmse": 0.5})
    state.runs.save_steps([(train, 0), (StepRun(run.id, "report", status=StepStatus.SUCCEEDED), 1)])
    stage.receiver = ALL
    stage.look()
    state.runs.update(replace(run, status=RunStatus.SUCCEEDED, ended=MOMENT + 1))
    stage.feed.forget()
    stage.look()
    first = state.notifications.first("all")
    assert first is not None
    assert first.notification.source_url == "https://example.org/ml/loans"
    assert first.notification.event.reason == "RunSucceeded"
    assert first.notification.metrics == {"rmse": 0.5}


def test_the_figure_of_a_model_says_more_than_those_of_steps(state: State) -> None:
    run = state.runs.start(Run("", "greet", "main", "main@sha1:1", "c", RunStatus.RUNNING, "push", MOMENT))
    state.runs.save_steps([(StepRun(run.id, "train", metrics={"rmse": 0.5}), 0)])
    state.runs.save_models([RegisteredModel(run.id, "m", "1", (), "", metric_name="val_accuracy", metric=0.8)])
    assert metrics_of_run(state, run.id) == {"val_accuracy": 0.8}
