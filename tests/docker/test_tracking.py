"""How steps in containers reach MLflow, and how they do not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.origin import Origin

from .engine import BASE

if TYPE_CHECKING:
    from tests.tracking.server_process import ServerProcess

# What an MLflow client does when a metric is logged, without the client: https://mlflow.org/docs/latest/rest-api.html
_LOG = """\
import json, os, time, urllib.request
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "accuracy", "value": 0.75, "timestamp": int(time.time() * 1000)}
url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric"
request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
urllib.request.urlopen(request).read()
"""
_PIPELINE = f"""\
type: pipeline
name: loans
jobs:
  train:
    type: command
    code: ./src
    command: python3 log.py && echo 1 > ${{{{outputs.text}}}}
    environment: {{image: '{BASE}'}}
    outputs: {{text: {{type: uri_file}}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    # Not sooner: the tests of tracking have it rewritten before it is imported.
    from tests.tracking.server_process import ServerProcess

    server = ServerProcess(tmp_path_factory.mktemp("server"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "git")
    origin.push({"pipeline.yaml": _PIPELINE, "src/log.py": _LOG})
    return origin


def uri(server: ServerProcess) -> str:
    return f"http://127.0.0.1:{server.port}"


def once(origin: Origin, folder: Path, tracking: str, configuration: str) -> subprocess.CompletedProcess[str]:
    file = folder / "config.yaml"
    file.write_text(configuration)
    command = [sys.executable, "-m", "reconciler", "daemon", "--once", "--engine", "docker", "--tracking", tracking]
    command += ["--source", str(origin.url), "--state", str(folder / "state"), "--config", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))


def test_a_server_is_reached_over_the_network_that_the_operator_names(
    server: ServerProcess, origin: Origin, host: str, tmp_path: Path
) -> None:
    done = once(origin, tmp_path, uri(server), f"docker:\n  host: {host}\n  tracking: {{network: host}}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "-m", "reconciler", "runs", "-o", "json", "--state", str(tmp_path / "state")]
    (run,) = json.loads(subprocess.check_output(command, text=True))
    assert run["steps"][0]["metrics"] == {"accuracy": 0.75}
    assert _metrics(server, run["steps"][0]["mlflow_run_id"]) == {"accuracy": 0.75}


def test_a_server_that_no_network_leads_to_is_refused_before_anything_runs(
    server: ServerProcess, origin: Origin, host: str, tmp_path: Path
) -> None:
    done = once(origin, tmp_path, uri(server), f"docker:\n  host: {host}\n")
    assert done.returncode == 1
    assert "no way to the MLflow server" in done.stderr
    assert "docker: {tracking: {network: NAME}}" in done.stderr
    assert "Traceback" not in done.stderr


def _metrics(server: ServerProcess, run_id: str) -> dict[str, float]:
    found = server.ask("runs/search", {"experiment_ids": _experiments(server)})["runs"]
    run: dict[str, Any] = next(each for each in found if each["info"]["run_id"] == run_id)
    return {metric["key"]: metric["value"] for metric in run["data"].get("metrics", [])}


def _experiments(server: ServerProcess) -> list[str]:
    found = server.ask("experiments/search", {"max_results": 100})["experiments"]
    return [experiment["experiment_id"] for experiment in found]
