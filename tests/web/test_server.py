"""Where it listens, and what is in its way."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.errors import UsageError
from reconciler.model.http import HttpSettings, Listen
from reconciler.web import connections

from .serving import ANYWHERE, Serving, serving


def test_a_port_that_is_taken_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Listen("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(UsageError) as refused, serving(tmp_path / "state", HttpSettings(address)):
            pass
    assert str(refused.value).startswith(f"{address}: nothing can listen here: address already in use")
    assert "--listen" in (refused.value.hint or "")


def test_a_socket_at_which_somebody_listens_is_left_alone(tmp_path: Path) -> None:
    settings = HttpSettings(Listen(path=str(tmp_path / "http.sock")))
    with serving(tmp_path / "one", settings) as first:
        with pytest.raises(UsageError), serving(tmp_path / "other", settings):
            pass
        assert first.anybody.get("/healthz").status_code == 200


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with serving(tmp_path / "state", HttpSettings(Listen(path=str(path)))) as served:
        assert served.anybody.get("/healthz").status_code == 200


def test_a_file_in_its_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    path.write_text("words")
    with pytest.raises(UsageError), serving(tmp_path / "state", HttpSettings(Listen(path=str(path)))):
        pass
    assert path.read_text() == "words"


def test_it_is_over_at_once_and_the_port_is_free(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        served.anybody.get("/healthz")
        port = int(served.address.rpartition(":")[2])
    with serving(tmp_path / "state", HttpSettings(Listen("127.0.0.1", port))) as served:
        assert served.anybody.get("/healthz").status_code == 200


def test_a_connection_on_which_headers_trickle_in_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FIRST_REQUEST_SECONDS", 0.5)
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        assert served.anybody.get("/healthz").status_code == 200
        host, _, port = served.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            assert connection.recv(1) == b""
        assert served.anybody.get("/healthz").status_code == 200  # one that has asked stays open


def test_what_is_not_there_is_a_problem_detail(served: Serving) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/api/v1/runs", 405), ("GET", "/hooks/x", 405)):
        answered = served.anybody.request(method, path)
        assert (answered.status_code, answered.headers["content-type"]) == (status, "application/problem+json")
        assert {"type", "title", "status", "detail", "hint"} <= answered.json().keys()


def test_a_fault_of_ours_is_told_without_what_it_is(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        served.loops.settings = None  # type: ignore[assignment]
        answered = served.anybody.get("/readyz")
    assert (answered.status_code, answered.headers["content-type"]) == (500, "application/problem+json")
    assert answered.json()["detail"] == "this is a fault of ours"
    assert "NoneType" not in answered.text


def test_the_description_says_something_of_all_there_is(served: Serving) -> None:
    described = served.anybody.get("/api/v1/openapi.json").json()
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len(operations) > 18
    for operation in operations:
        assert operation["summary"] and operation["description"]
        assert all(each.get("description") for each in operation.get("parameters", ()) if each["in"] != "header")


def test_neither_quick_verbs_nor_a_daemon_that_does_not_listen_import_it() -> None:
    seen = "import sys; print([name for name in ('fastapi', 'uvicorn', 'prometheus_client') if name in sys.modules])"
    for imported in ("reconciler.cli.main", "reconciler.cli.verbs_state", "reconciler.cli.verb_daemon"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {imported}; {seen}"], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]", imported
