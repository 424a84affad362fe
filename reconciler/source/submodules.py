"""The submodules of a followed repository, put in their places as if they were folders of it."""

from __future__ import annotations

import hashlib
import io
import posixpath
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reconciler.model.errors import SourceError, UsageError
from reconciler.model.followed import Access, Fetch
from reconciler.model.snapshot import Entry, EntryKind
from reconciler.source.addresses import absolute, check_address, redacted, scheme_of, server_of
from reconciler.source.commits import tree_of
from reconciler.source.fetching import Fetcher
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.remote import Remote
from reconciler.source.tree import list_tree

_FILE: Final = ".gitmodules"
_LARGEST_FILE: Final = 1 << 20
_DEPTH: Final = 4
_MOST: Final = 100
_EXPANDED: Final = "refs/expanded"


class Submodules:
    """Fetches submodules, each into a repository of its own within the mirror, and makes trees that hold them.

    The id of such a tree is that which Git would give it if the files were committed as they are.
    """

    def __init__(self, git: Git, objects: Objects, remote: Remote, directory: Path) -> None:
        self._git = git
        self._objects = objects
        self._remote = remote
        self._directory = directory
        self._lock = threading.Lock()
        self._remotes: list[Remote] = []
        self._is_abandoned = False

    def bring(self, commit: str) -> None:
        """Have the submodules of a commit here, and theirs.

        Raises:
            SourceError: one of them cannot be fetched, or may not be.
        """
        tree = tree_of(self._objects, commit)
        if self.tree_at(commit) is not None:
            return
        expanded = self._expanded(tree, self._remote.url, _DEPTH)
        if expanded != tree:
            self._git.run("update-ref", f"{_EXPANDED}/{commit}", expanded)

    def tree_at(self, commit: str) -> str | None:
        """The root tree of a commit with its submodules in it, None where it has none."""
        told = self._git.run("for-each-ref", "--format=%(objectname)", f"{_EXPANDED}/{commit}").decode().strip()
        return told or None

    def interrupt(self, thread: int) -> None:
        """End what one thread asks at the moment."""
        with self._lock:
            for remote in self._remotes:
                remote.interrupt(thread)

    def abandon(self) -> None:
        """Wait for no remote any more."""
        with self._lock:
            self._is_abandoned = True
            for remote in self._remotes:
                remote.abandon()

    def _expanded(self, tree: str, address: str, depth: int) -> str:
        entries = list_tree(self._git, tree)
        links = {path: entry.oid for path, entry in entries.items() if entry.kind is EntryKind.SUBMODULE}
        urls = self._urls(entries) if links else {}
        found = {path: commit for path, commit in links.items() if path in urls}
        if not found:
            return tree
        if not depth or len(found) > _MOST:
            limit = f"{_MOST} at a place" if depth else f"{_DEPTH} levels of them"
            hint = "commit the files themselves, or take `submodules:` away"
            raise SourceError(f"there are more submodules than {limit}", place=redacted(address), hint=hint)
        trees: dict[str, str] = {}
        for path, commit in found.items():
            url = self._allowed(path, resolved(address, urls[path]))
            self._fetch(path, url, commit)
            trees[path] = self._expanded(tree_of(self._objects, commit), url, depth - 1)
        return graft(self._git, tree, trees)

    def _urls(self, entries: Mapping[str, Entry]) -> dict[str, str]:
        entry = entries.get(_FILE)
        if entry is None or entry.kind is not EntryKind.FILE:
            return {}
        return dict(addresses_in(self._objects.read(entry.oid, _LARGEST_FILE)))

    def _allowed(self, path: str, url: str) -> str:
        """The address, seen to be one that the repository may send us to.

        Raises:
            SourceError: it is not.
        """
        try:
            check_address(url)
        except UsageError as error:
            raise SourceError(f"submodule `{path}`: {error.message}", place=error.place, hint=error.hint) from error
        source, scheme = self._remote.url, scheme_of(url)
        is_ours = server_of(url) == server_of(source)
        if scheme_of(source) == "file" or scheme in ("https", "ssh") or (scheme == "http" and is_ours):
            return absolute(url)
        message = f"submodule `{path}` is at `{redacted(url)}`, which a repository at {scheme_of(source)} may not name"
        raise SourceError(
            message, place=self._remote.place, hint="write an https:// or ssh:// address, or a relative one"
        )

    def _fetch(self, path: str, url: str, commit: str) -> None:
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        directory = self._directory / "modules" / f"{name}.git"
        is_ours = server_of(url) == server_of(self._remote.url)
        remote = Remote(url, self._remote.timeout_seconds, self._remote.access if is_ours else Access())
        with self._lock:
            self._remotes = [*self._remotes[-_MOST:], remote]
            if self._is_abandoned:
                remote.abandon()
        fetcher = Fetcher(directory, remote, Fetch.FULL)
        try:
            fetcher.prepare(commit)
            fetcher.commit_alone(commit)
        except SourceError as error:
            raise SourceError(f"submodule `{path}`: {error.message}", place=error.place, hint=error.hint) from error
        self._see(directory)

    def _see(self, directory: Path) -> None:
        """Have the objects of another repository seen in the mirror."""
        file = self._directory / "objects" / "info" / "alternates"
        line = f"../{directory.relative_to(self._directory).as_posix()}/objects\n"
        known = file.read_text(encoding="utf-8") if file.exists() else ""
        if line not in known.splitlines(keepends=True):
            staged = file.with_name("alternates.new")
            staged.write_text(known + line, encoding="utf-8")
            staged.replace(file)
            self._objects.close()


