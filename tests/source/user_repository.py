"""A user's repository: a work tree with a bare remote that it follows."""

from __future__ import annotations

from pathlib import Path

from .git_repository import git


class UserRepository:
    """A work tree on `main` of one commit, which its remote `origin` has too."""

    def __init__(self, top: Path, remote: Path, *, object_format: str = "sha1") -> None:
        self.top = top
        self.remote = remote
        git("init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}", str(remote))
        git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}", str(top))
        self.git("remote", "add", "origin", f"file://{remote}")
        self.commit({"components/split/component.yaml": "version: 1.2.0\n", "pipelines/loans.yaml": "a: 1\n"}, "First")
        self.git("push", "--quiet", "--set-upstream", "origin", "main")

    def git(self, *arguments: str) -> str:
        return git(*arguments, folder=self.top)

    def at_remote(self, *arguments: str) -> str:
        return git(f"--git-dir={self.remote}", *arguments)

    def commit(self, files: dict[str, str], message: str = "A change") -> str:
        for path, content in files.items():
            target = self.top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def tags(self) -> list[str]:
        return self.git("tag", "--list").split()

    def hook(self, name: str, script: str, *, at_remote: bool = False) -> None:
        folder = self.remote if at_remote else self.top / ".git"
        file = folder / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
