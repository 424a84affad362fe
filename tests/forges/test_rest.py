"""One comment of ours, at every forge."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.forges.errors import ForgeError, ForgeGoneError, NotFoundError, TokenRefusedError
from reconciler.forges.settings import ForgeKind

from .conftest import Place
from .hosted import ADA, BOT, Pull
from .serving import Fault, Reply, Sent

WRITES = r"(comments|notes)(/\d+)?$"
LIMITS = {
    ForgeKind.GITHUB: 65_536,
    ForgeKind.GITLAB: 1_000_000,
    ForgeKind.GITEA: 65_536,
    ForgeKind.BITBUCKET: 32_768,
}


def bodies(place: Place) -> list[str]:
    return [note.body for note in place.hosted.of(12)]


def writes(place: Place) -> list[str]:
    return [sent.method for sent in place.served.sent if sent.method != "GET" and "graphql" not in sent.path]


def test_it_is_written_once_and_kept_up_to_date(place: Place) -> None:
    first = place.forge().upsert_comment(12, "plan", "2 steps run")
    assert place.forge().upsert_comment(12, "plan", "2 steps run").id == first.id
    assert writes(place) == ["POST"]
    second = place.forge().upsert_comment(12, "plan", "3 steps run")
    assert second.id == first.id
    assert "3 steps run" in second.body
    assert len(bodies(place)) == 1
    assert "3 steps run" in bodies(place)[0]
    assert writes(place)[1:] in (["PATCH"], ["PUT"])


def test_readers_do_not_see_what_it_is_known_by(place: Place) -> None:
    place.forge().upsert_comment(12, "plan", "2 steps run")
    line, blank, *more = bodies(place)[0].splitlines()
    hidden = "[//]: # (reconciler:plan)" if place.kind is ForgeKind.BITBUCKET else "<!-- reconciler:plan -->"
    assert (line, blank, more) == (hidden, "", ["2 steps run"])


def test_each_marker_has_one_of_its_own(place: Place) -> None:
    forge = place.forge()
    forge.upsert_comment(12, "plan", "plan")
    forge.upsert_comment(12, "summary", "summary")
    forge.upsert_comment(12, "plan", "plan")
    assert len(bodies(place)) == 2


def test_what_another_wrote_with_the_same_marker_is_left_alone(place: Place) -> None:
    place.forge().upsert_comment(12, "plan", "ours")
    theirs = bodies(place)[0].replace("ours", "theirs")
    place.hosted.notes.clear()
    place.hosted.say(12, ADA, theirs)
    place.forge().upsert_comment(12, "plan", "ours")
    place.forge().upsert_comment(12, "plan", "ours, newer")
    assert [note.author for note in place.hosted.of(12)] == [ADA, BOT]
    assert bodies(place)[0] == theirs


def test_a_marker_that_is_quoted_further_down_is_none(place: Place) -> None:
    place.forge().upsert_comment(12, "plan", "ours")
    place.hosted.notes[0] = place.hosted.say(12, BOT, f"> {bodies(place)[0]}")
    place.hosted.notes.pop()
    place.forge().upsert_comment(12, "plan", "ours")
    assert len(bodies(place)) == 2


def test_of_two_jobs_that_write_at_once_one_comment_stays(place: Place) -> None:
    both = threading.Barrier(2, timeout=30)

    def wait_for_the_other(sent: Sent) -> None:
        if sent.method == "POST" and sent.path.endswith(("comments", "notes")):
            both.wait()

    place.served.before = wait_for_the_other
    with ThreadPoolExecutor(2) as jobs:
        kept = list(jobs.map(lambda text: place.forge().upsert_comment(12, "plan", text), ["first", "second"]))
    assert len(bodies(place)) == 1
    assert {each.id for each in kept} == {place.hosted.of(12)[0].id}


def test_one_that_is_not_listed_yet_is_not_written_again(place: Place) -> None:
    def list_nothing(sent: Sent) -> None:
        if sent.method == "POST" and sent.path.endswith(("comments", "notes")):
            empty = {"values": []} if place.kind is ForgeKind.BITBUCKET else []
            place.served.faults = [Fault(Reply(200, empty), "GET", WRITES)]

    place.served.before = list_nothing
    place.forge().upsert_comment(12, "plan", "text")
    assert place.served.faults == []
    assert len(bodies(place)) == 1
    assert writes(place) == ["POST"]


def test_those_that_a_killed_job_left_are_folded_into_the_oldest(place: Place) -> None:
    place.forge().upsert_comment(12, "plan", "one")
    line = bodies(place)[0]
    place.hosted.say(12, BOT, line)
    place.hosted.say(12, BOT, line)
    oldest = place.hosted.notes[0].id
    place.forge().upsert_comment(12, "plan", "two")
    assert [note.id for note in place.hosted.of(12)] == [oldest]
    assert "two" in bodies(place)[0]


@pytest.mark.parametrize("is_done", [True, False])
def test_a_failure_while_it_is_written_makes_no_second_one(place: Place, is_done: bool) -> None:
    place.served.faults = [Fault(Reply(502, content=b"Bad Gateway"), "POST", WRITES, is_done)]
    place.forge().upsert_comment(12, "plan", "text")
    assert len(bodies(place)) == 1
    assert writes(place) == (["POST"] if is_done else ["POST", "POST"])


def test_a_forge_that_fails_on_and_on_is_given_up(place: Place) -> None:
    place.served.faults = [Fault(Reply(503), "POST", WRITES) for _ in range(9)]
    with pytest.raises(ForgeGoneError, match="503"):
        place.forge().upsert_comment(12, "plan", "text")
    assert writes(place) == ["POST"] * 4


def test_one_that_is_taken_away_meanwhile_is_written_anew(place: Place) -> None:
    place.forge().upsert_comment(12, "plan", "one")

    def take_away(sent: Sent) -> None:
        if sent.method in ("PUT", "PATCH"):
            place.hosted.notes.clear()

    place.served.before = take_away
    place.forge().upsert_comment(12, "plan", "two")
    assert len(bodies(place)) == 1
    assert "two" in bodies(place)[0]


def test_that_somebody_takes_it_away_each_time_is_said(place: Place) -> None:
    forge = place.forge()
    forge.upsert_comment(12, "plan", "0")

    def shuffle(sent: Sent) -> None:
        if sent.method in ("PUT", "PATCH"):
            place.hosted.notes[0] = place.hosted.say(12, BOT, place.hosted.notes[0].body)
            place.hosted.notes.pop()

    place.served.before = shuffle
    with pytest.raises(ForgeError, match="taken away as soon as it is written"):
        forge.upsert_comment(12, "plan", "1")


def test_what_is_too_long_is_cut_with_a_word_about_that(place: Place) -> None:
    body = "".join(f"line {index}\n" for index in range(120_000))
    place.forge().upsert_comment(12, "plan", body)
    written = bodies(place)[0]
    assert len(written) <= LIMITS[place.kind]
    assert len(written) > LIMITS[place.kind] - 100
    assert written.endswith(f"\n\n… cut here, as a comment holds no more than {LIMITS[place.kind]:,} characters.")
    place.forge().upsert_comment(12, "plan", body)
    assert writes(place) == ["POST"]


def test_a_pull_request_that_is_not_there_gets_none(place: Place) -> None:
    with pytest.raises(NotFoundError):
        place.forge().upsert_comment(99, "plan", "text")


def test_it_lasts_over_many_pages_of_comments(place: Place) -> None:
    place.served.most_per_page = 2
    for index in range(7):
        place.hosted.say(12, ADA, f"talk {index}")
    place.forge().upsert_comment(12, "plan", "one")
    place.hosted.say(12, ADA, "more")
    place.forge().upsert_comment(12, "plan", "two")
    assert len(bodies(place)) == 9


def test_who_we_are_can_be_said_where_the_forge_does_not(place: Place) -> None:
    place.served.faults = [Fault(Reply(403), "GET", "/user$"), Fault(Reply(403), "POST", "graphql$")]
    with pytest.raises(TokenRefusedError, match="set RECONCILER_FORGE_USER"):
        place.forge().upsert_comment(12, "plan", "text")
    place.served.faults = [Fault(Reply(403), "GET", "/user$")]
    forge = place.forge(user=place.me)
    forge.upsert_comment(12, "plan", "one")
    forge.upsert_comment(12, "plan", "two")
    assert len(bodies(place)) == 1
    assert place.served.faults


@pytest.mark.parametrize("marker", ["", "Plan", "a b", "a--b", "-->", "a)"])
def test_a_marker_that_would_show_is_refused(place: Place, marker: str) -> None:
    place.hosted.add(Pull(13))
    with pytest.raises(ValueError, match="is no marker"):
        place.forge().upsert_comment(13, marker, "text")
