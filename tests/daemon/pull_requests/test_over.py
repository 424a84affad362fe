"""Pull requests that are closed or merged."""

from __future__ import annotations

from tests.daemon.origin import pipeline
from tests.daemon.proposing import merge
from tests.daemon.waiting import Waiting
from tests.forges.serving import Fault, Reply

from .reviewed import CHANGED, NUMBER, RUN, Reviewed


def test_closing_it_ends_what_runs(everywhere: Reviewed, waiting: Waiting) -> None:
    head = everywhere.propose(waiting.manifest)
    everywhere.say(RUN)
    everywhere.look()
    waiting.until_second()
    everywhere.change(state="closed")
    everywhere.look()
    assert everywhere.asking.ended == [NUMBER]
    assert everywhere.status("reconciler/greet", head)[0] in ("error", "stopped", "canceled")
    assert everywhere.kept == {}
    everywhere.wait()


def test_one_that_merely_misses_in_a_list_is_not_over(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.look()
    reviewed.place.served.faults.append(Fault(Reply(200, []), "GET", r"/pulls$"))
    reviewed.look()
    assert [*reviewed.kept] == [NUMBER]
    assert reviewed.asking.ended == []


def test_after_the_merge_it_is_summed_up_once_the_runs_are_over(everywhere: Reviewed, waiting: Waiting) -> None:
    everywhere.propose(CHANGED)
    everywhere.say(RUN)
    everywhere.look()
    everywhere.wait()
    commit = merge(everywhere.origin, NUMBER)
    everywhere.change(state="merged", merge_commit=commit)
    everywhere.look()
    assert len(everywhere.ours) == 1  # it is not applied yet
    everywhere.following.turn()
    everywhere.watch.tick()
    summary = everywhere.ours[1]
    assert "### Merged: 1 run" in summary
    assert "#### `greet` **succeeded**" in summary
    assert "0 steps ran, 2 reused" in summary
    assert everywhere.status("reconciler/greet", commit)[0] in ("success", "successful")
    assert everywhere.kept == {}
    everywhere.look()
    assert len(everywhere.ours) == 2


def test_a_merge_is_summed_up_with_the_revision_that_brought_it(reviewed: Reviewed, waiting: Waiting) -> None:
    reviewed.propose(waiting.manifest)
    reviewed.look()
    commit = merge(reviewed.origin, NUMBER)
    reviewed.change(state="merged", merge_commit=commit)
    reviewed.following.follower.reconcile("push")
    waiting.until_second()
    reviewed.look()
    assert len(reviewed.ours) == 1  # it still runs
    waiting.go_on()
    reviewed.wait()
    reviewed.origin.push({"other.yaml": pipeline("echo later", name="other")})
    reviewed.following.turn()
    reviewed.watch.tick()
    assert f"main@sha1:{commit}" in reviewed.ours[1]
    assert "2 steps ran, 0 reused" in reviewed.ours[1]
    assert "other" not in reviewed.ours[1]


def test_a_merge_that_is_never_applied_is_forgotten_after_a_week(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.look()
    reviewed.change(state="merged", merge_commit="e" * 40)
    reviewed.look()
    assert [*reviewed.kept] == [NUMBER]
    reviewed.place.now += 8 * 86_400
    reviewed.look()
    assert reviewed.kept == {}
    assert len(reviewed.ours) == 1


def test_a_merge_that_had_nothing_to_run_says_so(reviewed: Reviewed) -> None:
    reviewed.propose(pipeline("true", "true") + "description: the same\n")
    reviewed.look()
    commit = merge(reviewed.origin, NUMBER)
    reviewed.change(state="merged", merge_commit=commit)
    reviewed.following.turn()
    reviewed.look()
    assert "### Merged: nothing had to run" in reviewed.ours[1]
