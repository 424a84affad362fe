"""One request to a web server, and what is said of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from reconciler.exchange import Answer, NoAddressError, NoAnswerError, Request, exchange, place_of
from tests.notifications.listening import Listener, Reply, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def request(address: str) -> Request:
    return Request("POST", f"{address}/hidden?key=hidden", {"Content-Length": "2"}, b"{}")


def test_an_answer_is_one_whatever_it_says(listener: Listener) -> None:
    listener.replies = [Reply(418, {"X-Kind": "Teapot"}, b"short and stout")]
    answer = exchange(request(listener.address), 10.0, 100)
    assert (answer.told, answer.text, answer.is_whole) == ("418 I'm a Teapot", "short and stout", True)
    assert answer.headers["x-kind"] == "Teapot"


def test_no_more_is_read_than_is_wanted(listener: Listener) -> None:
    listener.replies = [Reply(200, content=b"x" * 10_000)]
    answer = exchange(request(listener.address), 10.0, 100)
    assert (answer.text, answer.is_whole) == ("x" * 100, False)


def test_a_server_that_hangs_is_left(listener: Listener) -> None:
    listener.replies = [Reply(wait=30)]
    with pytest.raises(NoAnswerError, match=r"did not answer within 0\.5 seconds") as left:
        exchange(request(listener.address), 0.5, 100)
    assert "hidden" not in str(left.value)


def test_an_answer_that_breaks_off_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_half() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

        thread = threading.Thread(target=answer_half, daemon=True)
        thread.start()
        with pytest.raises(NoAnswerError, match="cannot be reached") as left:
            exchange(request(f"http://127.0.0.1:{server.getsockname()[1]}"), 10.0, 1000)
        thread.join(10)
    assert "hidden" not in str(left.value)


@pytest.mark.parametrize("url", ["https://example.org:hidden/", "ftp://example.org/hidden"])
def test_what_is_no_address_is_not_sent_to_nor_shown(url: str) -> None:
    with pytest.raises(NoAddressError) as refused:
        exchange(Request("GET", url), 1.0, 100)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("", 0.0),
        ("120", 120.0),
        ("999999", 86_400.0),
        (formatdate(1_000_060, usegmt=True), 60.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("Wed, 99 Foo 2026", 0.0),
    ],
)
def test_a_server_says_for_how_long_it_is_to_be_left_alone(written: str, seconds: float) -> None:
    assert Answer(429, {"retry-after": written}, "").after(1_000_000.0) == seconds


def test_of_an_address_only_the_host_is_shown() -> None:
    assert place_of("https://user:hidden@hooks.example.org:8443/hidden?x=hidden") == "https://hooks.example.org:8443"
    assert place_of("http://[::1]:80/hidden") == "http://[::1]:80"
    assert place_of("https://example.org:hidden/") == "what is no address"
