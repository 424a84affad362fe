"""Revisions by what people call them, and the runs that were current at each."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.runs import RunStatus
from reconciler.state.history import APPLIED
from reconciler.state.revisions import Revisions, commit_of
from reconciler.state.store import State

from .records import run


def _ran(state: State, revision: str, started: float, status: RunStatus = RunStatus.SUCCEEDED) -> str:
    return state.runs.start(replace(run(status=status), revision=revision, started=started)).id


def test_a_commit_goes_by_its_beginning_whatever_branch_it_was_followed_by(state: State) -> None:
    for revision in ("main@sha1:abc1", "next@sha1:abc1", "main@sha1:abd2"):
        _ran(state, revision, 1.0)
    known = Revisions(state.database)
    assert {commit: sorted(each) for commit, each in known.called("abc").items()} == {
        "abc1": ["main@sha1:abc1", "next@sha1:abc1"]
    }
    assert known.called("next@sha1:abc1") == {"abc1": ["next@sha1:abc1"]}
    assert known.called("ab").keys() == {"abc1", "abd2"}
    assert known.called("main") == known.called("") == {}


def test_a_revision_that_ran_nothing_is_known_by_having_been_applied(state: State) -> None:
    state.history.note_revision("loans", "main@sha1:fe01", APPLIED, "poll", "", "", 5.0)
    assert Revisions(state.database).called("fe") == {"fe01": ["main@sha1:fe01"]}


def test_the_newest_good_run_of_a_revision_counts(state: State) -> None:
    first = _ran(state, "main@sha1:a", 1.0)
    _ran(state, "main@sha1:a", 2.0, RunStatus.FAILED)
    restored = _ran(state, "main@sha1:b", 3.0, RunStatus.RESTORED)
    known = Revisions(state.database)
    found = [known.run("train", [f"main@sha1:{each}"]) for each in "ab"]
    assert [each.id for each in found if each] == [first, restored]
    assert known.run("score", ["main@sha1:a"]) is None
    assert known.pipelines() == ["train"]


def test_where_a_revision_ran_nothing_the_run_counts_that_was_current_when_it_was_applied(state: State) -> None:
    first = _ran(state, "main@sha1:a", 1.0)
    _ran(state, "main@sha1:c", 9.0)
    state.history.note_revision("loans", "main@sha1:b", APPLIED, "poll", "", "", 5.0)
    found = Revisions(state.database).run("train", ["main@sha1:b"])
    assert found is not None
    assert found.id == first
    assert Revisions(state.database).run("train", ["main@sha1:0"]) is None


def test_all_runs_of_a_revision_of_a_source_are_known_the_oldest_first(state: State) -> None:
    ran = [_ran(state, "main@sha1:a", 1.0, RunStatus.FAILED), _ran(state, "main@sha1:a", 2.0)]
    _ran(state, "main@sha1:b", 3.0)
    known, source = Revisions(state.database), run().source
    assert [each.id for each in known.runs(source, "main@sha1:a")] == ran
    assert known.runs("another", "main@sha1:a") == []


def test_the_commit_of_a_revision_is_what_stands_last() -> None:
    assert [commit_of(each) for each in ("main@sha1:ab", "sha1:ab", "worktree@sha1:ab")] == ["ab"] * 3
