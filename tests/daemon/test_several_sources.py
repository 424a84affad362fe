"""Several sources: each followed by itself, whatever becomes of the others."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconciler.cli.daemon_client import at_socket
from reconciler.model.errors import RefusedError
from reconciler.model.runs import RunStatus
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.cli.program import reconciler

from .daemon_process import DaemonProcess, Ended, runs, statuses, to_its_end, until
from .origin import Origin, environment_manifest, pipeline
from .waiting import Waiting

SUCCEEDED = RunStatus.SUCCEEDED


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def first(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "first")
    origin.push({"one.yaml": pipeline("true", name="one")})
    return origin


@pytest.fixture
def second(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "second")
    origin.push({"two.yaml": pipeline("true", name="two")})
    return origin


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.git"


class Configured:
    """A configuration that a test writes, and the daemon that reads it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.file = folder / "config.yaml"
        self._state = state

    def write(self, **sources: Origin | str | dict[str, object]) -> Configured:
        """Sources by name: of an origin or a URL, or with all that is said of one."""
        listed = []
        for name, source in sources.items():
            told = {"url": str(source.url if isinstance(source, Origin) else source)}
            listed.append({"name": name, **(source if isinstance(source, dict) else told)})
        self.file.write_text(yaml.safe_dump({"sources": listed}), encoding="utf-8")
        return self

    def daemon(self) -> DaemonProcess:
        return DaemonProcess(None, self._state, "--config", str(self.file))

    def once(self) -> Ended:
        return to_its_end(None, self._state, "--config", str(self.file), "--once")


@pytest.fixture
def configured(tmp_path: Path, state: Path) -> Configured:
    return Configured(tmp_path, state)


def _reasons(state: Path) -> dict[str, str]:
    """Why each resource is as it is: `SOURCE/KIND/NAME`, sources as `SOURCE`."""
    opened = State(StateFolder(state))
    try:
        found = {source.name: source.conditions for source in opened.sources.all()}
        for each in opened.sources.resources():
            found[f"{each.source}/{each.kind}/{each.name}"] = each.conditions
    finally:
        opened.close()
    return {name: conditions[0].reason for name, conditions in found.items() if conditions}


def _message(state: Path, source: str, name: str) -> str:
    opened = State(StateFolder(state))
    try:
        found = [each for each in opened.sources.resources(source) if each.name == name]
        return found[0].conditions[0].message
    finally:
        opened.close()


def _by_pipeline(state: Path) -> dict[str, list[RunStatus]]:
    found: dict[str, list[RunStatus]] = {}
    for run in runs(state):
        found.setdefault(f"{run.source}/{run.pipeline}", []).append(run.status)
    return found


def test_each_is_followed_and_said_by_its_name(
    configured: Configured, first: Origin, second: Origin, state: Path
) -> None:
    with configured.write(a=first, b=second).daemon() as daemon:
        until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]})
        second.push({"two.yaml": pipeline("echo again", name="two")})
        until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED, SUCCEEDED]})
        said = daemon.end().said
    assert f"a: applied main@sha1:{first.git('rev-parse', 'HEAD')}" in said
    assert said.count("b: applied ") == 2
    assert said.count("a: applied ") == 1
    assert "Traceback" not in said


def test_one_that_hangs_holds_up_neither_the_others_nor_the_end(
    configured: Configured, first: Origin, silent: str, state: Path
) -> None:
    with configured.write(quiet={"url": silent, "timeout": "1h"}, a=first).daemon() as daemon:
        until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED]})
        first.push({"one.yaml": pipeline("echo again", name="one")})
        until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED, SUCCEEDED]})
        asked = at_socket(StateFolder(state).socket)
        assert asked.post("reconcile", "a")["message"].startswith("main@sha1:")
        with pytest.raises(RefusedError, match=r"source quiet does not answer within 0\.5 seconds"):
            asked.post("reconcile", "quiet", timeout_seconds=0.5)
        began = time.monotonic()
        assert daemon.end().code == 0
        assert time.monotonic() - began < 60


def test_one_that_does_not_answer_says_so_while_the_others_are_well(
    configured: Configured, first: Origin, silent: str, state: Path
) -> None:
    with configured.write(quiet={"url": silent, "timeout": "0.3s"}, a=first).daemon() as daemon:
        until(lambda: _reasons(state).get("quiet") == "SourceUnavailable")
        until(lambda: _reasons(state).get("a") == "Applied")
        assert "quiet: " in daemon.said
        assert "did not answer within 0.3 seconds" in daemon.said


