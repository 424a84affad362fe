"""What only GitHub does."""

from __future__ import annotations

import pytest

from reconciler.forges.errors import TokenRefusedError
from reconciler.model.problems import Code, Problem, Severity

from .conftest import Place
from .hosted import BOT, commit
from .serving import Fault, Reply


def problems(count: int, severity: Severity = Severity.ERROR) -> list[Problem]:
    return [
        Problem("pipelines/a.yaml", Code.SYNTAX, f"message {index}", "mend it", severity=severity, line=index, column=3)
        for index in range(count)
    ]


@pytest.fixture
def app(github: Place) -> Place:
    """The token of Actions, which is that of an app."""
    github.served.is_app = True  # type: ignore[attr-defined]
    return github


def test_an_app_asks_for_its_viewer_where_it_may_not_ask_for_a_user(app: Place) -> None:
    app.forge().upsert_comment(12, "plan", "one")
    app.forge().upsert_comment(12, "plan", "two")
    assert [note.author for note in app.hosted.of(12)] == [BOT]
    assert [sent.path for sent in app.served.asked("POST", "graphql")] == ["/api/graphql"] * 2


def test_annotations_are_sent_fifty_at_a_time(app: Place) -> None:
    assert app.forge().annotate(commit(10), "reconciler", "120 problems", problems(120)) == 120
    assert [len(sent.body["output"]["annotations"]) for sent in app.served.asked("POST", "check-runs")] == [50]
    assert [len(sent.body["output"]["annotations"]) for sent in app.served.asked("PATCH", "check-runs")] == [50, 20]
    (check,) = app.hosted.checks
    assert (check["name"], check["head_sha"], check["status"]) == ("reconciler", commit(10), "completed")
    assert check["output"]["summary"] == "120 problems"
    assert [each["message"] for each in check["annotations"]] == [f"message {n}\nmend it" for n in range(120)]
    assert check["annotations"][0]["start_line"] == 1
    assert check["annotations"][7] == {
        "path": "pipelines/a.yaml",
        "start_line": 7,
        "end_line": 7,
        "start_column": 3,
        "end_column": 3,
        "annotation_level": "failure",
        "title": "syntax",
        "message": "message 7\nmend it",
    }


@pytest.mark.parametrize(
    ("found", "conclusion"),
    [([], "success"), (problems(1, Severity.WARNING), "neutral"), (problems(1), "failure")],
)
def test_a_check_run_concludes_with_the_worst(app: Place, found: list[Problem], conclusion: str) -> None:
    app.forge().annotate(commit(10), "reconciler", "so it is", found)
    assert app.hosted.checks[0]["conclusion"] == conclusion


def test_no_more_than_a_thousand_are_shown(app: Place) -> None:
    assert app.forge().annotate(commit(10), "reconciler", "many", problems(1001)) == 1000


def test_a_check_run_that_failed_halfway_is_not_repeated(app: Place) -> None:
    app.served.faults = [Fault(Reply(502), "POST", "check-runs", is_done=True)]
    with pytest.raises(Exception, match="502"):
        app.forge().annotate(commit(10), "reconciler", "one", problems(1))
    assert len(app.hosted.checks) == 1


def test_annotations_want_the_token_of_an_app(github: Place) -> None:
    with pytest.raises(TokenRefusedError, match="You must authenticate via a GitHub App") as refused:
        github.forge().annotate(commit(10), "reconciler", "one", problems(1))
    assert refused.value.hint == "the token has to be allowed to write `checks`, as that of an app"


def test_the_token_of_a_fork_may_not_write_and_that_is_said(app: Place) -> None:
    app.served.faults = [Fault(Reply(403, {"message": "Resource not accessible by integration"}), "POST", "comments$")]
    with pytest.raises(TokenRefusedError, match="Resource not accessible by integration") as refused:
        app.forge().upsert_comment(12, "plan", "text")
    assert refused.value.hint == "the token has to be allowed to write `pull-requests`"


def test_a_text_of_a_status_is_cut_to_what_fits(github: Place) -> None:
    from reconciler.forges.base import CommitState, CommitStatus

    github.forge().set_status(CommitStatus(commit(10), "reconciler/a", CommitState.SUCCESS, "x" * 200))
    (told,) = github.hosted.statuses.values()
    assert told["description"] == "x" * 139 + "…"
