"""The threads that watch pull requests: when they look, and what becomes of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from reconciler.daemon.pull_requests.previewing import Surroundings
from reconciler.daemon.pull_requests.watch import PullRequestWatch
from reconciler.daemon.source_settings import SourceSettings
from tests.daemon.daemon_process import until
from tests.daemon.origin import pipeline
from tests.forges.serving import TOKEN, Fault, Reply

from .reviewed import CHANGED, Reviewed


def source(reviewed: Reviewed, name: str = "main") -> SourceSettings:
    return SourceSettings(name, str(reviewed.origin.url), "main", pull_requests=reviewed.settings)


@contextmanager
def watching(reviewed: Reviewed, *sources: SourceSettings) -> Iterator[PullRequestWatch]:
    site = reviewed.following.site
    around = Surroundings(reviewed.asking)
    with PullRequestWatch(sources or (source(reviewed),), lambda _: site, around) as watch:
        yield watch


def looks(reviewed: Reviewed) -> int:
    return len(reviewed.place.served.asked("GET", "/pulls$"))


@pytest.fixture(autouse=True)
def _rarely(reviewed: Reviewed) -> None:
    reviewed.settings = replace(reviewed.settings, interval=3600.0)


def test_it_looks_at_once_and_when_it_is_roused(reviewed: Reviewed) -> None:
    reviewed.propose(CHANGED)
    with watching(reviewed) as watch:
        until(lambda: len(reviewed.ours) == 1)
        head = reviewed.propose(pipeline("echo newer"))
        assert watch.rouse("main")
        until(lambda: head in reviewed.ours[0])


def test_it_looks_by_itself_now_and_then(reviewed: Reviewed) -> None:
    reviewed.settings = replace(reviewed.settings, interval=0.01)
    with watching(reviewed):
        until(lambda: looks(reviewed) >= 2)


def test_the_end_of_a_run_is_told_without_asking_for_anything_new(reviewed: Reviewed) -> None:
    reviewed.rules(label="run it")
    reviewed.propose(CHANGED, labels=("run it",))
    with watching(reviewed):
        until(lambda: "#### `greet` **succeeded**" in "".join(reviewed.ours))
        assert looks(reviewed) == 1


def test_only_sources_whose_pull_requests_are_reviewed_are_watched(reviewed: Reviewed) -> None:
    with watching(reviewed, SourceSettings("plain", str(reviewed.origin.url), "main")) as watch:
        assert not watch.rouse("plain")
        watch.replace([source(reviewed)])
        assert watch.rouse("main")
        watch.replace([])
        assert not watch.rouse("main")


def test_a_limit_of_the_forge_keeps_it_quiet_whoever_rouses_it(
    reviewed: Reviewed, caplog: pytest.LogCaptureFixture
) -> None:
    reviewed.place.served.faults.append(Fault(Reply(429, {}, {"Retry-After": "3600"}), "GET", "/pulls$"))
    with watching(reviewed) as watch:
        until(lambda: "pull requests are looked at later" in caplog.text)
        watch.rouse("main")
        time.sleep(0.2)
        assert looks(reviewed) == 1


def test_no_token_is_in_the_log(reviewed: Reviewed, caplog: pytest.LogCaptureFixture) -> None:
    refused = Reply(401, {"message": f"Bad credentials: {TOKEN}"})
    reviewed.place.served.faults.append(Fault(refused, "GET", "/pulls$"))
    with watching(reviewed):
        until(lambda: "pull requests are looked at later" in caplog.text)
    assert TOKEN not in caplog.text


def test_its_end_takes_its_threads_along(reviewed: Reviewed) -> None:
    with watching(reviewed):
        until(lambda: looks(reviewed) == 1)
    until(lambda: not [each for each in threading.enumerate() if each.name.startswith("pull requests of")])


def test_settings_that_are_wrong_leave_the_daemon_alone(reviewed: Reviewed, caplog: pytest.LogCaptureFixture) -> None:
    reviewed.settings = replace(reviewed.settings, repository="no repository")
    with watching(reviewed):
        until(lambda: "pull requests are not watched" in caplog.text)
