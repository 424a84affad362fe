"""A commit that puts an earlier revision back, made without a work tree."""

from __future__ import annotations

from reconciler.source.edited_trees import Author
from reconciler.source.plumbing import Git

_MOST_TOLD = 50


def revert_to(git: Git, head: str, earlier: str, why: str, author: Author) -> str:
    """A commit on top of one that holds exactly what an earlier one does; that one itself where it does already.

    It is dated as its parent is, so that the same revert is always the same commit. No branch is moved.

    Raises:
        SourceError: git cannot read one of the two.
    """
    told = git.run("show", "--no-patch", "--format=%T %cd", "--date=raw", head, "--").decode().strip()
    before, _, date = told.partition(" ")
    tree = git.run("rev-parse", f"{earlier}^{{tree}}").decode().strip()
    if tree == before:
        return head
    person = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", date))
    }
    message = _message(git, head, earlier, why)
    made = git.run("commit-tree", "-p", head, "-F", "-", tree, input=message.encode(errors="replace"), env=person)
    return made.decode().strip()


def _message(git: Git, head: str, earlier: str, why: str) -> str:
    listed = git.run("log", f"--max-count={_MOST_TOLD + 1}", "--format=- %h %s", f"{earlier}..{head}", "--")
    lines = listed.decode(errors="replace").splitlines()
    more = ["- and more"] if len(lines) > _MOST_TOLD else []
    taken_back = "\n".join(["This takes back:", "", *lines[:_MOST_TOLD], *more]) if lines else ""
    return "\n\n".join(filter(None, (f"Revert to {earlier[:10]}", why, taken_back))) + "\n"
