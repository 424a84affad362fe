"""How servers are posted to: deadlines, redirects, answers, and what is said of them."""

from __future__ import annotations

import socket
import time

import pytest

from reconciler.exchange import Answer
from reconciler.notifications.base import NotNowError, NotTakenError
from reconciler.notifications.web import Posting, check, post

from .listening import Listener, Reply


def posting(address: str) -> Posting:
    return Posting(f"{address}/hidden?key=hidden", {}, b"{}")


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    listener.replies = [Reply(302, {"Location": f"{listener.address}/elsewhere"})]
    answer = post(posting(listener.address))
    with pytest.raises(NotTakenError, match="answered 302 Found; redirects are not followed"):
        check(answer, "https://example.org")
    assert len(listener.sent) == 1


@pytest.mark.parametrize("reply", [Reply(wait=30), Reply(content=b"x" * 100, drip=0.2)], ids=["silent", "slow"])
def test_a_server_that_hangs_is_left_when_its_time_is_over(listener: Listener, reply: Reply) -> None:
    listener.replies = [reply]
    begun = time.monotonic()
    with pytest.raises(NotNowError, match=r"did not answer within 0\.5 seconds") as left:
        post(posting(listener.address), 0.5)
    assert time.monotonic() - begun < 2
    assert "hidden" not in str(left.value)


def test_a_server_that_is_not_there_may_come() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NotNowError, match="cannot be reached") as failed:
            post(posting(address))
    assert "hidden" not in str(failed.value)


def test_a_long_answer_is_not_read_to_its_end(listener: Listener) -> None:
    listener.replies = [Reply(500, content=b"x" * 10_000)]
    assert len(post(posting(listener.address)).text) == 4096


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_is_taken_is_done(status: int) -> None:
    check(Answer(status, {}, ""), "https://example.org")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    with pytest.raises(NotNowError):
        check(Answer(status, {}, ""), "https://example.org")


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410, 413, 422])
def test_what_will_not_pass_is_not(status: int) -> None:
    with pytest.raises(NotTakenError, match=f"https://example.org answered {status}"):
        check(Answer(status, {}, ""), "https://example.org")


def test_what_is_no_address_is_not_posted_to_nor_shown() -> None:
    with pytest.raises(NotTakenError) as refused:
        post(Posting("https://example.org:hidden/", {}, b""))
    assert "hidden" not in str(refused.value)
