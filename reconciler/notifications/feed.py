"""From events to notifications: what each receiver is to be told of what happened since it was last seen to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from reconciler.model.events import Event
from reconciler.model.manifests import Kind
from reconciler.model.notifications import RECEIVER_KIND, Notification, Receiver
from reconciler.notifications.base import Sender
from reconciler.state.store import State

_ENDS = frozenset({"RunSucceeded", "RunRestored"})


class Feed:
    """Queues notifications of events that are news; what is said again, with nothing in between, is none."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._seen = -1

    def look(self, told: Sequence[tuple[Receiver, Sender]]) -> bool:
        """Queue what is new for receivers, told by their senders; whether that was anything.

        A receiver that was never seen to is told what happens from now on.
        """
        if self._state.events.newest_news() == self._seen:
            return False
        queue = self._state.notifications
        with self._state.database.transaction():
            newest = self._state.events.newest_news()
            known = {receiver.name: queue.cursor(receiver.name) for receiver, _ in told}
            seen = min((each for each in known.values() if each is not None), default=newest)
            events = self._state.events.news_after(seen)
            made = _Made(self._state, events)
            has_more = False
            for receiver, sender in told:
                cursor = known[receiver.name]
                fresh = [] if cursor is None else made.for_receiver(receiver, sender, cursor)
                queue.put(receiver.name, fresh, newest, self._clock())
                has_more = has_more or bool(fresh)
        self._seen = newest
        return has_more

    def forget(self) -> None:
        """Look at everything again: the receivers are others."""
        self._seen = -1


class _Made:
    """Notifications of some events; what does not depend on the receiver is looked up once."""

    def __init__(self, state: State, events: Sequence[Event]) -> None:
        self._state = state
        self._events = events
        self._urls = {source.name: source.url for source in state.sources.all()} if events else {}
        self._id = state.settings.state_id if events else ""
        self._metrics: dict[str, Mapping[str, float]] = {}

    def for_receiver(self, receiver: Receiver, sender: Sender, cursor: int) -> list[Notification]:
        found = []
        for event in self._events:
            is_of_itself = event.kind == RECEIVER_KIND and event.name == receiver.name
            if event.news <= cursor or is_of_itself or not receiver.selection.wants(event):
                continue
            notification = Notification(
                self._delivery(receiver, event), event, self._urls.get(event.source, ""), self._metrics_of(event)
            )
            if sender.wants(notification):
                found.append(notification)
        return found

    def _delivery(self, receiver: Receiver, event: Event) -> str:
        """What the same event always has at the same receiver."""
        known = (self._id, receiver.name, event.news, event.first, event.kind, event.name, event.reason, event.message)
        return hashlib.sha256(repr(known).encode(errors="backslashreplace")).hexdigest()[:32]

    def _metrics_of(self, event: Event) -> Mapping[str, float]:
        if event.kind != Kind.PIPELINE or event.reason not in _ENDS:
            return {}
        if event.run_id not in self._metrics:
            self._metrics[event.run_id] = metrics_of_run(self._state, event.run_id)
        return self._metrics[event.run_id]


def metrics_of_run(state: State, run_id: str) -> Mapping[str, float]:
    """The figures that say how good a run is: those of its models, else those of the last step that has any."""
    models = {each.metric_name: each.metric for each in state.runs.models(run_id) if each.metric is not None}
    if models:
        return models
    steps = [step for step in state.runs.steps(run_id) if step.metrics and not step.trial]
    return dict(steps[-1].metrics) if steps else {}
