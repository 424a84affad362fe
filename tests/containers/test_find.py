"""Where a Docker engine is looked for, and what is said of what is found there."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from reconciler.containers.find import find_engine

CHOSEN, VARIABLE, USUAL = "docker.host of the configuration", "$DOCKER_HOST", "the usual place"


# Where the machine has an engine of its own, that one is found first.
without_an_engine = pytest.mark.skipif(Path("/var/run/docker.sock").exists(), reason="this machine has a Docker engine")


class Pinged(BaseHTTPRequestHandler):
    """What a Docker engine says when it is pinged, and nothing else."""

    version = "1.47"
    status = 200

    def do_GET(self) -> None:
        is_pinged = self.path == "/_ping"
        self.send_response(self.status if is_pinged else 404)
        if self.version:
            self.send_header("Api-Version", self.version)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


class Unversioned(Pinged):
    """A web server of any kind."""

    version = ""


class Failing(Pinged):
    """An engine that is not well."""

    status = 500


class Greeting(socketserver.StreamRequestHandler):
    """Something that is no web server at all."""

    def handle(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


class Silent(socketserver.StreamRequestHandler):
    """Something that hangs up without a word."""

    def handle(self) -> None:
        self.rfile.readline()


class Stuck(socketserver.StreamRequestHandler):
    """Something that keeps whoever asks waiting."""

    def handle(self) -> None:
        self.rfile.read()


@contextmanager
def answering(path: Path, handler: type[socketserver.StreamRequestHandler] = Pinged) -> Iterator[str]:
    """A socket in the file system that answers; gives its address."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with running(socketserver.ThreadingUnixStreamServer(str(path), handler)):
        yield f"unix://{path}"


@contextmanager
def running(server: socketserver.ThreadingUnixStreamServer | socketserver.ThreadingTCPServer) -> Iterator[None]:
    server.daemon_threads = True
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "docker.sock"


def test_the_engine_that_the_configuration_names_is_asked(path: Path) -> None:
    with answering(path) as host:
        found = find_engine(host, {})
    assert (found.host, found.named_by, found.version, found.error) == (host, CHOSEN, "API 1.47", "")
    assert found.answers


def test_the_engine_that_the_variable_names_is_asked(path: Path) -> None:
    with answering(path) as host:
        found = find_engine("", {"DOCKER_HOST": host})
    assert (found.host, found.named_by, found.version) == (host, VARIABLE, "API 1.47")


def test_the_configuration_comes_before_the_variable(tmp_path: Path) -> None:
    with answering(tmp_path / "one.sock") as one, answering(tmp_path / "other.sock") as other:
        assert find_engine(one, {"DOCKER_HOST": other}).host == one


def test_an_engine_that_is_named_and_gone_is_not_replaced_by_another(tmp_path: Path) -> None:
    with answering(tmp_path / "other.sock") as other:
        found = find_engine(f"unix://{tmp_path}/gone.sock", {"DOCKER_HOST": other})
    assert not found.answers
    assert (found.named_by, found.error) == (CHOSEN, "no such file or directory")


@pytest.mark.parametrize("scheme", ["tcp", "http"])
@pytest.mark.parametrize("end", ["", "/"])
def test_an_engine_is_asked_over_tcp_too(scheme: str, end: str) -> None:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pinged)
    with running(server):
        host = f"{scheme}://127.0.0.1:{server.server_address[1]}{end}"
        found = find_engine("", {"DOCKER_HOST": host})
    assert (found.host, found.version, found.error) == (host, "API 1.47", "")


def test_a_port_on_which_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = find_engine(f"tcp://127.0.0.1:{port}", {})
    assert (found.answers, found.error) == (False, "connection refused")


@pytest.mark.parametrize(
    "host", ["ssh://ada@example.org", "npipe:////./pipe/docker_engine", "docker.sock", "/var/run/docker.sock"]
)
def test_an_address_of_another_kind_is_told_as_that(host: str) -> None:
    found = find_engine(host, {})
    assert not found.answers
    assert host in found.error
    assert "name unix:// or tcp://" in found.error


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:port", "tcp://[::1", f"unix:///{'x' * 200}", "unix://\0"])
def test_an_address_that_is_none_is_told_and_never_raised(host: str) -> None:
    found = find_engine(host, {})
    assert not found.answers
    assert found.error


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (Unversioned, "it answers with 200 ok, which no docker engine does"),
        (Failing, "it answers with 500 internal server error, which no docker engine does"),
        (Greeting, "ssh-2.0-openssh_9.2"),
        (Silent, "remote end closed connection without response"),
    ],
)
def test_a_socket_that_answers_something_else_is_no_engine(
    path: Path, handler: type[socketserver.StreamRequestHandler], error: str
) -> None:
    with answering(path, handler) as host:
        found = find_engine(host, {})
    assert not found.answers
    assert error in found.error.lower()


def test_a_socket_that_does_not_answer_in_time_is_no_engine(path: Path) -> None:
    with answering(path, Stuck) as host:
        found = find_engine(host, {})
    assert (found.answers, found.error) == (False, "timed out")


def test_a_socket_on_which_nobody_listens_is_told(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(path))
    found = find_engine(f"unix://{path}", {})
    assert (found.answers, found.error) == (False, "connection refused")


def test_a_file_that_is_no_socket_is_told(path: Path) -> None:
    path.write_text("")
    found = find_engine(f"unix://{path}", {})
    assert (found.answers, found.error) == (False, "connection refused")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_of_others_is_told_with_what_to_look_at(path: Path) -> None:
    with answering(path) as host:
        path.chmod(0)
        found = find_engine(host, {})
    assert (found.answers, found.error) == (False, "permission denied: the user is not in the socket's group")


@without_an_engine
def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    found = find_engine("", {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "DOCKER_HOST": ""})
    sockets = f"/var/run/docker.sock, {tmp_path}/run/docker.sock, {tmp_path}/.docker/run/docker.sock"
    assert (found.host, found.answers, found.error) == ("", False, f"there is no socket at {sockets}")


@without_an_engine
def test_a_user_may_have_an_engine_of_their_own(tmp_path: Path) -> None:
    for variable, place in (("XDG_RUNTIME_DIR", "docker.sock"), ("HOME", ".docker/run/docker.sock")):
        with answering(tmp_path / variable / place) as host:
            found = find_engine("", {variable: str(tmp_path / variable)})
        assert (found.host, found.named_by, found.version) == (host, USUAL, "API 1.47")


@without_an_engine
def test_the_first_that_answers_is_taken(tmp_path: Path) -> None:
    variables = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path)}
    with (
        answering(tmp_path / "run" / "docker.sock", Unversioned),
        answering(tmp_path / ".docker" / "run" / "docker.sock") as host,
    ):
        assert find_engine("", variables).host == host


@without_an_engine
def test_of_one_that_does_not_answer_is_told_why(tmp_path: Path) -> None:
    with answering(tmp_path / "docker.sock", Failing) as host:
        found = find_engine("", {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (found.host, found.named_by, found.answers) == (host, USUAL, False)
    assert "500" in found.error
