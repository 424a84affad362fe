"""`events`: what happened, in a line each, and what happens while one looks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon.daemon_process import DaemonProcess
from tests.daemon.origin import Origin, pipeline

from .conftest import Followed
from .contracts import EVENTS, keeps
from .program import Answer, reconciler
from .watched import WatchedVerb


def events(followed: Followed, *arguments: str) -> Answer:
    return reconciler("events", *arguments, "--state", followed.state)


class TestWhatHappened:
    def test_it_is_told_the_oldest_first(self, followed: Followed) -> None:
        data = events(followed, "-o", "json").data
        assert keeps(EVENTS, data)
        of_source = [(each["reason"], each["revision"]) for each in data if each["kind"] == "source"]
        assert of_source == [(reason, at) for at in followed.revisions for reason in ("TakenUp", "Applied")]
        assert [each["last"] for each in data] == sorted(each["last"] for each in data)

    def test_a_person_reads_a_line_for_each(self, followed: Followed) -> None:
        rows = events(followed, "pipelines", "failing").table
        assert [(row["TYPE"], row["REASON"], row["RESOURCE"]) for row in rows] == [
            ("Normal", "RunStarted", "pipeline/failing"),
            ("Normal", "Applied", "pipeline/failing"),
            ("Warning", "RunFailed", "pipeline/failing"),
        ]
        assert rows[-1]["MESSAGE"].startswith("failing-1: step load: exited with status 3")

    def test_of_one_kind_or_of_one_resource(self, followed: Followed) -> None:
        kinds = {each["kind"] for each in events(followed, "components", "-o", "json").data}
        assert kinds == {"component"}
        versions = [each["message"] for each in events(followed, "component", "split", "-o", "json").data]
        assert versions == ["version 1.0.0 is applied", "version 1.0.1 is applied"]

    def test_no_more_than_asked_for_and_those_are_the_newest(self, followed: Followed) -> None:
        every = events(followed, "-o", "json").data
        assert events(followed, "--limit", "2", "-o", "json").data == every[-2:]

    def test_only_since_then(self, followed: Followed) -> None:
        assert events(followed, "--since", "1d", "-o", "json").data == events(followed, "-o", "json").data
        nothing = events(followed, "--since", "2100-01-01T00:00:00Z")
        assert (nothing.code, nothing.out, nothing.err) == (0, "", "no events\n")

    def test_yaml_says_the_same_as_json(self, followed: Followed) -> None:
        assert events(followed, "-o", "yaml").yaml == events(followed, "-o", "json").data


class TestWhatCannotBeTold:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("pipelnes",), "there is no kind `pipelnes`"),
            (("pipeline", "lendin"), "did you mean `lending`"),
            (("--since", "yesterday"), "`yesterday` is no time"),
            (("--watch", "-o", "yaml"), "one line for each change"),
        ],
    )
    def test_it_says_how_to_ask(self, followed: Followed, arguments: tuple[str, ...], said: str) -> None:
        answer = events(followed, *arguments)
        assert answer.code == 1
        assert said in answer.err

    def test_of_a_state_without_any(self, state: Path) -> None:
        answer = reconciler("events", "--state", state)
        assert (answer.code, answer.out, answer.err) == (0, "", "no events\n")


class TestWatching:
    def test_a_run_is_seen_to_start_and_to_end(self, tmp_path: Path) -> None:
        origin, state = Origin(tmp_path / "git"), tmp_path / "state"
        origin.push({"greet.yaml": pipeline("true")})
        with (
            DaemonProcess(origin.url, state),
            WatchedVerb("events", "pipeline", "--watch", "-o", "json", "--state", state) as watched,
        ):
            watched.until_told("RunSucceeded")
            origin.push({"greet.yaml": pipeline("true", "echo again")})
            watched.until_told("greet-2 succeeded")
            assert watched.interrupt() == (0, "")
        told = [json.loads(line) for line in watched.lines]
        assert keeps(EVENTS, told)
        assert [each["reason"] for each in told if each["run"]] == ["RunStarted", "RunSucceeded"] * 2

    def test_what_was_told_before_is_told_first_and_once(self, followed: Followed) -> None:
        with WatchedVerb("events", "component", "split", "-w", "--state", followed.state) as watched:
            watched.until_told("1.0.1")
            assert watched.interrupt() == (0, "")
        assert [" ".join(line.split()[2:]) for line in watched.lines] == [
            f"Normal Applied component/split version {version} is applied" for version in ("1.0.0", "1.0.1")
        ]

    def test_it_ends_where_nobody_listens_any_more(self, tmp_path: Path) -> None:
        origin, state = Origin(tmp_path / "git"), tmp_path / "state"
        origin.push({"greet.yaml": pipeline("true")})
        reconciler("events", "--state", state)
        verb = f"set -o pipefail; '{sys.executable}' -m reconciler events --watch --state '{state}' | head -n 1"
        with subprocess.Popen(["bash", "-c", verb], stdout=subprocess.PIPE, text=True) as heard:
            with DaemonProcess(origin.url, state):
                out, _ = heard.communicate(timeout=20)
            assert (heard.returncode, out.count("TakenUp")) == (0, 1)
