"""A machine that was booted by systemd, in a container, for the service to be installed on."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

from .contained_daemon import ROOT, Client
from .engine import BASE

IMAGE = "reconciler-test/booted:1"
_CERTIFICATES = "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
# What is installed later comes from the cache that is filled here.
_DOCKERFILE = f"""\
FROM {BASE}
RUN apt-get update && apt-get install -y --no-install-recommends git systemd systemd-sysv && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv
ENV {_CERTIFICATES} UV_LINK_MODE=copy
COPY requirements.txt /
RUN uv venv --quiet /once && uv pip install --quiet --python /once/bin/python --require-hashes -r /requirements.txt \\
    && uv pip install --quiet --python /once/bin/python hatchling && rm -rf /once
"""
# As little as systemd needs where control groups are of the first version, and of the second.
_MAY_BOOT = ["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
_GROUPS = {
    "1": ["--volume", "/sys/fs/cgroup:/sys/fs/cgroup:ro"],
    "2": ["--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"],
}
_STATE = "/var/lib/reconciler"
_AUTHOR = [f"--env=GIT_{who}_{what}=ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]


def build(client: Client, folder: Path) -> None:
    """Build the image of the machine."""
    (folder / "requirements.txt").write_bytes((ROOT / "requirements.txt").read_bytes())
    (folder / "Dockerfile").write_text(_DOCKERFILE)
    client.call("build", "--network", "host", "--tag", IMAGE, folder)


class BootedMachine:
    """One that runs until it is removed; the checkout is mounted as /checkout."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.name = f"reconciler-test-{uuid.uuid4().hex[:12]}"
        groups = _GROUPS[client.call("info", "--format", "{{.CgroupVersion}}")]
        in_memory = [part for place in ("/run", "/run/lock") for part in ("--tmpfs", place)]
        client.call(
            *("run", "--detach", "--name", self.name, "--env", "container=docker"),
            *(
                *_MAY_BOOT,
                *groups,
                *in_memory,
                "--volume",
                f"{ROOT}:/checkout:ro",
                IMAGE,
                "/lib/systemd/systemd",
            ),
        )

    def call(self, *command: str, is_checked: bool = True) -> str:
        return self._client.call("exec", *_AUTHOR, self.name, *command, is_checked=is_checked)

    def shell(self, script: str, is_checked: bool = True) -> str:
        return self.call("sh", "-euc", script, is_checked=is_checked)

    def write(self, path: str, text: str) -> None:
        command = ["docker", "--host", self._client.host, "exec", "--interactive", self.name]
        script = f"mkdir -p $(dirname {path}); cat > {path}"
        subprocess.run([*command, "sh", "-euc", script], input=text, text=True, check=True)

    def install(self, *options: str, script: str = "/checkout/deploy/systemd/install.sh") -> str:
        return self.call("env", "UV_OFFLINE=1", script, *options, "/checkout")

    def push(self, name: str, manifest: str) -> None:
        """Commit a pipeline to the repository of that name, which is made where there is none."""
        self.write(f"/srv/work/{name}/pipeline.yaml", manifest)
        self.shell(
            f"""
            cd /srv/work/{name}
            test -e .git || {{ git init -q -b main .; git init -q --bare -b main /srv/{name}.git; }}
            git add --all; git commit -q -m change
            git push -q /srv/{name}.git main
            chown -R reconciler: /srv/{name}.git
            """
        )

    def service(self, property_name: str) -> str:
        """What systemd says of the service."""
        return self.call("systemctl", "show", "--value", "--property", property_name, "reconciler")

    def journal(self) -> str:
        return self.call("journalctl", "--unit", "reconciler", "--no-pager", is_checked=False)

    def verb(self, *arguments: str) -> Any:
        """The JSON that a verb prints."""
        return json.loads(
            self.call("env", f"RECONCILER_STATE={_STATE}", "reconciler", *arguments, "-o", "json"),
        )

    def remove(self) -> None:
        self._client.call("rm", "--force", "--volumes", self.name, is_checked=False)
