"""`describe` tells what came of a resource over time, and what happened to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.daemon.origin import Origin, pipeline

from .conftest import Followed
from .contracts import EVENTS, HISTORY, keeps
from .program import process, reconciler


def described(followed: Followed, *arguments: str) -> Any:
    data = reconciler("describe", *arguments, "--state", followed.state, "-o", "json").data
    assert keeps(HISTORY, data["history"])
    assert keeps(EVENTS, data["events"])
    return data


def test_a_source_tells_its_revisions_and_what_brought_them(followed: Followed) -> None:
    data = described(followed, "source", "main")
    assert [(each["what"], each["status"], each["trigger"]) for each in data["history"]] == [
        (revision, "applied", "once") for revision in reversed(followed.revisions)
    ]
    assert [each["reason"] for each in data["events"]] == ["TakenUp", "Applied"] * 3


def test_a_pipeline_tells_its_runs_by_what_they_were_made_of(followed: Followed) -> None:
    data = described(followed, "pipeline", "lending")
    assert [(each["run"], each["status"], each["count"]) for each in data["history"]] == [
        ("lending-2", "succeeded", 1),
        ("lending-1", "succeeded", 1),
    ]
    assert len({each["digest"] for each in data["history"]}) == 2
    assert data["history"][0]["message"].startswith("split: component split 1.0.0 → 1.0.1")
    assert [each["reason"] for each in data["events"] if each["run"]] == ["RunStarted", "RunSucceeded"] * 2


def test_an_environment_tells_its_builds(followed: Followed) -> None:
    (built,) = described(followed, "environment", "tools")["history"]
    assert (built["what"], built["status"], built["count"]) == ("1.0.0 for process", "built", 1)


def test_a_component_tells_its_versions_and_when_they_were_applied(followed: Followed) -> None:
    history = described(followed, "component", "split")["history"]
    assert [(each["what"], each["revision"], each["trigger"]) for each in history] == [
        ("1.0.1", followed.revisions[1], "once"),
        ("1.0.0", followed.revisions[0], "once"),
    ]
    assert all(each["first"] for each in history)


def test_only_the_newest_are_told_as_many_as_asked_for(followed: Followed) -> None:
    data = described(followed, "source", "main", "--history", "1")
    assert [each["what"] for each in data["history"]] == [followed.revisions[-1]]
    assert [each["reason"] for each in data["events"]] == ["Applied"]
    nothing = described(followed, "source", "main", "--history", "0")
    assert (nothing["history"], nothing["events"]) == ([], [])


def test_it_is_read_below_all_else(followed: Followed) -> None:
    lines = reconciler("describe", "pipeline", "failing", "--state", followed.state).out.splitlines()
    history = next(number for number, line in enumerate(lines) if line.startswith("HISTORY "))
    assert lines[history + 1].split()[:2] == ["failing-1", "failed"]
    assert lines[-1].split()[1:3] == ["Warning", "RunFailed"]


def test_failures_of_the_same_content_are_one_entry(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({"greet.yaml": pipeline("exit 3")})
    for _ in range(3):
        process("daemon", "--source", origin.url, "--state", state, "--tracking", "none", "--once")
    data = reconciler("describe", "pipeline", "greet", "--state", state, "-o", "json").data
    assert [(each["run"], each["status"], each["count"]) for each in data["history"]] == [("greet-3", "failed", 3)]
    source = reconciler("describe", "source", "main", "--state", state, "-o", "json").data
    assert [(each["status"], each["count"]) for each in source["history"]] == [("applied", 3)]
