"""The image of the daemon, and a daemon in a container whose steps are containers beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

from .engine import BASE

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "reconciler-test/daemon:1"
USER = 10001


class Client:
    """The program `docker`, talking to one engine."""

    def __init__(self, host: str) -> None:
        self.host = host

    def call(self, *arguments: str | Path, is_checked: bool = True) -> str:
        """What it prints."""
        command = ["docker", "--host", self.host, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert not is_checked or done.returncode == 0, done.stdout[-3000:]
        return done.stdout.strip()

    def inspect(self, what: str) -> Any:
        return json.loads(self.call("inspect", what))[0]

    def build(self) -> None:
        """Build the image as an operator does, on what can be had here, with this machine's way to packages."""
        file = ROOT / "deploy" / "container" / "Dockerfile"
        options = ["--network", "host", "--build-arg", f"BASE={BASE}", "--build-arg", "REVISION=c0ffee"]
        self.call("build", *options, "--file", file, "--tag", IMAGE, ROOT)


class ContainedDaemon:
    """A daemon in a container, as tight as compose.yaml makes it; ended with the block that it stands in."""

    def __init__(self, client: Client, socket: Path, folder: Path, origin: Path) -> None:
        self._client = client
        self.state = folder / "state"
        self.name = f"reconciler-test-{uuid.uuid4().hex[:12]}"
        settings = folder / "settings"
        for made in (self.state, settings):
            made.mkdir(exist_ok=True)
        (settings / "config.yaml").write_text(f"docker: {{paths: {{/var/lib/reconciler: '{self.state}'}}}}\n")
        for path in (self.state, origin):
            give(path)
        tight = ["--init", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--health-interval", "1s"]  # noqa: S108
        mounts = {
            self.state: "/var/lib/reconciler",
            origin: "/srv/origin.git:ro",
            settings: "/etc/reconciler:ro",
            socket: "/var/run/docker.sock",
        }
        client.call(
            *("run", "--detach", "--name", self.name, *tight, "--security-opt", "no-new-privileges"),
            *("--group-add", str(socket.stat().st_gid)),
            *(part for ours, theirs in mounts.items() for part in ("--volume", f"{ours}:{theirs}")),
            *(IMAGE, "daemon", "--source", "/srv/origin.git", "--engine", "docker", "--tracking", "none"),
            *("--config", "/etc/reconciler/config.yaml", "--interval", "1"),
        )

    @property
    def said(self) -> str:
        return self._client.call("logs", self.name)

    def verb(self, *arguments: str) -> Any:
        """The JSON that a verb prints in the same container."""
        return json.loads(self._client.call("exec", self.name, "reconciler", *arguments, "-o", "json"))

    def health(self) -> str:
        return str(self._client.inspect(self.name)["State"]["Health"]["Status"])

    def stop(self) -> int:
        """End it as a service would, and give its exit status."""
        self._client.call("stop", "--time", "60", self.name)
        return int(self._client.inspect(self.name)["State"]["ExitCode"])

    def remove(self) -> None:
        self._client.call("rm", "--force", self.name, is_checked=False)

    def until_said(self, text: str, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < end, self.said
            time.sleep(0.2)

    def __enter__(self) -> ContainedDaemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            error.add_note(f"the daemon said:\n{self.said}")
        self.remove()


def give(path: Path) -> None:
    """To the user of the image, whom git and SQLite want to be the owner."""
    for each in (path, *path.rglob("*")):
        shutil.chown(each, USER, USER) if not each.is_symlink() else os.lchown(each, USER, USER)
