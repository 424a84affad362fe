"""Two sources of one daemon, each on an engine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.daemon.daemon_process import DaemonProcess, until
from tests.daemon.origin import Origin, pipeline

from .served import Served, statuses, two_environments


@pytest.fixture
def served(tmp_path: Path, host: str) -> Iterator[Served]:
    served = Served(tmp_path, host)
    yield served
    served.close()


def test_one_source_runs_in_containers_and_the_other_in_processes(served: Served, tmp_path: Path, host: str) -> None:
    served.origin.push(two_environments())
    beside = Origin(tmp_path / "beside")
    beside.push({"one.yaml": pipeline("uname -a", name="one")})
    sources = [
        {"name": "contained", "url": str(served.origin.url), "engine": "docker"},
        {"name": "bare", "url": str(beside.url), "engine": "process"},
    ]
    docker = {"host": host, "build": {"network": "host"}}
    configuration = tmp_path / "both.yaml"
    configuration.write_text(yaml.safe_dump({"docker": docker, "sources": sources}), encoding="utf-8")
    with DaemonProcess(None, served.state, "--config", str(configuration)) as daemon:
        until(
            lambda: (
                {run["pipeline"]: run["status"] for run in served.runs()} == {"loans": "succeeded", "one": "succeeded"}
            ),
            60,
        )
        assert "engine docker" in daemon.said
        assert "engine process" in daemon.said
    by_pipeline = {run["pipeline"]: run for run in served.runs()}
    assert set(statuses(by_pipeline["loans"]).values()) == {"succeeded"}
    assert len(served.images()) == 2
    ready = {each["name"] for each in served.data("get", "environment") if each["conditions"][0]["reason"] == "Built"}
    assert ready == {"first", "second"}
