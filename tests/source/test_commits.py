"""Commits as they are read, and which of them holds which."""

from __future__ import annotations

import pytest

from reconciler.model.errors import SourceError
from reconciler.source.commits import is_contained, read_commit, tree_of
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git

from .git_repository import Repository


def test_the_tree_and_the_author_stand_in_a_commit(origin: Repository) -> None:
    commit = origin.commit({"a": "1"}, message="One\n\nTwo")
    with Objects(Git(origin.path)) as objects:
        assert tree_of(objects, commit) == origin.tree()
        read = read_commit(objects, commit)
    assert (read.id, read.author, read.subject) == (commit, "Ada Lovelace <ada@example.org>", "One")
    assert read.authored == "2023-11-14T22:13:20Z"


def test_a_commit_that_is_not_there_is_an_error(origin: Repository) -> None:
    origin.commit({"a": "1"})
    with Objects(Git(origin.path)) as objects, pytest.raises(SourceError):
        read_commit(objects, "1" * 40)


def test_a_commit_contains_itself_and_those_before_it(origin: Repository) -> None:
    git = Git(origin.path)
    first, second = origin.commit({"a": "1"}), origin.commit({"a": "2"})
    other = origin.commit({"a": "3"}, rewrites=True)
    assert is_contained(git, first, second)
    assert is_contained(git, second, second)
    assert not is_contained(git, second, first)
    assert not is_contained(git, second, other)
    with pytest.raises(SourceError):
        is_contained(git, "1" * 40, second)