def test_a_request_to_all_is_answered_once_all_have(
    configured: Configured, first: Origin, second: Origin, state: Path
) -> None:
    with configured.write(a=first, b=second).daemon():
        until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]})
        answer = reconciler("reconcile", "--state", state)
        heads = [origin.git("rev-parse", "HEAD") for origin in (first, second)]
        assert answer.out == f"a: reconciled main@sha1:{heads[0]}\nb: reconciled main@sha1:{heads[1]}\n"
        with pytest.raises(RefusedError, match="no source `c` is followed"):
            at_socket(StateFolder(state).socket).post("reconcile", "c")


def test_once_all_are_brought_up_to_date_and_the_worst_counts(
    configured: Configured, first: Origin, second: Origin, state: Path
) -> None:
    assert configured.write(a=first, b=second).once().code == 0
    assert _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]}
    second.push({"two.yaml": pipeline("false", name="two")})
    first.push({"one.yaml": pipeline("echo again", name="one")})
    ended = configured.once()
    assert ended.code == 1
    assert "two-2 failed" in ended.said
    assert _by_pipeline(state) == {"a/one": [SUCCEEDED, SUCCEEDED], "b/two": [SUCCEEDED, RunStatus.FAILED]}


def test_without_any_source_it_is_said_how_to_name_one(configured: Configured, state: Path) -> None:
    configured.file.write_text("data: {timeout: 5}\n")
    ended = configured.once()
    assert ended.code == 1
    assert f"error: {configured.file}: there is nothing to follow" in ended.said
    assert "hint: name one with `--source URL`" in ended.said
    assert not state.exists()


def test_each_repository_numbers_its_own_versions(
    configured: Configured, first: Origin, second: Origin, state: Path
) -> None:
    tools = environment_manifest("tools")
    first.push({"tools.yaml": tools})
    second.push({"tools.yaml": tools.replace("image: python", "image: ubuntu")})
    assert configured.write(a=first, b=second).once().code == 0
    first.push({"tools.yaml": tools.replace("image: python", "image: debian")})
    ended = configured.once()
    assert ended.code == 1
    assert _reasons(state)["a"] == "VersionMutated"
    assert _reasons(state)["b"] == "Applied"


class TestAPipelineOfTheSameName:
    """Runs are numbered, found and restored by the name of their pipeline, so only one source may have it."""

    @pytest.fixture
    def rival(self, tmp_path: Path) -> Origin:
        origin = Origin(tmp_path / "rival")
        origin.push({"one.yaml": pipeline("echo mine", name="one"), "own.yaml": pipeline("true", name="own")})
        return origin

    def test_stays_with_the_source_that_had_it_first(
        self, configured: Configured, first: Origin, rival: Origin, state: Path
    ) -> None:
        configured.write(a=first).once()
        ended = configured.write(rival=rival, a=first).once()
        assert ended.code == 1
        assert "one: source a has a pipeline one" in ended.said
        assert _by_pipeline(state) == {"a/one": [SUCCEEDED], "rival/own": [SUCCEEDED]}
        assert _reasons(state)["rival/pipeline/one"] == "NameTaken"
        assert _reasons(state)["a/pipeline/one"] == "RunSucceeded"

    def test_is_said_to_be_taken_and_runs_under_a_name_of_its_own(
        self, configured: Configured, first: Origin, rival: Origin, state: Path
    ) -> None:
        configured.write(a=first).once()
        with configured.write(rival=rival, a=first).daemon():
            until(lambda: _reasons(state).get("rival/pipeline/one") == "NameTaken")
            assert _message(state, "rival", "one") == (
                "source a has a pipeline one, whose runs go by that name; give this one another name"
            )
            rival.push({"one.yaml": pipeline("echo mine", name="another")})
            until(lambda: _by_pipeline(state).get("rival/another") == [SUCCEEDED])
        assert _by_pipeline(state)["a/one"] == [SUCCEEDED]

    def test_goes_to_the_other_one_when_the_first_lets_go_of_it(
        self, configured: Configured, first: Origin, rival: Origin, state: Path
    ) -> None:
        configured.write(a=first).once()
        with configured.write(rival=rival, a=first).daemon():
            until(lambda: _reasons(state).get("rival/pipeline/one") == "NameTaken")
            first.push({"one.yaml": pipeline("true", name="mine")})
            until(lambda: _by_pipeline(state).get("rival/one") == [SUCCEEDED])
            until(lambda: _reasons(state)["rival/pipeline/one"] == "RunSucceeded")


