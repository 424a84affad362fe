"""Commits, read from the objects of a repository whatever its ids are made with."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from reconciler.model.snapshot import Commit
from reconciler.source.plumbing import Git

_LATEST: Final = "9999-12-31T23:59:59Z"
_MADE: Final = re.compile(r"(.*?) ?(<[^>]*>) (-?\d+) [+-]\d+")


class Readable(Protocol):
    """Gives the content of objects."""

    def read(self, oid: str) -> bytes: ...


def read_commit(objects: Readable, commit_id: str) -> Commit:
    """Who made a commit, when, and what its first line says.

    Raises:
        SourceError: it is not there.
    """
    header, _, message = objects.read(commit_id).partition(b"\n\n")
    fields = dict(reversed([line.partition(b" ")[::2] for line in header.split(b"\n")]))
    encoding = _known(fields.get(b"encoding", b"utf-8").decode("ascii", errors="replace"))
    matched = _MADE.fullmatch(fields.get(b"author", b"").decode(encoding, errors="replace"))
    author, authored = (f"{matched[1]} {matched[2]}", _rfc3339(int(matched[3]))) if matched else ("", _LATEST)
    return Commit(commit_id, author, authored, message.decode(encoding, errors="replace").partition("\n")[0])


def tree_of(objects: Readable, commit_id: str) -> str:
    """The id of a commit's root tree.

    Raises:
        SourceError: the commit is not there.
    """
    return objects.read(commit_id).partition(b"\n")[0].removeprefix(b"tree ").decode()


def last_touching(git: Git, commit_id: str, paths: Sequence[str]) -> str | None:
    """The newest commit up to another one that touched any of the paths; None where none did.

    Raises:
        SourceError: the commit is not there.
    """
    command = ("rev-list", "--max-count=1", commit_id, "--", *paths)
    return git.run(*command, env={"GIT_LITERAL_PATHSPECS": "1"}).decode().strip() or None


def is_contained(git: Git, earlier: str, later: str) -> bool:
    """Whether a commit is another one, or one of those before it.

    Raises:
        SourceError: one of the two is not there.
    """
    return not git.run("rev-list", "--max-count=1", earlier, f"^{later}", "--").strip()


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "utf-8"


def _rfc3339(seconds: int) -> str:
    """A moment as text; those that no calendar has, as commits may claim them, are the last one of it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return _LATEST
