"""What a daemon logs where no person looks on: a line of JSON for each thing, with what it is about."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.runs import RunStatus

from .daemon_process import DaemonProcess, command, statuses, to_its_end, until
from .origin import Origin, pipeline

JSON = ("--log-format", "json")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def lines(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def test_every_line_says_what_it_is_about(origin: Origin, state: Path) -> None:
    revision = f"main@sha1:{origin.push({'greet.yaml': pipeline('true')})}"
    with DaemonProcess(origin.url, state, *JSON) as daemon:
        until(lambda: "greet-1 succeeded" in daemon.said)
        told = lines(daemon.end().said)
    by_event = {line["event"]: line for line in told}
    assert {line["level"] for line in told} == {"info"}
    assert by_event[f"applied {revision}"].items() >= {"source": "main", "revision": revision}.items()
    run = {"source": "main", "revision": revision, "pipeline": "greet", "run": "greet-1"}
    assert by_event["greet-1 succeeded"].items() >= run.items()


def test_where_no_terminal_is_it_is_json_by_itself(origin: Origin, state: Path) -> None:
    asked = command(origin.url, state)
    place = asked.index("--log-format")
    process = subprocess.Popen([*asked[:place], *asked[place + 2 :]], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()
    process.terminate()
    process.communicate()
    assert json.loads(first)["event"].startswith(f"following main of {origin.url}")


def test_the_configuration_gives_format_and_level_and_the_command_line_counts_first(
    origin: Origin, state: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("log: {format: json, level: error}\n")
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state, "--config", str(config)) as daemon:
        until(lambda: statuses(state) == [RunStatus.SUCCEEDED])
        assert "INFO" not in daemon.said
        assert "[info" not in daemon.end().said
    with DaemonProcess(origin.url, state, "--config", str(config), "--log-level", "info") as daemon:
        daemon.until_said("applied main@sha1:")
        daemon.until_said("[info] stopping" if daemon.end() else "")


def test_what_a_person_has_to_act_on_is_an_error(origin: Origin, state: Path) -> None:
    origin.push({"greet.yaml": "type: pipeline\njobs: 7\n"})
    with DaemonProcess(origin.url, state, *JSON) as daemon:
        until(lambda: "refused" in daemon.said)
        refused = next(line for line in lines(daemon.end().said) if "refused" in line["event"])
    assert (refused["level"], refused["source"]) == ("error", "main")
    assert "greet.yaml:2:" in refused["event"]


def test_what_ends_it_is_a_line_as_well(origin: Origin, state: Path) -> None:
    with DaemonProcess(origin.url, state, *JSON) as daemon:
        until(lambda: "following" in daemon.said)
        until(lambda: (state / "daemon.lock").exists() and (state / "daemon.lock").read_text())
        second = to_its_end(origin.url, state, *JSON)
    assert second.code == 1
    told = lines(second.said)
    assert told[-1]["level"] == "critical"
    assert f"a daemon runs on this state already, as process {daemon.pid}" in told[-1]["event"]


def test_credentials_of_a_source_are_in_no_line(state: Path) -> None:
    with DaemonProcess(None, state, "--source", "https://me:s3cr3t@127.0.0.1:1/x.git", *JSON) as daemon:
        until(lambda: daemon.said.count("\n") >= 2)
        said = daemon.end().said
    assert "s3cr3t" not in said
    assert "***@127.0.0.1:1" in said
    assert lines(said)


def test_once_a_person_is_told_unless_json_is_asked_for(origin: Origin, state: Path) -> None:
    origin.push({"greet.yaml": pipeline("true")})
    said = to_its_end(origin.url, state, "--once").said
    assert "greet-1" in said
    assert statuses(state) == [RunStatus.SUCCEEDED]
    assert not said.startswith("{")
