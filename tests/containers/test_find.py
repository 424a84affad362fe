"""Where a Docker engine is looked for, and what is said of what is found there."""

from __future__ import annotations

import os
import socket
import socketserver
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.containers.find import find_engine

from .answering import Failing, Greeting, Pinged, Silent, Stuck, Unversioned, answering, running

CHOSEN, VARIABLE, USUAL = "docker.host of the configuration", "$DOCKER_HOST", "the usual place"


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


def test_a_socket_of_others_is_told_with_what_to_look_at(path: Path) -> None:
    with answering(path) as host:
        path.chmod(0)
        error = as_nobody(lambda: find_engine(host, {}).error)
    assert error == "permission denied: the user is not in the socket's group"


def test_a_folder_that_one_may_not_enter_holds_no_engine(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    closed = {"XDG_RUNTIME_DIR": str(tmp_path / "closed" / "run")}
    error = as_nobody(lambda: find_engine("", closed, tmp_path / "closed" / "docker.sock").error)
    assert error.startswith("there is no socket at ")


def as_nobody(call: Callable[[], str]) -> str:
    """What a call gives a user without rights, as which a child of ours runs it: root may do anything."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        os.write(writing, call().encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return answer.read()


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    found = find_engine(
        "", {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "DOCKER_HOST": ""}, tmp_path / "none"
    )
    sockets = f"{tmp_path}/none, {tmp_path}/run/docker.sock, {tmp_path}/.docker/run/docker.sock"
    assert (found.host, found.answers, found.error) == ("", False, f"there is no socket at {sockets}")


def test_a_user_may_have_an_engine_of_their_own(tmp_path: Path) -> None:
    for variable, place in (("XDG_RUNTIME_DIR", "docker.sock"), ("HOME", ".docker/run/docker.sock")):
        with answering(tmp_path / variable / place) as host:
            found = find_engine("", {variable: str(tmp_path / variable)}, tmp_path / "none")
        assert (found.host, found.named_by, found.version) == (host, USUAL, "API 1.47")


def test_the_first_that_answers_is_taken(tmp_path: Path) -> None:
    variables = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path)}
    with (
        answering(tmp_path / "run" / "docker.sock", Unversioned),
        answering(tmp_path / ".docker" / "run" / "docker.sock") as host,
    ):
        assert find_engine("", variables, tmp_path / "none").host == host


def test_of_one_that_does_not_answer_is_told_why(tmp_path: Path) -> None:
    with answering(tmp_path / "docker.sock", Failing) as host:
        found = find_engine("", {"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path / "none")
    assert (found.host, found.named_by, found.answers) == (host, USUAL, False)
    assert "500" in found.error
