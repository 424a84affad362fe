"""Commits made without a work tree, and index entries with other contents."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.errors import SourceError
from reconciler.source.edited_trees import Author, commit_edits
from reconciler.source.plumbing import Git
from tests.daemon.origin import Origin

ADA = Author("Ada Lovelace", "ada@example.org")
AWKWARD = "päth with spaces/-dash [a]*.yaml"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    origin = Origin(tmp_path / "git")
    origin.push({"a.yaml": "a: 1\n", AWKWARD: "b: 1\n", "run.sh": "true\n", "deep/er/c.yaml": "c: 1\n"})
    origin.git("update-index", "--chmod=+x", "run.sh")
    origin.git("commit", "-q", "--amend", "--no-edit")
    origin.git("push", "-q", "--force", "origin", "HEAD:main")
    return origin


def _git(origin: Origin) -> Git:
    return Git(origin.url)


def _head(origin: Origin) -> str:
    return origin.git("rev-parse", "HEAD")


def test_the_files_hold_the_new_contents_and_all_else_stays(origin: Origin) -> None:
    head = _head(origin)
    edits = {"a.yaml": b"a: 2\r\n", AWKWARD: b"b: 2\n", "run.sh": b"false\n"}
    commit = commit_edits(_git(origin), head, edits, "Change\n\n# kept\n", ADA)
    git = _git(origin)
    for path, content in edits.items():
        assert git.run("show", f"{commit}:{path}") == content
    before, after = (git.run("ls-tree", "-r", "-z", each).decode().split("\0") for each in (head, commit))
    assert [line.split()[0] for line in before if line] == [line.split()[0] for line in after if line]
    assert git.run("rev-parse", f"{commit}:deep") == git.run("rev-parse", f"{head}:deep")
    assert git.run("show", "-s", "--format=%P|%an|%ae|%cn|%ce|%B", commit).decode().strip() == (
        f"{head}|Ada Lovelace|ada@example.org|Ada Lovelace|ada@example.org|Change\n\n# kept"
    )
    assert git.run("show", "-s", "--format=%cd", commit) == git.run("show", "-s", "--format=%cd", head)
    assert git.run("rev-parse", "main").decode().strip() == head


def test_the_same_edits_make_the_same_commit(origin: Origin) -> None:
    made = {commit_edits(_git(origin), _head(origin), {"a.yaml": b"a: 2\n"}, "x", ADA) for _ in range(2)}
    assert len(made) == 1


def test_where_nothing_differs_nothing_is_committed(origin: Origin) -> None:
    assert commit_edits(_git(origin), _head(origin), {"a.yaml": b"a: 1\n"}, "x", ADA) == _head(origin)
    assert commit_edits(_git(origin), _head(origin), {}, "x", ADA) == _head(origin)


@pytest.mark.parametrize("path", ["missing.yaml", "deep", "", "../a.yaml"])
def test_what_is_no_file_of_the_commit_is_refused(origin: Origin, path: str) -> None:
    with pytest.raises(SourceError):
        commit_edits(_git(origin), _head(origin), {path: b""}, "x", ADA)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_content_arrives_byte_for_byte(origin: Origin, content: bytes) -> None:
    (origin.url / "info" / "attributes").write_text("* text=auto eol=crlf\n")
    commit = commit_edits(_git(origin), _head(origin), {"a.yaml": content}, "x", ADA)
    assert _git(origin).run("show", f"{commit}:a.yaml") == content
