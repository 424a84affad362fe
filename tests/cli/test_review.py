"""`review`: a pull request is told what merging it would train, at every forge alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.forges.settings import ForgeKind
from tests.forges.hosted import EVE
from tests.forges.serving import TOKEN, Fault, Reply, Sent
from tests.review.changed import Changed, without_ids

from .lending import FILES, LENDING, SPLIT
from .reviewed import REFUSAL, Reviewed, reviewed_at

COMPONENT = "components/split/component.yaml"
CHANGED = SPLIT.replace("1.0.0", "1.0.1").replace("echo third", "echo 3")
LOUDER = SPLIT.replace("1.0.0", "1.0.2").replace("echo third", "echo 33")
DISHONEST = CHANGED.replace("train: {", "rows: {type: uri_file}\n  train: {")
MISTAKE = LENDING.replace("split@^1.0", "split@^9.0")
GOLDEN = Path(__file__).parent / "golden"
ANNOTATES = (ForgeKind.GITHUB, ForgeKind.BITBUCKET)
FAILURES = {ForgeKind.GITLAB: "failed", ForgeKind.BITBUCKET: "FAILED"}
SUCCESSES = {ForgeKind.BITBUCKET: "SUCCESSFUL"}


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path / "git", FILES, {COMPONENT: CHANGED})


@pytest.fixture(params=list(ForgeKind))
def reviewed(request: pytest.FixtureRequest, changed: Changed) -> Iterator[Reviewed]:
    """At each forge in turn."""
    with reviewed_at(request.param, changed) as reviewed:
        yield reviewed


@pytest.fixture
def at_github(changed: Changed) -> Iterator[Reviewed]:
    with reviewed_at(ForgeKind.GITHUB, changed) as reviewed:
        yield reviewed


@pytest.fixture
def at_bitbucket(changed: Changed) -> Iterator[Reviewed]:
    with reviewed_at(ForgeKind.BITBUCKET, changed) as reviewed:
        yield reviewed


# What is told


def test_the_comment_tells_the_plan_as_the_forge_can_show_it(reviewed: Reviewed) -> None:
    assert reviewed.review().code == 0
    (body,) = map(without_ids, reviewed.bodies)
    is_folding = reviewed.place.kind is not ForgeKind.BITBUCKET
    golden = GOLDEN / ("review-folding.md" if is_folding else "review-bitbucket.md")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(body, encoding="utf-8")
    assert body.strip() == golden.read_text(encoding="utf-8").strip()
    assert ("<details>" in body, "```mermaid" in body) == (is_folding, is_folding)


def test_the_head_gets_a_status_that_says_what_the_change_comes_to(reviewed: Reviewed) -> None:
    reviewed.review()
    (((commit, name), told),) = reviewed.statuses.items()
    assert (commit, name) == (reviewed.head, "reconciler/plan")
    assert told["state"] == SUCCESSES.get(reviewed.place.kind, "success")
    assert told["description"] == "runs 1 pipeline"


def test_the_next_review_keeps_the_same_comment_up_to_date(reviewed: Reviewed) -> None:
    reviewed.review()
    (first,) = reviewed.place.hosted.of(12)
    reviewed.commit({COMPONENT: LOUDER})
    assert reviewed.review().code == 0
    (second,) = reviewed.place.hosted.of(12)
    assert second.id == first.id
    assert "`1.0.0` → `1.0.2`" in second.body
    assert {commit for commit, _ in reviewed.statuses} == {
        reviewed.head,
        reviewed.git("rev-parse", "change~1"),
    }


def test_one_that_does_nothing_says_so(reviewed: Reviewed) -> None:
    reviewed.commit({COMPONENT: SPLIT, "README.md": "Hello\n"})
    assert reviewed.review().code == 0
    assert "### Plan: nothing to do" in reviewed.bodies[0]
    assert [told["description"] for told in reviewed.statuses.values()] == ["nothing to do"]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("pipelines/lending.yaml", MISTAKE, "pipelines/lending.yaml:5: no version of component `split` fits `^9.0`"),
        (COMPONENT, DISHONEST, "components/split/component.yaml:2: 1.0.0 → 1.0.1 is too small a step"),
    ],
    ids=["a mistake", "a dishonest version"],
)
def test_what_is_wrong_fails_the_job_and_is_shown_beside_its_line(
    reviewed: Reviewed, file: str, text: str, told: str
) -> None:
    reviewed.commit({file: text})
    answer = reviewed.review()
    assert answer.code == 1
    assert f"{file}:" in answer.out
    assert "hint:" in answer.out
    assert "### Plan: refused, 1 error" in reviewed.bodies[0]
    (status,) = reviewed.statuses.values()
    assert status["state"] == FAILURES.get(reviewed.place.kind, "failure")
    assert str(status["description"]).startswith(f"1 error: {told}")
    shown = [each["annotations"] for each in reviewed.place.hosted.checks]
    shown += [list(each["annotations"].values()) for each in reviewed.place.hosted.reports.values()]
    assert [len(each) for each in shown] == ([1] if reviewed.place.kind in ANNOTATES else [])
    assert all(each["path"] == file for annotations in shown for each in annotations)


def test_once_it_is_mended_all_is_well_again(reviewed: Reviewed) -> None:
    reviewed.commit({"pipelines/lending.yaml": MISTAKE})
    assert reviewed.review().code == 1
    reviewed.commit({"pipelines/lending.yaml": LENDING})
    assert reviewed.review().code == 0
    assert "### Plan: 1 pipeline to run" in reviewed.bodies[0]
    assert all(not report["annotations"] for report in reviewed.place.hosted.reports.values())


@pytest.mark.parametrize("kind", [ForgeKind.GITHUB, ForgeKind.BITBUCKET])
def test_a_large_plan_is_shortened_by_what_matters_least(kind: ForgeKind, tmp_path: Path) -> None:
    job = "  s{0}: {{command: echo {1}, environment: 'azureml:tools@^1.0'}}\n"
    before, after = (
        "type: pipeline\nname: wide\njobs:\n" + "".join(job.format(number, word) for number in range(900))
        for word in ("one", "two")
    )
    changed = Changed(tmp_path / "git", {**FILES, "pipelines/wide.yaml": before}, {"pipelines/wide.yaml": after})
    with reviewed_at(kind, changed) as reviewed:
        assert reviewed.review().code == 0
        (body,) = reviewed.bodies
        assert 20_000 < len(body) <= (65_536 if kind is ForgeKind.GITHUB else 32_768)
        assert " more." in body
        assert "cut here" not in body


# Which commits


def test_what_a_job_has_checked_out_of_the_merge_is_planned(reviewed: Reviewed) -> None:
    reviewed.git("checkout", "-q", "main")
    reviewed.changed.origin.push({"pipelines/nightly.yaml": LENDING.replace("name: lending", "name: nightly")})
    reviewed.check_out_merge()
    reviewed.git("branch", "-q", "-D", "main")
    assert reviewed.review().code == 0
    title = reviewed.bodies[0].splitlines()[4]
    assert title.startswith(f"`change@sha1:{reviewed.head} merged into main` against `main@sha1:")
    assert "| `nightly` | **run** |" in reviewed.bodies[0]
    assert [commit for commit, _ in reviewed.statuses] == [reviewed.head]


def test_the_head_is_taken_where_something_else_is_checked_out(at_github: Reviewed) -> None:
    at_github.git("checkout", "-q", "main")
    assert at_github.review().code == 0
    assert [commit for commit, _ in at_github.statuses] == [at_github.head]


def test_a_job_that_a_newer_commit_has_overtaken_posts_nothing(reviewed: Reviewed) -> None:
    reviewed.propose(head_commit="d" * 40)
    answer = reviewed.review()
    assert answer.code == 0
    assert "is at dddddddddddd by now" in answer.out
    assert reviewed.writes() == []


def test_nor_does_one_that_is_overtaken_while_it_plans(at_github: Reviewed) -> None:
    def push(sent: Sent) -> None:
        if len(at_github.place.served.asked("GET", "/pulls/12$")) == 2:
            at_github.propose(head_commit="d" * 40)

    at_github.place.served.before = push
    answer = at_github.review()
    assert (answer.code, at_github.writes()) == (0, [])
    assert "by now" in answer.out


def test_one_that_is_over_is_left_alone(reviewed: Reviewed) -> None:
    reviewed.place.hosted.add(replace(reviewed.place.hosted.pulls[12], state="closed"))
    answer = reviewed.review()
    assert (answer.code, answer.out) == (0, "pull request 12 is closed: nothing is posted\n")


def test_a_draft_is_reviewed_like_any_other(at_github: Reviewed) -> None:
    at_github.place.hosted.add(replace(at_github.place.hosted.pulls[12], is_draft=True))
    assert at_github.review().code == 0
    assert len(at_github.bodies) == 1


def test_other_commits_can_be_named(at_github: Reviewed) -> None:
    at_github.commit({COMPONENT: LOUDER})
    assert at_github.review("--base", "change~1", "--head", "change").code == 0
    assert "`1.0.1` → `1.0.2`" in at_github.bodies[0]
    answer = at_github.review("--head", "nowhere")
    assert answer.code == 1
    assert "there is no commit `nowhere`" in answer.err


def test_a_clone_without_the_base_is_told_how_to_get_it(at_github: Reviewed) -> None:
    at_github.propose(base_branch="release", base_commit="e" * 40)
    answer = at_github.review()
    assert answer.code == 1
    assert "the branch `release` is not here" in answer.err
    assert "git fetch origin release" in answer.err


# What the token may not do


def test_a_job_of_a_fork_tells_the_plan_in_its_summary(reviewed: Reviewed, tmp_path: Path) -> None:
    reviewed.propose(head_repository="eve/loans", author=EVE)
    reviewed.refuse_writes()
    summary = tmp_path / "summary.md"
    answer = reviewed.review(variables={"GITHUB_STEP_SUMMARY": str(summary)})
    assert answer.code == 0, answer.err
    assert reviewed.bodies == []
    assert "### Plan: 1 pipeline to run" in summary.read_text(encoding="utf-8")
    assert answer.err.count("warning:") == 1
    assert "a fork's pull request may not write" in answer.err


def test_without_a_summary_it_is_told_in_the_log(reviewed: Reviewed) -> None:
    reviewed.propose(head_repository="eve/loans")
    reviewed.refuse_writes()
    answer = reviewed.review()
    assert answer.code == 0
    assert "### Plan: 1 pipeline to run" in answer.out


def test_a_job_of_a_fork_at_github_shows_problems_all_the_same(at_github: Reviewed) -> None:
    at_github.propose(head_repository="eve/loans")
    at_github.commit({"pipelines/lending.yaml": MISTAKE})
    at_github.refuse_writes()
    answer = at_github.review(variables={"GITHUB_ACTIONS": "true"})
    assert answer.code == 1
    first, *_, last = answer.out.splitlines()
    assert first.startswith("::stop-commands::")
    assert last.startswith("::error file=pipelines/lending.yaml,line=5,")


@pytest.mark.parametrize(
    ("path", "told"), [("(comments|notes)$", "no comment is written"), ("statuses", "no status is set")]
)
def test_what_the_token_may_do_is_done(reviewed: Reviewed, path: str, told: str) -> None:
    reviewed.place.served.faults.append(Fault(REFUSAL, "POST", path))
    answer = reviewed.review()
    assert answer.code == 0
    assert f"warning: {told}: " in answer.err
    assert "hint: the token has to be allowed to " in answer.err
    assert len(reviewed.bodies) + len(reviewed.statuses) == 1
    assert ("### Plan" in answer.out) is (reviewed.bodies == [])


def test_a_token_of_a_person_shows_no_lines_at_github_and_that_is_told_where_there_are_any(at_github: Reviewed) -> None:
    at_github.place.served.is_app = False  # type: ignore[attr-defined]
    assert at_github.review().err == ""
    at_github.commit({"pipelines/lending.yaml": MISTAKE})
    assert "warning: problems are not shown beside their lines: " in at_github.review().err


def test_where_nothing_can_be_posted_the_job_fails(reviewed: Reviewed) -> None:
    reviewed.refuse_writes()
    answer = reviewed.review()
    assert answer.code == 1
    assert "error: nothing could be posted" in answer.err
    assert "### Plan: 1 pipeline to run" in answer.out


def test_a_token_that_is_none_is_told(reviewed: Reviewed) -> None:
    answer = reviewed.review(variables={"RECONCILER_FORGE_TOKEN": "another"})
    assert answer.code == 1
    assert "401" in answer.err
    assert "the token is wrong or has expired" in answer.err


def test_a_summary_that_cannot_be_written_is_no_reason_to_say_nothing(at_github: Reviewed, tmp_path: Path) -> None:
    at_github.refuse_writes()
    answer = at_github.review(variables={"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert answer.code == 1
    assert "the summary cannot be written" in answer.err
    assert "### Plan: 1 pipeline to run" in answer.out


# Less of it


def test_a_dry_run_shows_all_and_posts_nothing(reviewed: Reviewed) -> None:
    answer = reviewed.review("--dry-run")
    assert answer.code == 0
    assert answer.out.startswith(f"status reconciler/plan of {reviewed.head}: success, runs 1 pipeline\n\n### Plan: ")
    assert reviewed.writes() == []


def test_it_can_go_without_a_comment(reviewed: Reviewed) -> None:
    assert reviewed.review("--no-comment").code == 0
    assert reviewed.bodies == []
    assert len(reviewed.statuses) == 1


# What variables say


def test_a_job_at_github_needs_no_options(at_github: Reviewed) -> None:
    variables = {
        "GITHUB_API_URL": at_github.place.served.api,
        "GITHUB_REPOSITORY": "ml/loans",
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_TOKEN": TOKEN,
    }
    assert at_github.review_by_variables(variables).code == 0
    assert len(at_github.bodies) == 1


def test_what_is_missing_is_named(at_github: Reviewed) -> None:
    answer = at_github.review_by_variables({}, "--forge", "github")
    assert answer.code == 1
    assert "the repository (--repository)" in answer.err
    assert "a token (RECONCILER_FORGE_TOKEN or GITHUB_TOKEN)" in answer.err


def test_a_pull_request_that_is_not_there_is_told(at_bitbucket: Reviewed) -> None:
    at_bitbucket.place.served.faults += [Fault(Reply(404, {}), "GET", "/pullrequests/12")]
    answer = at_bitbucket.review()
    assert answer.code == 1
    assert "named as the forge has it" in answer.err
