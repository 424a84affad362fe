"""How forges are asked: again where that may help, and never with the token somewhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from reconciler.exchange import Request
from reconciler.forges.errors import ForgeError, ForgeGoneError, RateLimitError, TokenRefusedError
from reconciler.forges.settings import ForgeKind

from .conftest import Place, place_for
from .github_served import GitHubServed
from .hosted import Pull
from .serving import TOKEN, Fault, Reply, Served, serving

PULLS = r"(pulls|merge_requests|pullrequests)$"


@pytest.fixture
def elsewhere() -> Iterator[Served]:
    """Another server, to which no token may go."""
    with serving(GitHubServed()) as other:
        yield other


# Faults that pass


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500, content=b"<html>oops</html>"),
        Reply(502),
        Reply(503, {"message": "back soon"}),
        Reply(408),
        Reply(200, content=b'{"number": 12, "tit'),
        Reply(200, content=b'{"number": 12}', promised=9000),
        Reply(200, content=b"<html>sign in</html>"),
    ],
)
def test_what_may_pass_is_asked_again(place: Place, fault: Reply) -> None:
    place.served.faults = [Fault(fault), Fault(fault)]
    assert place.forge().pull_request(12).number == 12
    first, second = place.slept
    assert 0.25 <= first <= 0.5 <= second <= 1.0


def test_what_does_not_pass_is_given_up(place: Place) -> None:
    place.served.faults = [Fault(Reply(500)) for _ in range(9)]
    with pytest.raises(ForgeGoneError, match="500 Internal Server Error"):
        place.forge().pull_request(12)
    assert len(place.served.sent) == 4


def test_a_server_that_says_for_how_long_is_left_alone_so_long(place: Place) -> None:
    place.served.faults = [Fault(Reply(503, headers={"Retry-After": "7"}))]
    place.forge().pull_request(12)
    assert place.slept == [7.0]


def test_a_page_that_breaks_off_is_asked_for_again_and_none_is_left_out(place: Place) -> None:
    place.served.most_per_page = 2
    place.hosted.add(*(Pull(number) for number in range(20, 25)))
    found = place.forge().open_pull_requests()
    first = next(found)
    place.served.faults = [Fault(Reply(200, content=b'[{"number": 1', promised=500), path=PULLS)]
    assert [first.number, *(each.number for each in found)] == [12, 20, 21, 22, 23, 24]


def test_a_forge_that_is_not_there_is_said(place: Place) -> None:
    gone = place_for(place.kind)
    with serving(gone.served):
        forge = gone.forge()
    with pytest.raises(ForgeGoneError, match="cannot be reached"):
        forge.pull_request(12)


# Limits


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_short_limit_is_waited_out(place: Place, seconds: int) -> None:
    place.served.faults = [Fault(Reply(429, headers={"Retry-After": str(seconds)}))]
    assert place.forge().pull_request(12).number == 12
    assert place.slept == [seconds]


def test_what_was_refused_for_a_limit_is_written_after_it(place: Place) -> None:
    place.served.faults = [Fault(Reply(429, headers={"Retry-After": "1"}), "POST", r"(comments|notes)$")]
    place.forge().upsert_comment(12, "plan", "text")
    assert len(place.hosted.notes) == 1
    assert place.slept == [1]


def test_a_long_limit_is_said_with_its_end(place: Place) -> None:
    place.served.faults = [Fault(Reply(429, {"message": "slow down"}, {"Retry-After": "600"}))]
    with pytest.raises(RateLimitError, match=r"slow down: too many requests, until 2026-01-01T00:10:00Z") as limited:
        place.forge().pull_request(12)
    assert limited.value.after == 600
    assert place.slept == []


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("names", ["X-RateLimit", "RateLimit"])
def test_a_limit_may_be_told_by_when_it_ends(place: Place, status: int, names: str) -> None:
    headers = {f"{names}-Remaining": "0", f"{names}-Reset": str(int(place.now) + 30)}
    place.served.faults = [Fault(Reply(status, headers=headers))]
    assert place.forge().pull_request(12).number == 12
    assert place.slept == [30]


def test_a_limit_that_goes_on_is_given_up(place: Place) -> None:
    place.served.faults = [Fault(Reply(429, headers={"Retry-After": "1"})) for _ in range(9)]
    with pytest.raises(RateLimitError):
        place.forge().pull_request(12)
    assert len(place.served.sent) == 4


def test_a_limit_that_says_nothing_is_waited_out_like_a_fault(place: Place) -> None:
    place.served.faults = [Fault(Reply(429))]
    assert place.forge().pull_request(12).number == 12
    assert len(place.slept) == 1


def test_a_secondary_limit_of_github_is_a_minute(github: Place) -> None:
    told = "You have exceeded a secondary rate limit. Please wait a few minutes."
    github.served.faults = [Fault(Reply(403, {"message": told}))]
    github.forge().pull_request(12)
    assert github.slept == [60]


# Tokens


def test_a_wrong_token_is_said_and_not_shown(place: Place) -> None:
    with pytest.raises(TokenRefusedError, match=r"answered 401 Unauthorized: .*Bad credentials") as refused:
        place.forge(token="wrong-and-secret").pull_request(12)
    assert refused.value.hint == "the token is wrong or has expired; make another"
    assert "wrong-and-secret" not in str(refused.value)
    assert len(place.served.sent) == 1


def test_what_a_token_needs_is_said(place: Place) -> None:
    place.served.faults = [Fault(Reply(403))]
    with pytest.raises(TokenRefusedError) as refused:
        place.forge().pull_request(12)
    assert refused.value.hint == "the token has to be allowed to read the repository and its pull requests"


def test_a_token_that_a_forge_repeats_is_hidden(place: Place) -> None:
    place.served.faults = [Fault(place.served.refuse(422, f"cannot use {TOKEN}\x1b[31m here"))]
    with pytest.raises(ForgeError) as refused:
        place.forge().pull_request(12)
    assert TOKEN not in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert "cannot use ***" in str(refused.value)


def test_neither_forge_nor_request_shows_what_is_secret(place: Place) -> None:
    assert TOKEN not in repr(vars(place.forge()))
    assert TOKEN not in repr(Request("GET", "https://example.org", {"Authorization": TOKEN}))


# Elsewhere


def test_a_next_page_on_another_server_is_not_asked_for(place: Place, elsewhere: Served) -> None:
    target = f"{elsewhere.address}/pulls?page=2"
    body = {"values": [], "next": target} if place.kind is ForgeKind.BITBUCKET else []
    place.served.faults = [Fault(Reply(200, body, {"Link": f'<{target}>; rel="next"'}), path=PULLS)]
    with pytest.raises(ForgeError, match=f"has its next page at {elsewhere.address}") as refused:
        list(place.forge().open_pull_requests())
    assert "the token is not sent there" in (refused.value.hint or "")
    assert elsewhere.sent == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_server_is_not_followed(place: Place, elsewhere: Served, status: int) -> None:
    place.served.faults = [Fault(Reply(status, headers={"Location": f"{elsewhere.address}/api"}))]
    with pytest.raises(ForgeError, match=f"leads to {elsewhere.address}"):
        place.forge().pull_request(12)
    assert elsewhere.sent == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_repository_that_was_renamed_is_read_where_it_is_by_now(place: Place, status: int) -> None:
    forge = place.forge()
    forge.pull_request(12)
    path = place.served.sent[0].path
    place.served.faults = [Fault(Reply(status, headers={"Location": path}), path="/old/name|old%2Fname")]
    assert place.forge(repository="old/name").pull_request(12).number == 12


def test_nothing_is_written_where_a_redirect_leads_that_may_change_it(place: Place) -> None:
    place.served.faults = [Fault(Reply(301, headers={"Location": "/elsewhere"}), "POST", r"(comments|notes)$")]
    with pytest.raises(ForgeError, match="301 Moved Permanently"):
        place.forge().upsert_comment(12, "plan", "text")
    assert place.hosted.notes == []


def test_redirects_in_a_circle_come_to_an_end(place: Place) -> None:
    place.served.faults = [Fault(Reply(302, headers={"Location": "/round"})) for _ in range(20)]
    with pytest.raises(ForgeError, match="302 Found"):
        place.forge().pull_request(12)
    assert len(place.served.sent) < 8


# What is no forge


@pytest.mark.parametrize("body", [{}, [], "text", 7, {"number": "12"}, {"number": 12, "iid": 12, "id": 12, "title": 3}])
def test_what_is_answered_otherwise_than_documented_is_not_taken(place: Place, body: object) -> None:
    place.served.faults = [Fault(Reply(200, content=json.dumps(body).encode()))]
    with pytest.raises(ForgeError, match=r"answered .* that is no"):
        place.forge().pull_request(12)


def test_a_list_that_is_none_is_not_taken(place: Place) -> None:
    place.served.faults = [Fault(Reply(200, {"items": []}), path=PULLS)]
    with pytest.raises(ForgeError, match="answered no list where one is documented"):
        list(place.forge().open_pull_requests())