class TestTheConfigurationReadAgain:
    """SIGHUP."""

    def test_a_source_that_is_added_is_followed(
        self, configured: Configured, first: Origin, second: Origin, state: Path
    ) -> None:
        with configured.write(a=first).daemon() as daemon:
            until(lambda: statuses(state) == [SUCCEEDED])
            configured.write(a=first, b=second)
            daemon.tell(signal.SIGHUP)
            until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]})
            assert daemon.end().code == 0
        assert [daemon.said.count(f"{name}: applied") for name in "ab"] == [1, 1]

    def test_a_source_that_is_taken_away_is_forgotten_and_its_runs_are_not(
        self, configured: Configured, first: Origin, second: Origin, state: Path
    ) -> None:
        with configured.write(a=first, b=second).daemon() as daemon:
            until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]})
            configured.write(a=first)
            daemon.tell(signal.SIGHUP)
            until(lambda: not any(name.startswith("b") for name in _reasons(state)))
            second.push({"two.yaml": pipeline("echo again", name="two")})
            first.push({"one.yaml": pipeline("echo again", name="one")})
            until(lambda: _by_pipeline(state)["a/one"] == [SUCCEEDED, SUCCEEDED])
            assert daemon.end().code == 0
        assert _by_pipeline(state)["b/two"] == [SUCCEEDED]

    def test_what_runs_of_a_source_that_is_taken_away_goes_on_to_its_end(
        self, configured: Configured, first: Origin, second: Origin, state: Path, waiting: Waiting
    ) -> None:
        second.push({"two.yaml": waiting.manifest.replace("greet", "two")})
        with configured.write(a=first, b=second).daemon() as daemon:
            waiting.until_second()
            configured.write(a=first)
            daemon.tell(signal.SIGHUP)
            until(lambda: "b" not in _reasons(state))
            waiting.go_on()
            until(lambda: _by_pipeline(state)["b/two"] == [SUCCEEDED])
            assert daemon.end().code == 0
        assert waiting.begun() == ["first", "second"]

    def test_a_source_that_is_changed_goes_on_with_its_runs(
        self, configured: Configured, first: Origin, state: Path, waiting: Waiting
    ) -> None:
        first.push({"one.yaml": waiting.manifest.replace("greet", "one")})
        with configured.write(a=first).daemon() as daemon:
            waiting.until_second()
            configured.write(a={"url": str(first.url), "interval": "30m", "experiment_prefix": "x/"})
            daemon.tell(signal.SIGHUP)
            daemon.until_said("the configuration was read again")
            waiting.go_on()
            until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED]})
            first.push({"one.yaml": pipeline("echo again", name="one")})
            until(lambda: _by_pipeline(state) == {"a/one": [SUCCEEDED, SUCCEEDED]})
            assert daemon.end().code == 0
        assert waiting.begun() == ["first", "second"]
        assert [run.experiment for run in runs(state)] == ["one", "x/one"]

    def test_a_file_that_is_broken_leaves_everything_as_it_is(
        self, configured: Configured, first: Origin, state: Path
    ) -> None:
        with configured.write(a=first).daemon() as daemon:
            until(lambda: statuses(state) == [SUCCEEDED])
            configured.file.write_text("sources:\n- {name: a, url: /a, brunch: main}\n")
            daemon.tell(signal.SIGHUP)
            daemon.until_said(f"the configuration is left as it was: {configured.file}:2:22: ")
            first.push({"one.yaml": pipeline("echo again", name="one")})
            until(lambda: statuses(state) == [SUCCEEDED, SUCCEEDED])
            assert daemon.end().code == 0


def test_the_daemon_that_starts_without_a_source_forgets_it(
    configured: Configured, first: Origin, second: Origin, state: Path
) -> None:
    configured.write(a=first, b=second).once()
    configured.write(a=first).once()
    assert {name.split("/")[0] for name in _reasons(state)} == {"a"}
    assert _by_pipeline(state) == {"a/one": [SUCCEEDED], "b/two": [SUCCEEDED]}
