"""What every forge does alike."""

from __future__ import annotations

import pytest

from reconciler.forges.base import CommitState, CommitStatus, PullRequestState
from reconciler.forges.errors import NotFoundError
from reconciler.forges.settings import ForgeKind
from reconciler.model.problems import Code, Problem, Severity

from .conftest import Place
from .hosted import ADA, EVE, REPOSITORY, Pull, commit

HAS_LABELS = (ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA)
ANNOTATES = (ForgeKind.GITHUB, ForgeKind.BITBUCKET)


def numbers(found: object) -> list[int]:
    return [each.number for each in found]  # type: ignore[attr-defined]


def test_a_pull_request_is_told(place: Place) -> None:
    place.hosted.add(Pull(7, "Train on <b>2019</b>", is_draft=True, labels=("preview", "data")))
    found = place.forge().pull_request(7)
    assert (found.number, found.title, found.state, found.is_draft) == (
        7,
        "Train on <b>2019</b>",
        PullRequestState.OPEN,
        True,
    )
    assert (found.head_commit, found.head_branch, found.head_repository) == (commit(10), "by-year", REPOSITORY)
    assert found.base_branch == "main"
    assert found.base_commit
    assert commit(1).startswith(found.base_commit)
    assert found.author == place.known_as(ADA)
    assert not found.is_from_fork
    assert found.labels == (("preview", "data") if place.kind in HAS_LABELS else ())
    assert found.merge_commit == ""
    assert found.url.startswith("https://")


def test_that_of_a_fork_is_told_apart_be_the_fork_gone(place: Place) -> None:
    place.hosted.add(Pull(7, head_repository="eve/loans"), Pull(8, head_repository=""))
    assert place.forge().pull_request(7).is_from_fork
    assert place.forge().pull_request(8).is_from_fork
    assert place.forge().pull_request(8).head_repository == ""


def test_one_whose_author_is_gone_has_none(place: Place) -> None:
    place.hosted.add(Pull(7, author=""))
    assert place.forge().pull_request(7).author == ""


@pytest.mark.parametrize(("state", "told"), [("closed", PullRequestState.CLOSED), ("merged", PullRequestState.MERGED)])
def test_one_that_is_over_is_closed_or_merged(place: Place, state: str, told: PullRequestState) -> None:
    place.hosted.add(Pull(7, state=state, merge_commit=commit(20) if state == "merged" else ""))
    found = place.forge().pull_request(7)
    assert found.state is told
    assert bool(found.merge_commit) is (state == "merged")
    assert commit(20).startswith(found.merge_commit)


def test_all_open_ones_are_found_page_by_page(place: Place) -> None:
    place.served.most_per_page = 2
    place.hosted.add(*(Pull(number) for number in range(20, 25)), Pull(30, state="closed"), Pull(31, state="merged"))
    assert numbers(place.forge().open_pull_requests()) == [12, 20, 21, 22, 23, 24]
    assert len(place.served.asked("GET", r"(pulls|requests|pullrequests)$")) == 3


def test_all_comments_are_read_page_by_page(place: Place) -> None:
    place.served.most_per_page = 2
    place.hosted.add(Pull(7))
    place.hosted.say(7, EVE, "elsewhere")
    for index in range(5):
        place.hosted.say(12, ADA, f"comment {index}")
    found = place.forge().comments(12)
    assert [(each.author, each.body) for each in found] == [(place.known_as(ADA), f"comment {n}") for n in range(5)]
    assert [each.created for each in found] == sorted(each.created for each in found)
    assert 1_767_225_600 < found[0].created < 1_767_225_603


def test_a_comment_that_is_gone_can_be_taken_away_again(place: Place) -> None:
    note = place.hosted.say(12, ADA, "hello")
    place.forge().delete_comment(12, note.id)
    place.forge().delete_comment(12, note.id)
    assert place.hosted.notes == []


@pytest.mark.parametrize("state", CommitState)
def test_a_status_is_set_and_set_again(place: Place, state: CommitState) -> None:
    status = CommitStatus(commit(10), "reconciler/lending_club", state, "long " * 40, "https://example.org/runs/1")
    place.forge().set_status(status)
    place.forge().set_status(status)
    ((sha, name), told), *others = place.hosted.statuses.items()
    assert (sha, name, others) == (commit(10), "reconciler/lending_club", [])
    assert "https://example.org/runs/1" in told.values()


def test_a_status_needs_no_address(place: Place) -> None:
    place.forge().set_status(CommitStatus(commit(10), "reconciler/" + "a" * 60, CommitState.SUCCESS, "fine"))
    assert len(place.hosted.statuses) == 1


def problem(line: int, severity: Severity = Severity.ERROR) -> Problem:
    return Problem("a.yaml", Code.SYNTAX, "m" * 600, "mend it", severity=severity, line=line, column=3)


def test_problems_are_shown_beside_their_lines_where_a_forge_can(place: Place) -> None:
    if place.kind is ForgeKind.GITHUB:
        place.served.is_app = True  # type: ignore[attr-defined]
    shown = place.forge().annotate(commit(10), "reconciler", "3 problems", [problem(line) for line in range(3)])
    assert shown == (3 if place.kind in ANNOTATES else 0)
    assert (len(place.hosted.checks) + len(place.hosted.reports)) == (1 if place.kind in ANNOTATES else 0)


def test_who_may_push_is_told(place: Place) -> None:
    forge = place.forge()
    assert forge.may_write(place.known_as(ADA))
    assert not forge.may_write(place.known_as(EVE))
    assert not forge.may_write(place.known_as("bob"))
    assert not forge.may_write("nobody")
    assert not forge.may_write("")
    assert not forge.may_write('x" OR user.uuid!="')
    assert not forge.may_write("../../../repos")


def test_what_is_not_there_is_named(place: Place) -> None:
    with pytest.raises(NotFoundError, match=r"/99: http://127.0.0.1:\d+ answered 404 Not Found") as found:
        place.forge().pull_request(99)
    assert "named as the forge has it" in (found.value.hint or "")
