"""What the daemon does is told in events: revisions, runs, schedules, what is gone."""

from __future__ import annotations

import signal
from pathlib import Path

from reconciler.execution.site import Site
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

from .daemon_process import DaemonProcess, until
from .following import Following
from .origin import Origin, pipeline
from .site import Clock
from .waiting import Waiting

EVERY_MINUTE = 'trigger: {type: cron, expression: "* * * * *"}\ncreate_job: ./greet.yaml\n'


def told(site: Site, kind: str | None = None) -> list[tuple[str, str]]:
    return [(f"{each.kind}/{each.name}", each.reason) for each in site.state.events.recent(kind)]


def test_a_push_is_told_from_its_taking_up_to_the_end_of_its_run(following: Following, origin: Origin) -> None:
    commit = origin.push({"greet.yaml": pipeline("true")})
    following.turn()
    happened = following.site.state.events.recent()
    assert [(each.kind, each.reason) for each in happened if each.kind != "environment"] == [
        ("source", "TakenUp"),
        ("pipeline", "RunStarted"),
        ("pipeline", "Applied"),
        ("source", "Applied"),
        ("pipeline", "RunSucceeded"),
    ]
    assert ("environment", "Building") in [(each.kind, each.reason) for each in happened]
    assert ("environment", "Built") in [(each.kind, each.reason) for each in happened]
    assert {each.revision for each in happened if each.kind != "environment"} == {f"main@sha1:{commit}"}
    assert happened[0].message == f"main@sha1:{commit} is taken up (push)"


def test_a_look_at_which_nothing_is_new_writes_nothing(following: Following, origin: Origin) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    following.turn()
    newest = following.site.state.events.newest()
    for _ in range(3):
        following.turn("interval")
        following.turn("request", is_asked=True)
    assert following.site.state.events.newest() == newest


def test_a_refused_revision_is_told_with_what_is_wrong(following: Following, origin: Origin) -> None:
    origin.push({"greet.yaml": "type: pipeline\njobs: 1\n"})
    following.turn()
    taken_up, refused = following.site.state.events.recent("source")
    assert (taken_up.reason, refused.type, refused.reason) == ("TakenUp", "Warning", "InvalidManifests")
    assert "greet.yaml:2:" in refused.message


def test_what_came_of_each_revision_is_kept_with_what_brought_it(following: Following, origin: Origin) -> None:
    first = origin.push({"greet.yaml": pipeline("true")})
    following.turn()
    bad = origin.push({"greet.yaml": "type: pipeline\njobs: 1\n"})
    following.turn("interval")
    origin.git("push", "-q", "--force", "origin", f"{first}:main")
    following.turn("request")
    found = following.site.state.history.revisions("main")
    assert [(each.revision, each.outcome, each.trigger, each.count) for each in found] == [
        (f"main@sha1:{first}", "applied", "push", 2),
        (f"main@sha1:{bad}", "refused", "interval", 1),
    ]
    assert found[0].last > found[1].last > found[0].first
    assert found[1].reason == "InvalidManifests"


def test_what_is_gone_from_git_is_told(following: Following, origin: Origin) -> None:
    origin.push({"greet.yaml": pipeline("true"), "other.yaml": pipeline("true", name="other")})
    following.turn()
    origin.push({"other.yaml": None})
    following.turn()
    assert ("pipeline/other", "Pruned") in told(following.site)


def _until_next_minute(clock: Clock) -> float:
    """Seconds to early in the next minute, so that the schedule is due once."""
    return 65 - clock() % 60


def test_a_schedule_tells_what_it_fired_and_what_it_passed_over(
    following: Following, origin: Origin, clock: Clock, waiting: Waiting
) -> None:
    origin.push({"greet.yaml": waiting.manifest, "each_minute.yaml": EVERY_MINUTE})
    following.follower.reconcile("push")
    waiting.until_second()
    clock.advance(_until_next_minute(clock))
    following.follower.reconcile("interval")
    waiting.go_on()
    following.follower.wait()
    clock.advance(_until_next_minute(clock))
    following.turn("interval")
    assert [reason for _, reason in told(following.site, "schedule")] == [
        "Applied",
        "Scheduled",
        "PassedOver",
        "Fired",
    ], told(following.site)
    passed_over, fired = following.site.state.events.recent("schedule")[2:]
    assert passed_over.message.endswith("was passed over: greet-1 was still running")
    assert fired.run_id == "greet-2"


def test_an_environment_that_cannot_be_built_is_told(following: Following, origin: Origin) -> None:
    environment = "$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\n"
    origin.push(
        {
            "broken.yaml": f"{environment}name: broken\nversion: 1.0.0\nimage: python\n",
            "greet.yaml": pipeline("true").replace("{image: python}", "azureml:broken@latest"),
        }
    )
    following.turn()
    failed = [each for each in following.site.state.events.recent("environment") if each.reason == "BuildFailed"]
    assert [(each.name, each.type) for each in failed] == [("broken", "Warning")]
    assert [(each.status, each.count) for each in following.site.state.history.builds("broken")] == [("failed", 1)]


def test_a_run_that_is_taken_up_after_a_kill_is_told_and_counting_goes_on(
    origin: Origin, tmp_path: Path, waiting: Waiting
) -> None:
    origin.push({"greet.yaml": waiting.manifest})
    state = tmp_path / "state"
    with DaemonProcess(origin.url, state) as killed:
        waiting.until_second()
        until(lambda: _reasons(state).count("Applied") == 2)
        killed.end(signal.SIGKILL)
    with DaemonProcess(origin.url, state):
        until(lambda: "RunTakenUp" in _reasons(state))
        waiting.go_on()
        until(lambda: "RunSucceeded" in _reasons(state))
    reasons = _reasons(state)
    assert [reasons.count(reason) for reason in ("RunStarted", "RunTakenUp", "RunSucceeded")] == [1, 1, 1]


def _reasons(folder: Path) -> list[str]:
    if not (folder / "state.db").exists():
        return []
    state = State(StateFolder(folder))
    try:
        return [each.reason for each in state.events.recent()]
    finally:
        state.close()
