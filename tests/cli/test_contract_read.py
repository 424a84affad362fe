"""What a daemon elsewhere tells of resources and events is read back as it was."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.contract import resource_json
from reconciler.cli.contract_read import event_of, moment_of, resource_of
from reconciler.cli.event_text import event_json, event_row
from reconciler.model.events import Event, EventType
from reconciler.model.pins import Pin
from reconciler.model.status import Condition, ConditionType, Resource
from reconciler.model.suspensions import Suspension

SINCE = "2026-01-31T06:00:00Z"
words = st.text(min_size=1, max_size=10)
moments = st.integers(0, 2**32).map(float)
conditions = st.builds(Condition, st.sampled_from(ConditionType), st.booleans(), words, words, moments)


@given(words, words, st.lists(conditions, max_size=3), st.booleans(), st.booleans())
def test_a_resource(name: str, reason: str, said: list[Condition], is_held: bool, is_pinned: bool) -> None:
    held = Suspension("main", "pipeline", name, "ada@lab", SINCE, reason) if is_held else None
    pin = Pin("main", "pipeline", name, "main@sha1:1a2b", "1a2b", "ada@lab", SINCE, reason) if is_pinned else None
    resource = Resource("pipeline", name, "1.0.0", "main", "main@sha1:2b3c", tuple(said), is_held, held, pin)
    assert resource_of(json.loads(json.dumps(resource_json(resource)))) == resource


@given(words, words, st.sampled_from(EventType), moments, st.integers(1, 99))
def test_an_event(name: str, message: str, kind: EventType, last: float, count: int) -> None:
    event = Event("main", "pipeline", name, kind, "RunFailed", message, "", "x-1", 7, last, last, count)
    read = event_of(json.loads(json.dumps(event_json(event))))
    assert read == event
    assert event_row(read) == event_row(event)


def test_a_moment() -> None:
    assert moment_of("1970-01-01T00:01:00Z") == 60.0
