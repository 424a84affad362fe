"""A loop that hangs is given up and begun anew: it does no more, and nobody else is disturbed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.holding import hold
from reconciler.cli.verbs_state import all_resources
from reconciler.daemon.requests import Request
from reconciler.daemon.source_settings import SourceSettings
from reconciler.execution.site import Site
from reconciler.model.status import ConditionType, Trouble
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.source.git_over_http import serving

from .daemon_process import DaemonProcess, runs, until
from .holding_proxy import HoldingProxy, holding
from .origin import Origin, pipeline
from .watched_loop import WatchedLoop

GREET = "greet.yaml"


class StandingClock:
    """Real time, but it does not come back to the thread of a source while it stands: nothing can free that."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._goes = threading.Event()
        self._goes.set()
        self.is_hung = threading.Event()

    def __call__(self) -> float:
        if threading.current_thread().name.startswith("source ") and not self._goes.is_set():
            self.is_hung.set()
            self._goes.wait()
        return self._clock()

    def stand(self) -> None:
        self._goes.clear()

    def go_on(self) -> None:
        self._goes.set()


@pytest.fixture
def watched() -> Iterator[Callable[..., WatchedLoop]]:
    with ExitStack() as ends:

        def begin(site: Site, settings: SourceSettings, superseding_seconds: float = 60.0) -> WatchedLoop:
            made = WatchedLoop(site, settings, superseding_seconds)
            ends.callback(made.end)
            return made

        yield begin


@pytest.fixture
def proxy(origin: Origin) -> Iterator[HoldingProxy]:
    """Before a server of the folder of origins."""
    with serving(origin.url.parent) as url, holding(int(url.rpartition(":")[2].partition("/")[0])) as proxy:
        yield proxy


def _settings(url: str | Path, deadline: float = 900.0) -> SourceSettings:
    return SourceSettings("main", str(url), "main", interval=3600.0, jitter=0.0, timeout=3600.0, deadline=deadline)


