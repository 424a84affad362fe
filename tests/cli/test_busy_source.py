"""What is written into the state is done at once, however long a source takes over something else."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.daemon_process import DaemonProcess, to_its_end, until
from tests.daemon.origin import Origin, pipeline

from .program import reconciler


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes a call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/quiet.git"


def test_a_source_that_hangs_is_told_later_and_named(tmp_path: Path, state: Path, silent: str) -> None:
    origins = {name: Origin(tmp_path / name) for name in ("a", "quiet")}
    for name, origin in origins.items():
        origin.push({f"{name}.yaml": pipeline("true", name=name)})
    config = tmp_path / "config.yaml"
    config.write_text(
        "".join(
            f"{head}{{name: {name}, url: {origin.url}}}\n"
            for head, name, origin in [("sources:\n- ", "a", origins["a"]), ("- ", "quiet", origins["quiet"])]
        )
    )
    to_its_end(None, state, "--config", str(config), "--once")
    config.write_text(config.read_text().replace(f"{origins['quiet'].url}", f"'{silent}', timeout: 1h"))
    with DaemonProcess(None, state, "--config", str(config)):
        until(lambda: reconciler("reconcile", "a", "--state", state).code == 0)
        held = reconciler("suspend", "pipeline", "a", "--state", state)
        assert (held.code, held.err) == (0, "")
        time.sleep(2.1)  # for so long a turn may last without being waited for
        began = time.monotonic()
        hanging = reconciler("suspend", "source", "quiet", "--state", state)
        assert time.monotonic() - began < 4
        assert (hanging.code, hanging.err) == (0, "source quiet is busy; it takes notice at its next look\n")
        asked = reconciler("reconcile", "quiet", "--timeout", "1", "--state", state)
        assert (asked.code, asked.err) == (1, "source quiet does not answer within 1 seconds\n")


def test_a_daemon_that_does_not_answer_is_told_later(tmp_path: Path, state: Path) -> None:
    origin = Origin(tmp_path / "a")
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        (state / "daemon.sock").unlink()
        held = reconciler("suspend", "pipeline", "greet", "--state", state)
        assert (held.code, held.out.startswith("pipeline greet: suspended by")) == (0, True)
        assert "the daemon does not answer: no such file or directory; it takes notice at its next look" in held.err
        asked = reconciler("reconcile", "--state", state)
        assert (asked.code, "the daemon does not answer" in asked.err) == (1, True)
