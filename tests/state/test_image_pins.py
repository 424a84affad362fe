"""What names of images were pinned to when they were first needed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.state.folder import StateFolder
from reconciler.state.image_pins import ImagePins
from reconciler.state.store import State

NAME, FIRST, SECOND = "python:3.11-slim", f"python@sha256:{'1' * 64}", f"python@sha256:{'2' * 64}"
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def test_nothing_is_pinned_before_it_is_needed(state: State) -> None:
    assert state.image_pins.all() == {}


def test_a_pin_is_known_from_the_moment_it_is_saved(state: State) -> None:
    assert state.image_pins.all() == {}
    state.image_pins.save(NAME, FIRST)
    assert state.image_pins.all() == {NAME: FIRST}


def test_a_name_that_is_pinned_stays_what_it_was(state: State) -> None:
    state.image_pins.save(NAME, FIRST)
    state.image_pins.save(NAME, SECOND)
    assert state.image_pins.all() == {NAME: FIRST}


def test_pins_are_known_after_a_restart(state: State, folder: StateFolder) -> None:
    state.image_pins.save(NAME, FIRST)
    again = State(folder)
    again.image_pins.save(NAME, SECOND)
    assert again.image_pins.all() == {NAME: FIRST}
    again.close()


def test_what_was_forgotten_may_be_pinned_anew(state: State, folder: StateFolder) -> None:
    state.image_pins.save(NAME, FIRST)
    state.image_pins.save("ubuntu", "ubuntu@sha256:3")
    state.image_pins.forget()
    assert state.image_pins.all() == {}
    again = State(folder)
    assert again.image_pins.all() == {}
    again.close()
    state.image_pins.save(NAME, SECOND)
    assert state.image_pins.all() == {NAME: SECOND}


def test_what_was_told_before_does_not_change_under_the_one_who_reads_it(state: State) -> None:
    state.image_pins.save(NAME, FIRST)
    told = state.image_pins.all()
    state.image_pins.save("ubuntu", "ubuntu@sha256:3")
    state.image_pins.forget()
    assert told == {NAME: FIRST}


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts) | st.none(), max_size=12))
def test_each_name_keeps_its_first_pin_since_all_was_forgotten(
    shared: State, told: list[tuple[str, str] | None]
) -> None:
    """None forgets all."""
    shared.image_pins.forget()
    expected: dict[str, str] = {}
    for each in told:
        if each is None:
            shared.image_pins.forget()
            expected.clear()
        else:
            shared.image_pins.save(*each)
            expected.setdefault(*each)
        assert shared.image_pins.all() == expected
    assert ImagePins(shared.database).all() == expected