class TestARemoteThatNeverAnswers:
    def test_the_source_says_what_it_hangs_at_and_recovers_when_it_answers(
        self, site: Site, origin: Origin, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        origin.push({GREET: pipeline("true")})
        url = f"http://127.0.0.1:{proxy.port}/origin.git"
        main = watched(site, _settings(url, deadline=1.0))
        until(lambda: proxy.held)
        main.until_begun_anew()
        assert main.reason == "Hung"
        assert main.message.startswith(f"hung at asking {url} what it holds for ")
        assert all(loop.is_over() for loop in main.all[:1])
        proxy.let_go()
        main.until_reason("Applied")
        until(lambda: [run.pipeline for run in site.state.runs.recent()] == ["greet"])

    def test_the_source_is_listed_before_its_first_look_is_over(
        self, site: Site, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        url = f"http://127.0.0.1:{proxy.port}/origin.git"
        watched(site, _settings(url))
        until(lambda: proxy.held)
        (listed,) = all_resources(site.state)
        assert (listed.kind, listed.name, listed.conditions[0].reason) == ("source", "main", "Progressing")
        assert listed.conditions[0].message == f"{url} is looked at for the first time"
        assert listed.condition(ConditionType.RECONCILING) is not None
        hold(site.state, "source", "main", None, "it hangs", "ada", site.clock())
        assert all_resources(site.state)[0].is_suspended
        assert [each.reason for each in site.state.events.recent()] == ["Suspended"]

    def test_its_condition_waits_for_a_person(
        self, site: Site, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        main = watched(site, _settings(f"http://127.0.0.1:{proxy.port}/origin.git", deadline=0.5))
        main.until_begun_anew()
        source = site.state.sources.get("main")
        assert source is not None
        assert [(each.type, each.trouble) for each in source.conditions] == [
            (ConditionType.READY, Trouble.STALLING),
            (ConditionType.STALLED, Trouble.STALLING),
        ]

    def test_whoever_asked_for_the_turn_is_told_and_later_ones_are_left_to_the_next_loop(
        self, site: Site, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        main = watched(site, _settings(f"http://127.0.0.1:{proxy.port}/origin.git", deadline=3.0))
        main.loop.ask(Request("first"))
        until(lambda: proxy.held)
        main.until_begun_anew()
        assert len(main.answers) <= 1
        assert all(not answer.is_good and answer.message.startswith("hung at asking ") for answer in main.answers)

    def test_what_git_started_for_the_transport_ends_with_it(
        self, site: Site, tmp_path: Path, watched: Callable[..., WatchedLoop], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        noted, stand_in = tmp_path / "pid", tmp_path / "ssh"
        stand_in.write_text(f"#!/bin/sh\necho $$ > '{noted}.new'; mv '{noted}.new' '{noted}'\nsleep 600\n")
        stand_in.chmod(0o755)
        monkeypatch.setenv("GIT_SSH_COMMAND", str(stand_in))
        main = watched(site, _settings("ssh://git@127.0.0.1/origin.git", deadline=1.0))
        until(noted.exists)
        first = int(noted.read_text())
        main.until_begun_anew()
        until(lambda: not _is_alive(first))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestALoopThatCannotBeFreed:
    @pytest.fixture
    def standing(self, site: Site) -> Iterator[StandingClock]:
        standing = StandingClock(site.clock)
        yield standing
        standing.go_on()

    def test_another_takes_its_place_and_what_it_does_once_it_is_back_is_refused(
        self, site: Site, origin: Origin, standing: StandingClock, watched: Callable[..., WatchedLoop]
    ) -> None:
        origin.push({GREET: pipeline("true")})
        main = watched(replace(site, clock=standing), _settings(origin.url, deadline=1.0))
        main.until_reason("Applied")
        until(lambda: [run.status.is_good for run in site.state.runs.recent()] == [True])
        standing.stand()
        commit = origin.push({GREET: pipeline("echo second")})
        main.loop.rouse("push")
        assert standing.is_hung.wait(20)
        first = main.loop
        main.until_begun_anew()
        standing.go_on()
        main.until_reason("Applied")
        assert first.is_over()
        taken_up = [each.message for each in site.state.events.recent("source") if each.reason == "TakenUp"]
        assert [message.rpartition(" ")[2] for message in taken_up if commit in message] == ["(start)"]
        until(lambda: len(site.state.runs.recent()) == 2)
        assert {run.revision for run in site.state.runs.recent(limit=1)} == {f"main@sha1:{commit}"}

    def test_after_several_of_them_no_further_one_is_begun(
        self, site: Site, origin: Origin, standing: StandingClock, watched: Callable[..., WatchedLoop]
    ) -> None:
        origin.push({GREET: pipeline("true")})
        standing.stand()
        main = watched(replace(site, clock=standing), _settings(origin.url, deadline=0.2))
        main.until_begun_anew(3)
        until(lambda: (main.loop.seconds_in_turn() or 0.0) > 0.5)
        main.watchdog.look()
        assert len(main.all) == 4
        standing.go_on()


class TestSuperseding:
    def test_a_fix_gets_through_while_the_loop_is_stuck_at_the_data_of_a_bad_revision(
        self, site: Site, origin: Origin, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        origin.push({GREET: pipeline("true")})
        main = watched(site, _settings(origin.url), superseding_seconds=0.5)
        main.until_reason("Applied")
        until(lambda: main.loop.has_ended_a_turn)
        data = f"{{type: uri_file, path: 'http://127.0.0.1:{proxy.port}/loans.csv'}}"
        origin.push({GREET: pipeline("true", "true").replace("inputs: {before: 7}", f"inputs: {{before: {data}}}")})
        until(lambda: proxy.held)
        fix = origin.push({GREET: pipeline("echo fixed")})
        main.until_begun_anew()
        until(lambda: {run.revision for run in site.state.runs.recent(limit=1)} == {f"main@sha1:{fix}"}, seconds=30)

    def test_a_loop_that_has_not_ended_a_turn_is_given_its_full_time(
        self, site: Site, proxy: HoldingProxy, watched: Callable[..., WatchedLoop]
    ) -> None:
        main = watched(site, _settings(f"http://127.0.0.1:{proxy.port}/origin.git"), superseding_seconds=0.01)
        until(lambda: proxy.held)
        main.loop.rouse("push")
        until(lambda: (main.loop.seconds_in_turn() or 0.0) > 0.2)
        main.watchdog.look()
        assert len(main.all) == 1


def test_a_source_that_hangs_disturbs_no_other(origin: Origin, tmp_path: Path, proxy: HoldingProxy) -> None:
    origin.push({GREET: pipeline("true")})
    state = tmp_path / "state"
    config = tmp_path / "config.yaml"
    config.write_text(
        "sources:\n"
        f"- {{name: stuck, url: 'http://127.0.0.1:{proxy.port}/origin.git', timeout: 1h, deadline: 1s}}\n"
        f"- {{name: well, url: '{origin.url}'}}\n"
    )
    with DaemonProcess(None, state, "--config", str(config)) as daemon:
        daemon.until_said("source stuck hung at asking")
        origin.push({GREET: pipeline("echo second")})
        until(lambda: [run.status.is_good for run in runs(state)] == [True, True])
        assert {run.source for run in runs(state)} == {"well"}
        opened = State(StateFolder(state))
        stuck, well = (opened.sources.get(name) for name in ("stuck", "well"))
        opened.close()
        assert stuck is not None and well is not None
        assert (stuck.conditions[0].reason, well.conditions[0].reason) == ("Hung", "Applied")
        assert daemon.end().code == 0
