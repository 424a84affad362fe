"""The socket in a state folder: for its owner alone, however long the folder's path is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.state.local_socket import bound, connected, user_of_peer


@pytest.fixture(params=["short", "long"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path if request.param == "short" else tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "daemon.sock"


def test_who_connects_is_heard_and_known_by_their_user(path: Path) -> None:
    with bound(path) as listening, connected(path, 5) as asking:
        answering, _ = listening.accept()
        with answering:
            asking.sendall(b"hello")
            assert answering.recv(5) == b"hello"
            assert user_of_peer(answering) == os.geteuid()


def test_it_lies_where_it_should_for_its_owner_alone(path: Path) -> None:
    with bound(path):
        assert path.is_socket()
        assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_was_left_behind_is_replaced(path: Path) -> None:
    bound(path).close()
    with pytest.raises(ConnectionRefusedError):
        connected(path, 5)
    with bound(path), connected(path, 5):
        pass


def test_where_nobody_listens_nobody_is_reached(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connected(path, 5)


def test_a_folder_that_is_not_there_can_hold_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        bound(tmp_path / "nowhere" / "daemon.sock")


def test_no_descriptor_is_left_open(path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        bound(path).close()
        with pytest.raises(ConnectionRefusedError):
            connected(path, 5)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
