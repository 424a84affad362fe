"""Sources and pipelines that somebody holds at an earlier revision: nothing newer starts until it is let go of."""

from __future__ import annotations

import pytest

from reconciler.model.asked_runs import AskedRun
from reconciler.model.pins import Pin
from reconciler.model.runs import RunStatus, StepStatus

from .following import SOURCE, Following
from .origin import Origin, pipeline
from .scheduling import NIGHTLY, SetClock, schedule

GREET = "greet.yaml"
TOLD = "by ada@lab since 2026-01-01T12:00:00Z: worse"


@pytest.fixture
def clock() -> SetClock:
    return SetClock("2026-01-01T12:00:00")


def pin(following: Following, kind: str, name: str, commit: str, run: str = "") -> Pin:
    wanted = Pin(SOURCE, kind, name, f"main@sha1:{commit}", commit, "ada@lab", "", "worse", run)
    return following.site.state.pins.pin(wanted, following.site.clock())


class History:
    """Three revisions of two pipelines: greet changes in the second, both do in the third."""

    def __init__(self, following: Following, origin: Origin) -> None:
        self.commits = []
        for greet, other in (("1", "1"), ("2", "1"), ("3", "2")):
            files = {GREET: pipeline(f"echo {greet}"), "other.yaml": pipeline(f"echo {other}", name="other")}
            self.commits.append(origin.push(files))
            following.turn()


@pytest.fixture
def history(following: Following, origin: Origin) -> History:
    return History(following, origin)


def ran(following: Following, name: str = "greet") -> list[tuple[str, str]]:
    runs = [run for run in following.runs if run.pipeline == name]
    return [(run.id, run.revision.removeprefix("main@sha1:")) for run in runs]


class TestSource:
    def test_its_runs_are_restored_and_nothing_executes(self, following: Following, history: History) -> None:
        first, _, third = history.commits
        pin(following, "source", SOURCE, first)
        started = following.turn("rollback").started
        assert set(started) == {"greet-4", "other-3"}
        assert following.source.applied_commit == first
        restored = [run for run in following.runs if run.id in started]
        assert [run.status for run in restored] == [RunStatus.RESTORED] * 2
        assert {run.trigger for run in restored} == {"rollback"}
        reason, message = following.source_reason
        assert (reason, message) == (
            "Pinned",
            f"pinned to main@sha1:{first[:10]} {TOLD}; main is at sha1:{third[:10]}",
        )

    def test_what_is_pushed_meanwhile_waits_until_it_is_let_go_of(
        self, following: Following, origin: Origin, history: History
    ) -> None:
        known = pin(following, "source", SOURCE, history.commits[0])
        following.turn("rollback")
        newest = origin.push({GREET: pipeline("echo 4")})
        assert following.turn().started == ()
        assert following.source.applied_commit == history.commits[0]
        assert following.source_reason[1].endswith(f"main is at sha1:{newest[:10]}")
        following.site.state.pins.unpin(known)
        assert set(following.turn("unpin").started) == {"greet", "other-4"}
        assert following.source.applied_commit == newest
        assert following.source_reason == ("Applied", f"applied main@sha1:{newest}")

    def test_it_needs_no_remote_and_the_next_process_keeps_to_it(
        self, following: Following, origin: Origin, history: History
    ) -> None:
        origin.url.rename(origin.url.with_name("gone.git"))
        pin(following, "source", SOURCE, history.commits[1])
        assert following.turn("rollback").started == ("greet-4", "other-3")
        origin.url.with_name("gone.git").rename(origin.url)
        following.restart()
        assert following.turn("start").started == ()
        assert following.source.applied_commit == history.commits[1]

    def test_what_an_earlier_revision_does_not_hold_is_gone_and_comes_back(
        self, following: Following, origin: Origin, history: History
    ) -> None:
        origin.push({"new.yaml": pipeline("echo 1", name="new"), "more.yaml": pipeline("echo 1", name="more")})
        following.turn()
        known = pin(following, "source", SOURCE, history.commits[0])
        following.turn("rollback")
        assert "pipeline/new" not in following.resources
        following.site.state.pins.unpin(known)
        following.turn("unpin")
        assert following.reason("pipeline/new") == ("RunSucceeded", "new-1 is current")


