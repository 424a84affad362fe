"""Real Git repositories, made commit by commit without a work tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = "Ada Lovelace <ada@example.org>"
AUTHORED = 1_700_000_000


@dataclass(frozen=True)
class Executable:
    content: bytes


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Submodule:
    commit: str


Content = str | bytes | Executable | Link | Submodule


def git(*arguments: str, folder: Path | None = None, given: bytes | None = None) -> str:
    """What a git command printed; it has to succeed."""
    done = subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="surrogateescape").strip()


class Repository:
    """A bare repository; each commit is given as all the files that it holds."""

    def __init__(self, path: Path, object_format: str = "sha1") -> None:
        self.path = path
        git("init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}", str(path))

    @property
    def url(self) -> str:
        return str(self.path)

    def git(self, *arguments: str, given: bytes | None = None) -> str:
        return git(f"--git-dir={self.path}", *arguments, given=given)

    def commit(
        self,
        files: Mapping[str, Content],
        *,
        branch: str = "main",
        message: str = "A change",
        rewrites: bool = False,
        author: str = AUTHOR,
    ) -> str:
        """Add a commit to a branch, or put it in the place of all that the branch held."""
        parent = f"from refs/heads/{branch}^0\n" if not rewrites and self._has(branch) else ""
        head = (
            f"commit refs/heads/{branch}\nauthor {author} {AUTHORED} +0100\ncommitter {author} {AUTHORED} +0100\n"
        ).encode()
        stream = head + _data(message.encode()) + f"{parent}deleteall\n".encode()
        for path, content in files.items():
            stream += _modification(path, content)
        self.git("fast-import", "--quiet", "--force", given=stream)
        return self.head(branch)

    def head(self, branch: str = "main") -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def tree(self, revision: str = "main") -> str:
        return self.git("rev-parse", f"{revision}^{{tree}}")

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", given=content)

    def crafted_tree(self, *entries: tuple[str, str, str]) -> str:
        """A tree that git itself would not write, of modes, names and object ids."""
        content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries)
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=content)

    def _has(self, branch: str) -> bool:
        return bool(self.git("for-each-ref", f"refs/heads/{branch}"))


def _modification(path: str, content: Content) -> bytes:
    place = b'"' + os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
    match content:
        case Submodule(commit):
            return b"M 160000 " + commit.encode() + b" " + place + b"\n"
        case Link(target):
            return b"M 120000 inline " + place + b"\n" + _data(target.encode())
        case Executable(executed):
            return b"M 100755 inline " + place + b"\n" + _data(executed)
        case str():
            return b"M 100644 inline " + place + b"\n" + _data(content.encode())
        case bytes():
            return b"M 100644 inline " + place + b"\n" + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"
