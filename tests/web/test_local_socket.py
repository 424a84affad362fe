"""The socket in the state folder: how the command line speaks to a daemon of its own machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.daemon_client import at_socket
from reconciler.daemon.requests import Answer, Silence
from reconciler.model.errors import RefusedError, UnreachableError
from reconciler.model.http import CALLER_HEADER, HttpSettings
from reconciler.web import connections
from tests.daemon.daemon_process import DaemonProcess, until
from tests.daemon.origin import Origin, pipeline

from .serving import ANYWHERE, OPERATOR, VIEWER, Serving, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served") / "state", HttpSettings(ANYWHERE, (VIEWER, OPERATOR))) as server:
        yield server


def test_who_owns_the_state_looks_and_acts_without_a_token(served: Serving) -> None:
    daemon = at_socket(served.state.folder.socket)
    assert daemon.get("runs") == []
    assert daemon.post("reconcile", "main", wish={"drift": True}) == {"source": "main", "message": "main@sha1:0"}
    asked = served.loops.asked[-1]
    assert (asked.source, asked.drift) == ("main", True)


def test_by_the_port_the_same_needs_a_token(served: Serving) -> None:
    answered = served.anybody.get("/api/v1/runs", headers={CALLER_HEADER: "root@here"})
    assert answered.status_code == 401


def test_its_file_is_for_its_owner_alone_and_goes_with_the_daemon(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        path = served.state.folder.socket
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()


@pytest.mark.parametrize(("user", "is_heard"), [(os.geteuid(), True), (0, True), (54_321, False)])
def test_another_user_is_not_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, is_heard: bool) -> None:
    """Whom the file's mode would keep out, were its folder on a file system that heeds modes."""
    monkeypatch.setattr(connections, "user_of_peer", lambda _: user)
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        daemon = at_socket(served.state.folder.socket)
        if is_heard:
            assert daemon.get("sources") == []
            return
        with pytest.raises(UnreachableError):
            daemon.get("sources")


def test_a_daemon_that_says_no_says_why(served: Serving) -> None:
    daemon = at_socket(served.state.folder.socket)
    with pytest.raises(RefusedError, match="no source `mian` is followed") as refused:
        daemon.post("reconcile", "mian")
    assert (refused.value.status, "did you mean `main`?" in (refused.value.hint or "")) == (404, True)
    served.loops.says = Answer(False, "the revision is bad")
    with pytest.raises(RefusedError, match="the revision is bad"):
        daemon.post("reconcile", "main")
    served.loops.says = Silence(("main",))
    with pytest.raises(RefusedError, match="source main does not answer within 3 seconds") as refused:
        daemon.post("reconcile", "main", timeout_seconds=3)
    assert refused.value.status == 504
    served.loops.says = Answer(True, "main@sha1:0")


def test_many_who_wait_leave_room_for_those_who_look(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        daemon, is_over = at_socket(served.state.folder.socket), threading.Event()
        served.loops.wait_for = is_over
        people = [threading.Thread(target=daemon.post, args=("reconcile", "main")) for _ in range(16)]
        for person in people:
            person.start()
        until(lambda: len(served.loops.asked) == 16)
        with pytest.raises(RefusedError, match="too many wait"):
            daemon.post("reconcile", "main")
        assert daemon.get("runs") == []
        is_over.set()
        for person in people:
            person.join()


def test_where_no_daemon_is_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="no such file"):
        at_socket(tmp_path / "daemon.sock").get("runs")


def test_a_daemon_that_nobody_speaks_to_imports_no_server(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        maps = Path(f"/proc/{daemon.pid}/maps")
        assert "pydantic_core" not in maps.read_text(encoding="utf-8")
        assert at_socket(state / "daemon.sock").get("runs")[0]["id"] == "greet-1"
        assert "pydantic_core" in maps.read_text(encoding="utf-8")
        assert daemon.end().code == 0
    assert not (state / "daemon.sock").exists()


def test_a_daemon_in_a_folder_with_a_long_path_is_reached_too(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / ("a" * 120) / "state"
    origin.push({"greet.yaml": pipeline("true")})
    with DaemonProcess(origin.url, state) as daemon:
        daemon.until_said("greet-1 succeeded")
        assert at_socket(state / "daemon.sock").post("reconcile", "main")["message"].startswith("main@sha1:")
