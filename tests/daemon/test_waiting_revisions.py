"""Revisions that come while a pipeline runs: which wait, which run in what order, and which are said to be skipped."""

from __future__ import annotations

import pytest

from reconciler.cli.descriptions import description
from reconciler.cli.histories import history_json
from reconciler.model.runs import RunStatus

from .following import Following
from .origin import Origin, pipeline
from .waiting import Waiting

GREET = "greet.yaml"
QUEUE = "on_new_revision: queue\n"
SUCCEEDED, FAILED = RunStatus.SUCCEEDED, RunStatus.FAILED


def _begin(following: Following, origin: Origin, waiting: Waiting, policy: str) -> str:
    """A run that is in its second step; returns its revision."""
    commit = origin.push({GREET: waiting.manifest + policy})
    following.follower.reconcile("push")
    waiting.until_second()
    return f"main@sha1:{commit}"


def _push(following: Following, origin: Origin, command: str, policy: str) -> str:
    """A revision of another command, seen while the run goes on; returns it."""
    commit = origin.push({GREET: pipeline(command) + policy})
    following.follower.reconcile("push")
    return f"main@sha1:{commit}"


def _settle(following: Following) -> None:
    """Turns as the daemon makes them, until no run follows."""
    before = -1
    while before != len(following.runs):
        before = len(following.runs)
        following.follower.wait()
        following.follower.reconcile("run ended")
    following.follower.wait()
    following.follower.reconcile("run ended")


def _events(following: Following, reason: str) -> list[str]:
    events = following.site.state.events.recent("pipeline", "greet")
    return [each.message for each in events if each.reason == reason]


class TestFinishing:
    @pytest.mark.parametrize("policy", ["", "on_new_revision: cancel\n"])
    def test_revisions_in_between_are_skipped_and_said_to_be(
        self, following: Following, origin: Origin, waiting: Waiting, policy: str
    ) -> None:
        _begin(following, origin, waiting, "")
        second = _push(following, origin, "echo second", "")
        third = _push(following, origin, "echo third", policy)
        waiting.go_on()
        _settle(following)
        assert [run.revision for run in following.runs][1:] == [third]
        assert _events(following, "RevisionSkipped") == [f"skipped {second}: {third} came before it could start"]
        assert following.site.state.waiting_revisions.of("main") == {}
        history = history_json(following.site.state, "pipeline", "greet", 10)
        assert [each["revision"] for each in history if each["status"] == "skipped"] == [second]

    def test_the_one_that_follows_is_shown(self, following: Following, origin: Origin, waiting: Waiting) -> None:
        _begin(following, origin, waiting, "")
        second = _push(following, origin, "echo second", "")
        shown = f"1 revision waits: {second[: len('main@sha1:') + 10]}"
        assert following.reason("pipeline/greet") == ("Running", f"greet-1 is running; {shown}")
        assert _events(following, "RevisionWaits") == [f"{second} waits: greet-1 runs"]
        described = description(following.site.state, following.resources["pipeline/greet"], ())
        assert [(each["revision"], each["trigger"]) for each in described["waiting"]] == [(second, "push")]

    def test_a_revert_to_what_runs_skips_what_waited(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, "")
        second = _push(following, origin, "echo second", "")
        reverted = origin.revert()
        following.follower.reconcile("push")
        waiting.go_on()
        _settle(following)
        assert len(following.runs) == 1
        (said,) = _events(following, "RevisionSkipped")
        assert said == f"skipped {second}: main@sha1:{reverted} came before it could start"

    def test_a_revision_that_changes_nothing_of_the_pipeline_neither_waits_nor_skips(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, "")
        _push(following, origin, "echo second", "")
        origin.push({"README.md": "words\n"})
        following.follower.reconcile("push")
        assert len(following.site.state.waiting_revisions.of("main")["greet"]) == 1
        assert _events(following, "RevisionSkipped") == []


