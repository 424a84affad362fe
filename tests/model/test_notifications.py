"""Which events a receiver is told."""

from __future__ import annotations

import pytest

from reconciler.model.events import Event, EventType
from reconciler.model.notifications import Selection, commit_of

FAILED = Event("loans", "pipeline", "lending-daily", EventType.WARNING, "RunFailed", "failed")
STARTED = Event("loans", "pipeline", "lending-daily", EventType.NORMAL, "RunStarted", "started")
REFUSED = Event("loans", "source", "loans", EventType.WARNING, "InvalidManifests", "bad")
BROKEN = Event("", "environment", "sklearn", EventType.WARNING, "BuildFailed", "failed")
ALL = {"failed": FAILED, "started": STARTED, "refused": REFUSED, "broken": BROKEN}


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), "failed refused broken"),
        (Selection(only_warnings=False), "failed started refused broken"),
        (Selection(kinds=("pipeline",)), "failed"),
        (Selection(only_warnings=False, kinds=("pipeline", "source")), "failed started refused"),
        (Selection(names=("lending*",)), "failed"),
        (Selection(names=("Lending*",)), ""),
        (Selection(names=("lending", "sklearn")), "broken"),
        (Selection(sources=("loans",)), "failed refused"),
        (Selection(sources=("lo*", "other")), "failed refused"),
        (Selection(sources=("*",)), "failed refused broken"),
        (Selection(sources=("other",)), ""),
        (Selection(kinds=("pipeline",), names=("lending*",), sources=("other",)), ""),
    ],
)
def test_all_that_is_said_of_them_has_to_fit(selection: Selection, wanted: str) -> None:
    assert [name for name, event in ALL.items() if selection.wants(event)] == wanted.split()


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        (f"main@sha1:{'a' * 40}", "a" * 40),
        (f"v1.2.0@sha1:{'b' * 40}", "b" * 40),
        (f"team/x@y@sha1:{'a' * 40}", "a" * 40),
        (f"sha1:{'c' * 64}", "c" * 64),
        ("main@sha1:abc", ""),
        ("worktree", ""),
        ("", ""),
    ],
)
def test_a_revision_names_its_commit(revision: str, commit: str) -> None:
    assert commit_of(revision) == commit