def addresses_in(content: bytes) -> Iterator[tuple[str, str]]:
    """The paths of submodules with their addresses, as a `.gitmodules` file has them.

    Raises:
        SourceError: nobody can read it.
    """
    from configparser import Error

    from git.config import GitConfigParser  # slow to import, and rarely needed

    file = io.BytesIO(content)
    file.name = _FILE
    try:
        with GitConfigParser(file, read_only=True, merge_includes=False) as parser:
            for section in parser.sections():
                values = dict(parser.items(section)) if section.startswith("submodule ") else {}
                path, url = str(values.get("path", "")).strip("/"), str(values.get("url", ""))
                if path and url:
                    yield path, url
    except (Error, ValueError) as error:
        hint = "see what `git config --file .gitmodules --list` says"
        raise SourceError(f"nobody can read it: {error}", place=_FILE, hint=hint) from error


def resolved(base: str, url: str) -> str:
    """The address of a submodule, which may be relative to that of its repository; it stays on the same server then.

    Raises:
        SourceError: it leads out of the server.
    """
    if not url.startswith(("./", "../")):
        return url
    if "://" in base:
        parts = urlsplit(base)
        return parts._replace(path=posixpath.normpath(posixpath.join(parts.path or "/", url))).geturl()
    host, colon, path = base.partition(":") if scheme_of(base) == "ssh" else ("", "", base)
    joined = posixpath.normpath(posixpath.join(path, url))
    if joined.startswith(".."):
        raise SourceError(f"the submodule at `{url}` leads out of the server", place=redacted(base))
    return f"{host}{colon}{joined}"


def graft(git: Git, tree: str, trees: Mapping[str, str]) -> str:
    """A tree with other trees in the places of what was at some paths.

    Raises:
        SourceError: one of them is not there.
    """
    nothing = "0" * len(tree)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        indexed = Git(git.git_dir, env={**git.variables, "GIT_INDEX_FILE": str(Path(scratch) / "index")})
        indexed.run("read-tree", tree)
        given = b""
        for path, other in trees.items():
            listed = git.run("ls-tree", "-r", "-z", "--full-tree", other)
            prefix = f"\t{path}/".encode(errors="surrogateescape")
            given += f"0 {nothing}\t{path}\0".encode(errors="surrogateescape")
            given += b"".join(each.replace(b"\t", prefix, 1) + b"\0" for each in listed.split(b"\0") if each)
        indexed.run("update-index", "-z", "--index-info", input=given)
        return indexed.run("write-tree", "--missing-ok").decode().strip()