class TestPipeline:
    def test_its_earlier_run_is_restored_and_others_go_on(
        self, following: Following, origin: Origin, history: History
    ) -> None:
        pin(following, "pipeline", "greet", history.commits[0], "greet-1")
        assert following.turn("rollback").started == ("greet-4",)
        restored = following.runs[-1]
        assert (restored.status, restored.restored_from, restored.trigger) == (
            RunStatus.RESTORED,
            "greet-1",
            "rollback",
        )
        assert restored.revision == f"main@sha1:{history.commits[0]}"
        newest = origin.push({GREET: pipeline("echo 4"), "other.yaml": pipeline("echo 3", name="other")})
        assert following.turn().started == ("other",)
        assert following.source.applied_commit == newest
        assert following.reason("pipeline/greet") == ("RunRestored", "greet-4 restored greet-1")
        assert following.turn("request", is_asked=True).started == ()

    def test_let_go_of_it_is_what_git_says_again(self, following: Following, history: History) -> None:
        known = pin(following, "pipeline", "greet", history.commits[0], "greet-1")
        following.turn("rollback")
        following.site.state.pins.unpin(known)
        assert following.turn("unpin").started == ("greet-5",)
        assert following.runs[-1].restored_from == "greet-3"

    def test_the_next_process_keeps_to_it(self, following: Following, history: History) -> None:
        pin(following, "pipeline", "greet", history.commits[0], "greet-1")
        following.turn("rollback")
        following.restart()
        assert following.turn("start").started == ()

    def test_references_mean_what_they_meant_then(self, following: Following, origin: Origin) -> None:
        split = "name: split\nversion: {}\ntype: command\ncommand: echo {}\nenvironment: {{image: python}}\n"
        uses = "type: pipeline\nname: greet\njobs: {only: {type: command, component: 'azureml:split@^1.0'}}\n"
        origin.push({"split.yaml": split.format("1.0.0", "old"), GREET: uses})
        origin.tag("component/split/v1.0.0")
        following.turn()
        first = following.source.applied_commit
        origin.push({"split.yaml": split.format("1.0.1", "new")})
        origin.tag("component/split/v1.0.1")
        following.turn()
        assert len(following.runs) == 2
        pin(following, "pipeline", "greet", first, "greet-1")
        following.turn("rollback")
        assert [run.restored_from for run in following.runs] == ["", "", "greet-1"]

    def test_a_schedule_runs_what_it_is_pinned_to(
        self, following: Following, origin: Origin, history: History, clock: SetClock
    ) -> None:
        origin.push({NIGHTLY: schedule()})
        following.turn()
        pin(following, "pipeline", "greet", history.commits[1], "greet-2")
        following.turn("rollback")
        clock.set("2026-01-02T06:00:00")
        assert following.turn("interval").started == ("greet",)
        fired = following.runs[-1]
        assert (fired.trigger, fired.revision) == ("schedule nightly", f"main@sha1:{history.commits[1]}")
        steps = following.site.state.runs.steps(fired.id)
        assert [(step.status, step.reused_from) for step in steps] == [(StepStatus.REUSED, "greet-2")]

    def test_a_run_that_somebody_asks_for_is_of_that_revision(self, following: Following, history: History) -> None:
        pin(following, "pipeline", "greet", history.commits[0], "greet-1")
        following.turn("rollback")
        assert following.follower.run(AskedRun("greet", "ada@lab", is_forced=True)).run == "greet-5"
        following.follower.wait()
        assert ran(following)[-1] == ("greet-5", history.commits[0])

    def test_what_cannot_be_had_any_more_is_said_and_nothing_starts(
        self, following: Following, origin: Origin, history: History
    ) -> None:
        origin.push({"new.yaml": pipeline("echo 1", name="new")})
        following.turn()
        pin(following, "pipeline", "new", history.commits[0])
        assert following.turn("rollback").started == ()
        told = f"main@sha1:{history.commits[0]} does not hold it without problems any more"
        assert following.reason("pipeline/new") == ("PinLost", told)

    def test_suspended_it_waits_all_the_same(self, following: Following, history: History) -> None:
        following.site.state.suspensions.suspend(SOURCE, "pipeline", "greet", "ada@lab", "", 0.0)
        pin(following, "pipeline", "greet", history.commits[0], "greet-1")
        assert following.turn("rollback").started == ()
        following.site.state.suspensions.resume(SOURCE, "pipeline", "greet", 1.0)
        assert following.turn("resume").started == ("greet-4",)
