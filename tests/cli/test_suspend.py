"""`suspend` and `resume`, with a daemon and without one."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from reconciler.cli.person import caller
from tests.daemon.daemon_process import DaemonProcess, statuses, to_its_end, until
from tests.daemon.origin import Origin, pipeline
from tests.daemon.waiting import Waiting

from .conftest import Followed
from .program import Answer, reconciler

GREET = "greet.yaml"


@pytest.fixture
def copied(followed: Followed, state: Path) -> Path:
    """A state of our own that was followed."""
    shutil.copytree(followed.state, state)
    return state


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "git")


@pytest.fixture
def waiting(tmp_path: Path) -> Waiting:
    return Waiting(tmp_path)


def row(state: Path, kind: str, name: str) -> dict[str, str]:
    return next(each for each in reconciler("get", kind, "--state", state).table if each["NAME"] == name)


def resource(state: Path, kind: str, name: str) -> dict[str, object]:
    (found,) = reconciler("get", kind, name, "--state", state, "-o", "json").data
    return dict(found)


class TestWithoutDaemon:
    @pytest.mark.parametrize(("kind", "name"), [("source", "main"), ("pipeline", "lending"), ("pipelines", "lending")])
    def test_it_is_told_who_holds_it_still_since_when_and_why(self, copied: Path, kind: str, name: str) -> None:
        before = resource(copied, kind, name)
        assert (before["suspended"], before["suspension"]) == (False, None)
        answer = reconciler("suspend", kind, name, "--reason", "a  long\nweekend", "--state", copied)
        assert (answer.code, answer.err) == (0, "")
        told = answer.out.strip().removeprefix(f"{kind.removesuffix('s')} {name}: ")
        assert told.startswith(f"suspended by {caller()} since 20")
        assert told.endswith(": a long weekend")
        after = resource(copied, kind, name)
        assert after["suspended"] is True
        assert after["conditions"] == before["conditions"]
        assert row(copied, kind, name)["MESSAGE"].startswith(f"{told}; ")
        described = reconciler("describe", kind, name, "--state", copied)
        assert f"suspended  {told.removeprefix('suspended ')}" in described.out

    def test_resuming_takes_it_back(self, copied: Path) -> None:
        reconciler("suspend", "pipeline", "lending", "--state", copied)
        answer = reconciler("resume", "pipeline", "lending", "--state", copied)
        assert (answer.code, answer.out.startswith("pipeline lending: resumed; it was suspended by")) == (0, True)
        assert resource(copied, "pipeline", "lending")["suspended"] is False
        again = reconciler("resume", "pipeline", "lending", "--state", copied)
        assert (again.code, again.out) == (0, "pipeline lending is not suspended\n")

    def test_the_plan_says_that_nothing_starts(self, followed: Followed, copied: Path) -> None:
        reconciler("suspend", "pipeline", "failing", "--reason", "broken", "--state", copied)
        made = reconciler("plan", "--state", copied, "-o", "json", folder=followed.origin.work_tree).data
        (failing,) = [each for each in made["pipelines"] if each["name"] == "failing"]
        assert failing["action"] == "none"
        assert failing["reasons"][0].startswith("suspended by ")
        assert failing["reasons"][0].endswith(": broken")
        shown = reconciler("plan", "--state", copied, folder=followed.origin.work_tree)
        assert "pipeline failing: nothing to do; suspended by " in shown.out

    def test_a_daemon_that_starts_later_keeps_to_it(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: pipeline("true")})
        to_its_end(origin.url, state, "--once")
        reconciler("suspend", "pipeline", "greet", "--state", state)
        origin.push({GREET: pipeline("echo second")})
        to_its_end(origin.url, state, "--once")
        assert len(statuses(state)) == 1
        reconciler("resume", "pipeline", "greet", "--state", state)
        to_its_end(origin.url, state, "--once")
        assert len(statuses(state)) == 2

    def test_a_source_that_is_suspended_says_so_to_who_reconciles_once(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: pipeline("true")})
        to_its_end(origin.url, state, "--once")
        reconciler("suspend", "source", "main", "--reason", "audit", "--state", state)
        ended = to_its_end(origin.url, state, "--once")
        assert ended.code == 1
        assert "source main is suspended by" in ended.said
        assert "audit; `reconciler resume source main` lets go of it" in ended.said

    def test_what_git_holds_still_git_has_to_let_go_of(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: pipeline("true") + "suspended: true\n"})
        to_its_end(origin.url, state, "--once")
        assert row(state, "pipelines", "greet")["MESSAGE"].startswith("suspended in its manifest")
        answer = reconciler("resume", "pipeline", "greet", "--state", state)
        assert answer.code == 1
        assert answer.err == "pipeline greet stays suspended: take `suspended: true` out of its manifest\n"


class TestRefusals:
    @pytest.mark.parametrize("verb", ["suspend", "resume"])
    def test_what_there_is_not_is_refused(self, copied: Path, verb: str) -> None:
        answer = reconciler(verb, "pipeline", "lendin", "--state", copied)
        expected = "error: there is no pipeline `lendin`\nhint: did you mean `lending`?\n"
        assert (answer.code, answer.err) == (1, expected)

    def test_what_nothing_starts_of_is_refused(self, copied: Path) -> None:
        answer = reconciler("suspend", "component", "split", "--state", copied)
        assert (answer.code, answer.err.splitlines()) == (
            1,
            [
                "error: a component cannot be suspended, as nothing starts of it",
                "hint: choose one of: source, pipeline, schedule",
            ],
        )


class TestWithDaemon:
    def test_it_takes_notice_at_once(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: pipeline("true")})
        with DaemonProcess(origin.url, state) as daemon:
            daemon.until_said("greet-1 succeeded")
            assert said_well(reconciler("suspend", "pipeline", "greet", "--state", state))
            commit = origin.push({GREET: pipeline("echo second")})
            daemon.until_said(f"applied main@sha1:{commit}")
            assert len(statuses(state)) == 1
            assert said_well(reconciler("resume", "pipeline", "greet", "--state", state))
            daemon.until_said("greet-2 succeeded")

    def test_a_suspended_source_does_not_keep_the_daemon_busy(self, origin: Origin, state: Path) -> None:
        origin.push({GREET: pipeline("true")})
        with DaemonProcess(origin.url, state) as daemon:
            daemon.until_said("greet-1 succeeded")
            assert said_well(reconciler("suspend", "source", "main", "--state", state))
            origin.push({GREET: pipeline("echo second")})
            refused = reconciler("reconcile", "--state", state)
            assert refused.code == 1
            assert "refused: source main is suspended by" in refused.err
            assert len(statuses(state)) == 1
            assert said_well(reconciler("resume", "source", "main", "--state", state))
            daemon.until_said("greet-2 succeeded")

    def test_what_was_written_before_the_daemon_was_killed_still_holds(
        self, origin: Origin, state: Path, waiting: Waiting
    ) -> None:
        origin.push({GREET: waiting.manifest})
        with DaemonProcess(origin.url, state) as daemon:
            waiting.until_second()
            reconciler("suspend", "pipeline", "greet", "--state", state)
            daemon.end(signal.SIGKILL)
        origin.push({GREET: pipeline("echo other")})
        waiting.go_on()
        with DaemonProcess(origin.url, state) as daemon:
            until(lambda: [str(status) for status in statuses(state)] == ["succeeded"])
            daemon.until_said("applied")
            assert len(statuses(state)) == 1


def said_well(answer: Answer) -> bool:
    return (answer.code, answer.err) == (0, "")
