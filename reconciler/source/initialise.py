"""New repositories: a work tree with a bare origin beside it."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.errors import UsageError

_NAME, _EMAIL = "reconciler", "reconciler@localhost"


def create_repository(folder: Path, origin: Path, branch: str = "main", message: str = "Initial commit") -> None:
    """Make a repository of a folder's files, all of them committed, with a bare origin that is still empty.

    Raises:
        UsageError: one of the two is a repository already.
    """
    from git import Repo

    for path in (folder / ".git", origin):
        if path.exists():
            raise UsageError("there is a repository already", place=str(path), hint="choose a new folder")
    Repo.init(origin, bare=True, initial_branch=branch).close()
    with Repo.init(folder, initial_branch=branch) as repository:
        with repository.config_reader() as reader:
            has_identity = reader.has_option("user", "email")
        if not has_identity:
            with repository.config_writer() as writer:
                writer.set_value("user", "name", _NAME)
                writer.set_value("user", "email", _EMAIL)
        repository.create_remote("origin", str(origin))
        repository.git.add(all=True)
        repository.git.commit(message=message)
        repository.git.config(f"branch.{branch}.remote", "origin")
        repository.git.config(f"branch.{branch}.merge", f"refs/heads/{branch}")
