"""What people ask for in a pull request, and what comes of it."""

from __future__ import annotations

from reconciler.model.pull_requests import PreviewRules
from reconciler.model.runs import RunStatus
from tests.daemon.following import Following
from tests.daemon.origin import Origin, pipeline
from tests.daemon.waiting import Waiting
from tests.forges.conftest import Place
from tests.forges.serving import Fault, Reply

from .reviewed import CANCEL, CHANGED, NUMBER, RUN, Reviewed


def test_a_comment_has_it_run_and_says_so(everywhere: Reviewed) -> None:
    head = everywhere.propose(CHANGED)
    everywhere.look()
    everywhere.say(f"Let us see.\n\n{RUN}", by="ada")
    everywhere.look()
    (asked,) = everywhere.asking.asked
    assert (asked.number, asked.commit, asked.by) == (NUMBER, head, everywhere.place.known_as("ada"))
    (body,) = everywhere.ours
    assert "### Preview" in body
    assert "`started greet@pr-12-1`" in body
    everywhere.wait()
    everywhere.watch.tick()
    (body,) = everywhere.ours
    assert "#### `greet` **succeeded**" in body
    state, text = everywhere.status("reconciler/greet", head)
    assert state in ("success", "successful")
    assert text == "greet@pr-12-1 succeeded"


def test_while_it_runs_its_status_is_pending(reviewed: Reviewed, waiting: Waiting) -> None:
    head = reviewed.propose(waiting.manifest)
    reviewed.say(RUN)
    reviewed.look()
    assert reviewed.status("reconciler/greet", head) == ("pending", "greet@pr-12-1 runs")
    assert "#### `greet` runs" in reviewed.ours[0]


def test_each_comment_is_acted_on_once(everywhere: Reviewed) -> None:
    everywhere.propose(CHANGED)
    everywhere.say(RUN)
    everywhere.look()
    everywhere.look()
    everywhere.begin_anew()
    everywhere.look()
    assert len(everywhere.asking.asked) == 1
    everywhere.say(RUN)
    everywhere.look()
    assert len(everywhere.asking.asked) == 2


def test_who_may_not_push_is_refused(everywhere: Reviewed) -> None:
    everywhere.propose(CHANGED)
    everywhere.say(RUN, by="eve")
    everywhere.look()
    assert everywhere.asking.asked == []
    assert f"**Refused**: `{everywhere.place.known_as('eve')} is not allowed to ask for that`" in everywhere.ours[0]


def test_named_users_may_and_nobody_else(reviewed: Reviewed) -> None:
    reviewed.rules(allowed=("eve",))
    reviewed.propose(CHANGED)
    reviewed.say(RUN, by="ada")
    reviewed.look()
    assert reviewed.asking.asked == []
    reviewed.say(RUN, by="eve")
    reviewed.look()
    assert [asked.by for asked in reviewed.asking.asked] == ["eve"]


def test_where_nobody_may_no_comment_is_heeded(reviewed: Reviewed) -> None:
    reviewed.rules(allowed=())
    reviewed.propose(CHANGED)
    reviewed.say(RUN)
    reviewed.look()
    assert reviewed.asking.asked == []


def test_a_fork_is_not_run_by_default(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED, head_repository="eve/loans")
    reviewed.say(RUN)
    reviewed.look()
    assert "**Refused**: `the head is in a fork, and those are not run here`" in reviewed.ours[0]


def test_a_fork_is_never_run_where_steps_could_read_the_tokens(reviewed: Reviewed) -> None:
    head = reviewed.propose(CHANGED, head_repository="eve/loans")
    reviewed.rules(includes_forks=True)
    reviewed.say(f"{RUN} {head}")
    reviewed.look()
    assert reviewed.asking.asked == []
    assert "who can read its tokens" in reviewed.ours[0]


def test_a_fork_is_run_apart_once_somebody_names_its_commit_and_by_no_label(reviewed: Reviewed) -> None:
    reviewed.is_isolated = True
    head = reviewed.propose(CHANGED, head_repository="eve/loans", labels=("run it",))
    reviewed.rules(includes_forks=True, label="run it")
    reviewed.say(RUN)
    reviewed.look()
    assert f"write `/reconciler run {head[:12]}`" in reviewed.ours[0]
    assert reviewed.asking.asked == []
    reviewed.say(f"{RUN} {head[:12]}")
    reviewed.look()
    assert [asked.commit for asked in reviewed.asking.asked] == [head]


def test_a_commit_that_is_not_the_head_any_more_is_not_run(reviewed: Reviewed) -> None:
    old = reviewed.propose(CHANGED)
    reviewed.propose(pipeline("echo newer"))
    reviewed.say(f"{RUN} {old}")
    reviewed.look()
    assert reviewed.asking.asked == []
    assert "**Refused**: `the pull request is at" in reviewed.ours[0]


def test_a_label_runs_each_head_once(reviewed: Reviewed) -> None:
    reviewed.rules(label="run it", allowed=())
    first = reviewed.propose(CHANGED, labels=("run it",))
    reviewed.look()
    reviewed.look()
    second = reviewed.propose(pipeline("echo newer"))
    reviewed.look()
    assert [(asked.commit, asked.by) for asked in reviewed.asking.asked] == [
        (first, "label run it"),
        (second, "label run it"),
    ]


def test_after_a_comment_a_newer_head_is_not_run(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.say(RUN)
    reviewed.look()
    reviewed.propose(pipeline("echo newer"))
    reviewed.look()
    assert len(reviewed.asking.asked) == 1


def test_a_comment_ends_it(reviewed: Reviewed, waiting: Waiting) -> None:
    head = reviewed.propose(waiting.manifest)
    reviewed.say(RUN)
    reviewed.look()
    waiting.until_second()
    reviewed.say(CANCEL)
    reviewed.look()
    reviewed.wait()
    run = reviewed.following.site.state.runs.get("greet@pr-12-1")
    assert run is not None
    assert run.status is RunStatus.CANCELLED
    assert "`the preview of pull request 12 is over`" in reviewed.ours[0]
    assert head in reviewed.ours[0]


def test_it_says_how_to_have_it_run_where_somebody_may(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.look()
    assert "whoever may push can comment `/reconciler run`" in reviewed.ours[0]
    reviewed.rules(allowed=())
    reviewed.propose(pipeline("echo newer"))
    reviewed.look()
    assert "/reconciler run" not in reviewed.ours[0]


def test_where_the_token_may_not_ask_who_may_push_that_is_said(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.say(RUN)
    reviewed.place.served.faults.append(Fault(Reply(403, {"message": "no"}), "GET", "permission"))
    reviewed.look()
    assert reviewed.asking.asked == []
    assert "the daemon's token may not ask who may push" in reviewed.ours[0]


def test_words_of_authors_mean_nothing_in_the_comment(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.say(f"{RUN}", by="@everyone <img src=x>")
    reviewed.look()
    assert "**Refused**: `@everyone <img src=x> is not allowed to ask for that`" in reviewed.ours[0]


def test_before_anything_is_applied_nothing_is_asked_for_and_nothing_lost(
    origin: Origin, following: Following, github: Place
) -> None:
    reviewed = Reviewed(origin, following, github, previews=PreviewRules("run it"))
    origin.push({"greet.yaml": pipeline("true", "true")})
    head = reviewed.propose(CHANGED, labels=("run it",))
    reviewed.look()
    assert github.served.sent == []
    following.turn()
    reviewed.watch.tick()
    assert [asked.commit for asked in reviewed.asking.asked] == [head]
    reviewed.watch.close()
