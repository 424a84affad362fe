"""A Docker engine of one test alone, which it may stop, kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from docker import APIClient

from reconciler.containers.find import find_engine

from .engine import import_small


class OwnEngine:
    """An engine in a folder; what it holds outlives its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("dockerd")
        assert program is not None, "install docker.io"
        folders = [f"--data-root={self._folder}/data", f"--exec-root={self._folder}/exec"]
        # In a network of its own: without a bridge, an engine removes that of its neighbour.
        alone = [f"--pidfile={self._folder}/pid", f"--host={self.host}", "--bridge=none", "--iptables=false"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--net", program, *folders, *alone],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while not find_engine(self.host, {}).answers:
            if time.monotonic() > end or self._process.poll() is not None:
                pytest.fail((self._folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the process, and nothing that a kill leaves running."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        if self._process is None:
            self.forget_pids()
            self.start()
        api = APIClient(base_url=self.host)
        for container in api.containers(all=True):
            api.remove_container(container["Id"], force=True)
        api.close()
        self.stop()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in sorted((mount for mount in mounts if mount.startswith(f"{self._folder}/")), reverse=True):
            subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def have_small(self) -> None:
        api = APIClient(base_url=self.host)
        import_small(api)
        api.close()

    def forget_pids(self) -> None:
        """A killed engine leaves notes of its processes, by which the next one would not start."""
        for note in ("pid", "exec/containerd/containerd.pid"):
            (self._folder / note).unlink(missing_ok=True)


def may_start_engines() -> bool:
    return os.geteuid() == 0 and shutil.which("dockerd") is not None
