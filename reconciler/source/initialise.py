"""New repositories: a work tree with a bare origin beside it."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.plumbing import Git

_NAME, _EMAIL = "reconciler", "reconciler@localhost"


def create_repository(folder: Path, origin: Path, branch: str = "main", message: str = "Initial commit") -> None:
    """Make a repository of a folder's files, all of them committed, with a bare origin that is still empty.

    Raises:
        UsageError: one of the two is a repository already.
        SourceError: git fails.
    """
    for path in (folder / ".git", origin):
        if path.exists():
            raise UsageError("there is a repository already", place=str(path), hint="choose a new folder")
    Git(None).run("init", "--quiet", "--bare", f"--initial-branch={branch}", "--", str(origin))
    Git(None).run("init", "--quiet", f"--initial-branch={branch}", "--", str(folder))
    git = Git(folder / ".git", folder=folder, work_tree=folder)
    if not _has_identity(git):
        git.run("config", "user.name", _NAME)
        git.run("config", "user.email", _EMAIL)
    git.run("remote", "add", "origin", str(origin))
    git.run("config", f"branch.{branch}.remote", "origin")
    git.run("config", f"branch.{branch}.merge", f"refs/heads/{branch}")
    git.run("add", "--all")
    git.run("commit", "--quiet", "-m", message)


def _has_identity(git: Git) -> bool:
    """Whether git knows who commits, from its settings or the environment, without guessing."""
    try:
        git.run("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    except SourceError:
        return False
    return True