class TestQueueing:
    def test_every_revision_gets_its_run_in_order(self, following: Following, origin: Origin, waiting: Waiting) -> None:
        revisions = [_begin(following, origin, waiting, QUEUE)]
        revisions += [_push(following, origin, f"echo {word}", QUEUE) for word in ("second", "third", "fourth")]
        assert "; 3 revisions wait: main@sha1:" in following.reason("pipeline/greet")[1]
        waiting.go_on()
        _settle(following)
        assert [run.revision for run in following.runs] == revisions
        assert {(run.status, run.trigger) for run in following.runs} == {(SUCCEEDED, "push")}
        assert following.reason("pipeline/greet") == ("RunSucceeded", "greet-4 is current")
        assert _events(following, "RevisionSkipped") == []

    def test_a_restart_loses_none(self, following: Following, origin: Origin, waiting: Waiting) -> None:
        revisions = [_begin(following, origin, waiting, QUEUE)]
        revisions += [_push(following, origin, f"echo {word}", QUEUE) for word in ("second", "third")]
        assert following.restart() == ["greet-1"]
        following.follower.reconcile("start")
        waiting.go_on()
        _settle(following)
        assert [run.revision for run in following.runs] == revisions

    def test_one_that_fails_holds_up_none_of_those_after_it_and_is_not_tried_again(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, QUEUE)
        _push(following, origin, "exit 1", QUEUE)
        _push(following, origin, "echo third", QUEUE)
        waiting.go_on()
        _settle(following)
        assert [run.status for run in following.runs] == [SUCCEEDED, FAILED, SUCCEEDED]

    def test_a_revert_runs_nothing_anew_once_it_is_its_turn(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, QUEUE)
        _push(following, origin, "echo second", QUEUE)
        origin.revert()
        following.follower.reconcile("push")
        _push(following, origin, "echo third", QUEUE)
        waiting.go_on()
        _settle(following)
        assert [run.status for run in following.runs] == [SUCCEEDED, SUCCEEDED, RunStatus.RESTORED, SUCCEEDED]

    def test_while_it_is_suspended_those_that_wait_go_on_waiting_and_none_joins(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        first = _begin(following, origin, waiting, QUEUE)
        second = _push(following, origin, "echo second", QUEUE)
        state = following.site.state
        state.suspensions.suspend("main", "pipeline", "greet", "ada", "", 0.0)
        _push(following, origin, "echo third", QUEUE)
        waiting.go_on()
        _settle(following)
        assert [each.revision for each in state.waiting_revisions.of("main")["greet"]] == [second]
        fourth = _push(following, origin, "echo fourth", QUEUE)
        state.suspensions.resume("main", "pipeline", "greet", 0.0)
        _settle(following)
        assert [run.revision for run in following.runs] == [first, second, fourth]

    def test_references_mean_what_they_meant_when_it_came(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        component = "name: say\nversion: {0}\ntype: command\ncommand: echo {0}\nenvironment: {{image: python}}\n"
        named = f"type: pipeline\nname: greet\njobs: {{a: {{component: 'azureml:say@latest'}}}}\n{QUEUE}"
        _begin(following, origin, waiting, QUEUE)
        for version in ("1.0.0", "1.1.0"):
            origin.push({GREET: named, "say.yaml": component.format(version)})
            following.follower.reconcile("push")
        waiting.go_on()
        _settle(following)
        locks = [following.site.state.runs.get(run.id) for run in following.runs[1:]]
        assert [run.lock[0].version for run in locks if run is not None] == ["1.0.0", "1.1.0"]

    def test_a_policy_that_changes_leaves_the_newest_alone(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, QUEUE)
        skipped = [_push(following, origin, f"echo {word}", QUEUE) for word in ("second", "third")]
        newest = _push(following, origin, "echo fourth", "")
        waiting.go_on()
        _settle(following)
        assert [run.revision for run in following.runs][1:] == [newest]
        assert len(_events(following, "RevisionSkipped")) == len(skipped)

    def test_a_pipeline_that_is_gone_runs_nothing_more(
        self, following: Following, origin: Origin, waiting: Waiting
    ) -> None:
        _begin(following, origin, waiting, QUEUE)
        second = _push(following, origin, "echo second", QUEUE)
        origin.push({GREET: None, "other.yaml": pipeline("true", name="other")})
        following.follower.confirm_prune()
        following.follower.reconcile("push")
        assert _events(following, "RevisionSkipped") == [f"skipped {second}: the pipeline is gone from Git"]
