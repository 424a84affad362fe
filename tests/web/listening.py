"""A daemon as a process of its own, which listens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.daemon.daemon_process import DaemonProcess, until
from tests.daemon.origin import Origin

from .fake_forge import SECRET
from .serving import OPERATOR, VIEWER, asking

_ADDRESS = re.compile(r"listening at (http://\S+|unix:\S+)")
CONFIGURATION = {
    "http": {
        "listen": "127.0.0.1:0",
        "tokens": [
            {"name": token.name, "role": str(token.role), "secret": {"file": f"{token.name}.token"}}
            for token in (VIEWER, OPERATOR)
        ],
    },
    "hooks": {"main": {"type": "github", "secret": {"file": "hook.secret"}}},
}


@dataclass
class Listening:
    """A daemon that follows an origin, and those who ask it."""

    daemon: DaemonProcess
    origin: Origin
    state: Path
    anybody: httpx.Client
    viewer: httpx.Client
    operator: httpx.Client


def configuration(folder: Path, body: dict[str, Any] | None = None) -> Path:
    """The configuration as a file, with the files that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, secret in ((VIEWER.name, VIEWER.secret), (OPERATOR.name, OPERATOR.secret)):
        (folder / f"{name}.token").write_text(f"{secret}\n", encoding="utf-8")
    (folder / "hook.secret").write_text(SECRET, encoding="utf-8")
    path = folder / "configuration.yaml"
    text = json.dumps(CONFIGURATION if body is None else body)
    path.write_text(re.sub(r'("file": ")', rf"\g<1>{folder}/", text), encoding="utf-8")
    return path


def address(daemon: DaemonProcess) -> str:
    """Where it says that it listens."""
    daemon.until_said("listening at")
    found = _ADDRESS.search(daemon.said)
    assert found is not None, daemon.said
    return found[1]


@contextmanager
def listening(folder: Path, files: dict[str, str | None]) -> Iterator[Listening]:
    """A daemon that hears of pushes by its webhook alone, once it has looked for the first time.

    What it follows keeps its refs elsewhere, as a server does, so that they are not watched.
    """
    origin, state = Origin(folder / "git"), folder / "state"
    origin.push(files)
    origin.git("worktree", "add", "-q", "--detach", str(folder / "linked"))
    with DaemonProcess(folder / "linked", state, "--config", str(configuration(folder))) as daemon:
        where = address(daemon)
        with asking(where) as anybody, asking(where, VIEWER) as viewer, asking(where, OPERATOR) as operator:
            until(lambda: anybody.get("/readyz").status_code == 200)
            yield Listening(daemon, origin, state, anybody, viewer, operator)
