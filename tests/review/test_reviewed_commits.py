"""The commits of a clone that a pull request is reviewed by."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.forges.base import PullRequest, PullRequestState
from reconciler.model.errors import UsageError
from reconciler.review.reviewed_commits import Reviewed, reviewed_commits
from reconciler.review.revisions import repository_at

from .changed import Changed


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    return Changed(tmp_path, {"README.md": "one\n"}, {"README.md": "two\n"})


def commit(changed: Changed, named: str = "change") -> str:
    return changed.origin.git("rev-parse", named)


def pull(changed: Changed, base: str = "main", base_commit: str = "") -> PullRequest:
    head = commit(changed)
    return PullRequest(
        12, "two", PullRequestState.OPEN, False, "ada", head, "change", "ml/loans", base, base_commit, False
    )


def found(changed: Changed, asked: PullRequest, base: str | None = None, head: str | None = None) -> Reviewed | None:
    return reviewed_commits(repository_at(changed.work_tree), asked, base, head)


def test_the_head_that_is_checked_out_is_compared_with_the_base_of_the_remote(changed: Changed) -> None:
    told = f"change@sha1:{commit(changed)}"
    assert found(changed, pull(changed)) == Reviewed("origin/main", "HEAD", told)


def test_so_is_the_merge_of_it(changed: Changed) -> None:
    asked = pull(changed)
    changed.origin.git("checkout", "-q", "main")
    changed.origin.git("merge", "-q", "--no-ff", "-m", "merged", "change")
    told = f"change@sha1:{commit(changed)} merged into main"
    assert found(changed, asked) == Reviewed("origin/main", "HEAD", told)


def test_commits_on_top_of_it_are_not_what_the_forge_has(changed: Changed) -> None:
    asked = pull(changed)
    changed.commit({"README.md": "three\n"})
    reviewed = found(changed, asked)
    assert reviewed is not None
    assert reviewed.head == asked.head_commit
    assert found(changed, asked, head="HEAD") is None


def test_a_head_that_is_not_here_is_none(changed: Changed) -> None:
    asked = pull(changed)
    changed.origin.git("commit", "-q", "--amend", "-m", "another")
    changed.origin.git("reflog", "expire", "--expire=now", "--all")
    changed.origin.git("gc", "-q", "--prune=now")
    assert found(changed, asked) is None


def test_where_the_remote_has_no_such_branch_the_own_one_or_the_commit_is_taken(changed: Changed) -> None:
    changed.origin.git("branch", "-q", "-d", "-r", "origin/main")
    told = found(changed, pull(changed))
    assert told is not None
    assert told.base == "main"
    base = commit(changed, "main")
    told = found(changed, pull(changed, "gone", base))
    assert told is not None
    assert told.base == base


def test_what_is_named_counts_and_has_to_be_there(changed: Changed) -> None:
    told = found(changed, pull(changed, "gone"), "change~1", "change")
    assert told is not None
    assert (told.base, told.head) == ("change~1", "change")
    with pytest.raises(UsageError, match="there is no commit `-x`"):
        found(changed, pull(changed), "change~1", "-x")
    with pytest.raises(UsageError, match="the branch `gone` is not here"):
        found(changed, pull(changed, "gone"))
