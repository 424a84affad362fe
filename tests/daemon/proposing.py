"""Pull requests as a forge keeps them: commits beside the branch, which nothing but their refs leads to."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.previews import AskedPreview

from .origin import Origin


def propose(origin: Origin, number: int, files: Mapping[str, str]) -> AskedPreview:
    """Commit these files on a branch of their own from what is checked out, and have a preview asked for."""
    branch, ref = f"change-{number}", f"refs/pull/{number}/head"
    known = origin.git("branch", "--list", branch)
    origin.git("checkout", "-q", *([branch] if known else ["-b", branch]))
    for name, text in files.items():
        path = origin.work_tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    origin.git("add", "--all")
    origin.git("commit", "-q", "-m", "a change")
    origin.git("push", "-q", "--force", "origin", f"HEAD:{ref}")
    commit = origin.git("rev-parse", "HEAD")
    origin.git("checkout", "-q", "main")
    return AskedPreview(number, commit, ref, "ada")


def merge(origin: Origin, number: int, *, is_squashed: bool = False) -> str:
    """Bring the change to the branch that is followed; returns the commit."""
    if is_squashed:
        origin.git("merge", "-q", "--squash", f"change-{number}")
        return origin.push({})
    origin.git("merge", "-q", "--no-ff", "-m", "merged", f"change-{number}")
    return origin.push({"NOTES.md": f"merged {number}\n"})
