"""What a line of the log is about, by thread and by block."""

from __future__ import annotations

import threading

from reconciler.log_facts import about, note, noted


def test_facts_hold_within_their_block_and_add_up() -> None:
    with about(source="loans"):
        with about(pipeline="lending", revision=""):
            assert noted() == {"source": "loans", "pipeline": "lending"}
        assert noted() == {"source": "loans"}
    assert noted() == {}


def test_a_note_holds_until_the_block_ends_that_it_was_made_in() -> None:
    with about(source="loans"):
        note(revision="main@sha1:1")
        note(revision="main@sha1:2")
        assert noted() == {"source": "loans", "revision": "main@sha1:2"}
    assert noted() == {}


def test_a_note_outside_of_any_block_holds_nowhere() -> None:
    note(revision="main@sha1:1")
    assert noted() == {}


def test_a_block_that_fails_leaves_nothing() -> None:
    try:
        with about(source="loans"):
            raise RuntimeError
    except RuntimeError:
        assert noted() == {}


def test_threads_know_nothing_of_each_other() -> None:
    seen = []
    with about(source="loans"):
        other = threading.Thread(target=lambda: seen.append(dict(noted())))
        other.start()
        other.join()
    assert seen == [{}]
