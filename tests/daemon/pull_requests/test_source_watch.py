"""Pull requests of a followed source, told of at a forge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.forges.errors import ForgeGoneError, RateLimitError
from reconciler.forges.kinds import ForgeKind
from reconciler.model.errors import SourceAwayError
from tests.daemon.origin import pipeline
from tests.forges.serving import Fault, Reply

from .reviewed import CHANGED, NUMBER, Reviewed


def test_its_plan_is_told_in_one_comment_and_a_status(everywhere: Reviewed) -> None:
    head = everywhere.propose(CHANGED)
    everywhere.look()
    (body,) = everywhere.ours
    assert "### Plan: 1 pipeline to run" in body
    assert f"change-12@sha1:{head}" in body
    state, text = everywhere.status("reconciler/plan", head)
    assert state in ("success", "successful")
    assert text == "runs 1 pipeline, 1 step reused"


def test_nothing_is_written_where_nothing_is_new_not_even_by_the_next_process(everywhere: Reviewed) -> None:
    everywhere.propose(CHANGED)
    everywhere.look()
    written = everywhere.written
    everywhere.look()
    everywhere.begin_anew()
    everywhere.look()
    assert everywhere.written == written


def test_a_new_head_is_told_in_the_same_comment(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.look()
    head = reviewed.propose(pipeline("echo other", "true"))
    reviewed.look()
    (body,) = reviewed.ours
    assert head in body
    assert reviewed.status("reconciler/plan", head)[1] == "runs 1 pipeline"


def test_what_is_wrong_in_it_is_a_failure(reviewed: Reviewed) -> None:
    head = reviewed.propose("type: pipeline\nname: greet\njobs: {a: {type: nonsense}}\n")
    reviewed.look()
    state, text = reviewed.status("reconciler/plan", head)
    assert state == "failure"
    assert "greet.yaml:3" in text
    assert "refused" in reviewed.ours[0]


def test_one_for_another_branch_is_no_concern_of_ours(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED, base_branch="release")
    reviewed.look()
    assert reviewed.ours == []


def test_only_manifests_below_the_folder_of_the_source_count(reviewed: Reviewed) -> None:
    reviewed.folder = "ml"
    reviewed.begin_anew()
    head = reviewed.propose(CHANGED)
    reviewed.look()
    assert reviewed.status("reconciler/plan", head)[1] == "nothing to do"


def test_a_head_in_a_fork_is_planned_where_the_repository_leads_to_it(everywhere: Reviewed) -> None:
    head = everywhere.propose(CHANGED, head_repository="eve/loans")
    everywhere.look()
    text = everywhere.status("reconciler/plan", head)[1]
    if everywhere.place.kind is ForgeKind.BITBUCKET:
        assert "### Plan: cannot be made" in everywhere.ours[0]
        assert text == "a head in a fork cannot be reached at this forge"
    else:
        assert head in everywhere.ours[0]
        assert text == "runs 1 pipeline, 1 step reused"


def test_a_head_without_a_commit_in_common_cannot_be_planned(reviewed: Reviewed) -> None:
    reviewed.origin.git("checkout", "-q", "--orphan", "change-12")
    reviewed.origin.git("commit", "-q", "-m", "of its own")
    head = reviewed.propose(CHANGED)
    reviewed.look()
    assert "no commit in common" in reviewed.status("reconciler/plan", head)[1]


def test_a_newer_revision_plans_it_anew_without_fetching_the_head_again(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.look()
    reviewed.origin.git("push", "-q", "origin", f":refs/pull/{NUMBER}/head")
    reviewed.origin.push({"third.yaml": pipeline("true", name="third")})
    reviewed.following.turn()
    reviewed.watch.tick()
    assert len(reviewed.place.served.asked("POST", "statuses")) == 2


def test_one_that_cannot_be_fetched_keeps_nobody_from_the_others(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.propose(CHANGED, number=7)
    reviewed.change(7, head_commit="0" * 40)
    reviewed.look()
    assert len(reviewed.ours) == 1


def test_a_fault_that_one_brings_out_keeps_nobody_from_the_others(
    reviewed: Reviewed, caplog: pytest.LogCaptureFixture
) -> None:
    reviewed.rules(label="run it")
    reviewed.propose(CHANGED, number=7, labels=("run it",))
    reviewed.propose(CHANGED)
    reviewed.asking.broken.add(7)
    for _ in range(2):
        reviewed.look()
    assert len(reviewed.ours) == 1
    assert caplog.text.count("pull request 7: a fault of ours") == 1


@pytest.mark.parametrize("text", ["comment", "status"])
def test_a_forge_that_is_gone_is_told_again_later(reviewed: Reviewed, text: str) -> None:
    head = reviewed.propose(CHANGED)
    path = {"comment": "comments", "status": "statuses"}[text]
    reviewed.place.served.faults.extend(Fault(Reply(503), "POST", path) for _ in range(4))
    with pytest.raises(ForgeGoneError):
        reviewed.look()
    reviewed.look()
    assert len(reviewed.ours) == 1
    assert reviewed.status("reconciler/plan", head)[0] == "success"


def test_a_limit_of_the_forge_is_passed_on_with_its_time(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    reviewed.place.served.faults.append(Fault(Reply(429, {}, {"Retry-After": "1800"}), "GET", "pulls"))
    with pytest.raises(RateLimitError) as caught:
        reviewed.look()
    assert caught.value.after == 1800


def test_where_there_are_many_the_comments_of_some_are_read_at_each_look(reviewed: Reviewed) -> None:
    for number in range(1, 24):
        reviewed.propose(CHANGED, number=number)
    reviewed.look()
    reviewed.place.served.sent.clear()
    for read in (20, 23, 23):
        reviewed.watch.look(is_roused=False)
        assert len({sent.path for sent in reviewed.place.served.asked("GET", "comments")}) == read


def test_a_remote_that_does_not_answer_is_not_asked_for_every_head(reviewed: Reviewed) -> None:
    for number in range(1, 5):
        reviewed.propose(CHANGED, number=number)
    reviewed.origin.url.rename(reviewed.origin.url.with_suffix(".away"))
    with pytest.raises(SourceAwayError):
        reviewed.look()


def test_only_statuses_are_set_where_no_comment_is_wanted(reviewed: Reviewed) -> None:
    reviewed.settings = replace(reviewed.settings, has_comment=False)
    reviewed.begin_anew()
    head = reviewed.propose(CHANGED)
    reviewed.look()
    assert reviewed.ours == []
    assert reviewed.status("reconciler/plan", head)[0] == "success"


def test_what_a_token_may_not_do_does_not_keep_the_rest_from_being_told(reviewed: Reviewed) -> None:
    head = reviewed.propose(CHANGED)
    reviewed.place.served.faults.append(Fault(Reply(403, {"message": "no"}), "POST", "statuses"))
    reviewed.look()
    assert len(reviewed.ours) == 1
    assert (head, "reconciler/plan") not in reviewed.place.hosted.statuses
