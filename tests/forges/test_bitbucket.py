"""What only Bitbucket does."""

from __future__ import annotations

import base64

import pytest

from reconciler.forges.base import CommitState, CommitStatus
from reconciler.forges.errors import NotFoundError
from reconciler.model.problems import Code, Problem, Severity

from .conftest import Place
from .hosted import Pull, commit, uuid_of
from .serving import Sent


def problems(count: int, severity: Severity = Severity.ERROR) -> list[Problem]:
    return [
        Problem("a.yaml", Code.SYNTAX, f"message {index}", "mend it", severity=severity, line=index)
        for index in range(count)
    ]


def test_annotations_are_sent_a_hundred_at_a_time_and_a_thousand_in_all(bitbucket: Place) -> None:
    assert bitbucket.forge().annotate(commit(10), "reconciler", "many", problems(1050)) == 1000
    assert [len(sent.body) for sent in bitbucket.served.asked("POST", "annotations")] == [100] * 10
    report = bitbucket.hosted.reports["reconciler"]
    assert (report["result"], report["details"], report["commit"]) == ("FAILED", "many", commit(10))
    assert report["annotations"]["reconciler-0007"] == {
        "external_id": "reconciler-0007",
        "annotation_type": "BUG",
        "severity": "HIGH",
        "summary": "message 7",
        "details": "mend it",
        "path": "a.yaml",
        "line": 7,
    }


def test_a_report_takes_the_place_of_the_one_before(bitbucket: Place) -> None:
    bitbucket.forge().annotate(commit(10), "reconciler", "3 problems", problems(3))
    bitbucket.forge().annotate(commit(10), "reconciler", "1 warning", problems(1, Severity.WARNING))
    report = bitbucket.hosted.reports["reconciler"]
    assert (report["result"], len(report["annotations"])) == ("PASSED", 1)


def test_the_whole_id_of_a_commit_is_looked_up_once(bitbucket: Place) -> None:
    forge = bitbucket.forge()
    assert [found.head_commit for found in forge.open_pull_requests()] == [commit(10)]
    assert [found.head_commit for found in forge.open_pull_requests()] == [commit(10)]
    assert len(bitbucket.served.asked("GET", "/commit/")) == 1


def test_it_is_looked_up_in_the_fork_that_has_it(bitbucket: Place) -> None:
    bitbucket.hosted.add(Pull(7, head_repository="eve/loans", head_commit=commit(30)))
    assert bitbucket.forge().pull_request(7).head_commit == commit(30)
    assert bitbucket.served.asked("GET", "/repositories/eve/loans/commit/")


def test_a_commit_that_no_repository_shows_is_said(bitbucket: Place) -> None:
    def forget(sent: Sent) -> None:
        if "/commit/" in sent.path:
            bitbucket.hosted.pulls.clear()

    bitbucket.served.before = forget
    with pytest.raises(NotFoundError, match="does not show commit"):
        bitbucket.forge().pull_request(12)


def test_a_token_of_a_user_goes_with_that_users_name(bitbucket: Place) -> None:
    with pytest.raises(Exception, match="401"):
        bitbucket.forge(token="ada@example.org:secret").pull_request(12)
    told = bitbucket.served.sent[0].headers["authorization"]
    assert base64.b64decode(told.removeprefix("Basic ")) == b"ada@example.org:secret"


def test_long_names_of_statuses_that_begin_alike_stay_apart(bitbucket: Place) -> None:
    for end in ("one", "two"):
        name = f"reconciler/{'pipeline' * 6}/{end}"
        bitbucket.forge().set_status(CommitStatus(commit(10), name, CommitState.PENDING, "runs"))
    keys = [told["key"] for told in bitbucket.hosted.statuses.values()]
    assert len(set(keys)) == 2
    assert max(map(len, keys)) <= 40


def test_a_name_that_anybody_can_take_gives_nobody_rights(bitbucket: Place) -> None:
    assert bitbucket.forge().may_write(uuid_of("ada"))
    assert not bitbucket.forge().may_write("ada")
