"""A followed branch, mirrored into a bare repository of our own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import SourceError, UsageError
from reconciler.model.snapshot import Commit, Difference, Snapshot
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git, complaint, environment
from reconciler.source.repository import Repository
from reconciler.source.tags import APPLIED, Tags
from reconciler.source.tree import list_tree, update_tree

if TYPE_CHECKING:
    from git import Repo

_URL = re.compile(r"^(?:(?:https?|ssh|file)://|[\w.-]+@[\w.-]+:|/|\.|~|[\w.-]+(?:/|$))")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
_HELPER = re.compile(r"^[A-Za-z0-9+.-]+::")  # git would start a program of that name
_LATEST = "9999-12-31T23:59:59Z"


class Mirror:
    """Follows one branch of one remote repository.

    Args:
        url: a path, or a URL of scheme file, ssh, http or https.
        directory: where the mirror lies; made with the first fetch.

    Raises:
        UsageError: the URL is of another kind.
    """

    def __init__(self, url: str, branch: str, directory: Path, timeout_seconds: float = 60) -> None:
        self._place = redacted(url)
        if url.startswith("-") or _HELPER.match(url) or not _URL.match(url):
            hint = "name a folder, or a URL that starts with https://, ssh:// or file://"
            raise UsageError("this is no address of a Git repository", place=self._place, hint=hint)
        self._url = str(Path(url).expanduser().resolve()) if "://" not in url and "@" not in url else url
        self._branch = branch
        self._directory = directory
        self._timeout = timeout_seconds
        self._git = Git(directory)
        self._objects = Objects(self._git)
        self._tags = Tags(self._git)
        self._applied_tags = Tags(self._git, APPLIED)
        self._told: frozenset[bytes] = frozenset()
        self._fetched: frozenset[bytes] = frozenset()
        self._repo: Repo | None = None
        self._is_prepared = False

    @property
    def objects(self) -> Objects:
        """The content of everything that was fetched."""
        return self._objects

    @property
    def tags(self) -> Tags:
        """The tags that were fetched."""
        return self._tags

    @property
    def applied(self) -> Repository:
        """The same with the tags as they were when `keep` was called last."""
        return _AsApplied(self._objects, self._applied_tags)

    @property
    def git(self) -> Git:
        """The bare repository itself."""
        return self._git

    @property
    def url(self) -> str:
        """The remote, with the credentials to reach it."""
        return self._url

    @property
    def timeout_seconds(self) -> float:
        """How long the remote may take to answer."""
        return self._timeout

    @property
    def has_other_tags(self) -> bool:
        """Whether the remote's tags were others, when it was last looked at, than those that are here."""
        return self._told != self._fetched

    def remote_head(self) -> str | None:
        """The commit that the branch is at, None where the remote has no such branch yet.

        Raises:
            SourceError: the remote cannot be reached or read.
        """
        wanted = f"refs/heads/{self._branch}".encode()
        # Git takes a name for a pattern, and for the end of longer names.
        listed = self._remote("ls-remote", "--", self._url, wanted.decode(), "refs/tags/*").splitlines()
        self._told = frozenset(line for line in listed if line.partition(b"\t")[2].startswith(b"refs/tags/"))
        told = (line.partition(b"\t") for line in listed)
        return next((commit.decode() for commit, _, name in told if name == wanted), None)

    def fetch(self, head: str | None = None) -> str | None:
        """Bring the branch and all tags here, and let go of tags that are gone; returns the branch's commit.

        None where there is no such branch.

        Args:
            head: where `remote_head` just saw the branch.

        Raises:
            SourceError: the remote cannot be reached or read.
        """
        if head is None:
            head = self.remote_head()
        if head is None:
            return None
        if not self._is_prepared:
            self._prepare()
            self._is_prepared = True
        branch = f"+refs/heads/{self._branch}:refs/heads/{self._branch}"
        arguments = ["fetch", "--quiet", "--no-write-fetch-head", "--force", "--prune", "--", self._url, branch]
        self._remote(f"--git-dir={self._directory}", *arguments, "+refs/tags/*:refs/tags/*")
        self._fetched = self._told
        return head

    def snapshot(self, commit: str, previous: Snapshot | None = None) -> Snapshot:
        """What the repository holds at a commit; from `previous` on only what differs is listed.

        Raises:
            SourceError: the commit was never fetched.
        """
        tree = self._objects.read(commit).partition(b"\n")[0].removeprefix(b"tree ").decode()
        revision = f"{self._branch}@sha1:{commit}"
        if previous is None:
            return Snapshot(revision, commit, tree, list_tree(self._git, tree))
        entries, changed = update_tree(self._git, previous.entries, previous.tree, tree)
        return Snapshot(revision, commit, tree, entries, Difference(previous.tree, changed))

    def commit(self, commit_id: str) -> Commit:
        """Who made a commit, when, and what its first line says."""
        found = self._repository().commit(commit_id)
        subject = str(found.message).partition("\n")[0]
        author = f"{found.author.name} <{found.author.email}>"
        return Commit(found.hexsha, author, _rfc3339(found.authored_date), subject)

    def last_change(self, commit_id: str, paths: Sequence[str]) -> Commit | None:
        """The newest commit up to another one that touched any of the paths; None where none did.

        Raises:
            SourceError: the commit was never fetched.
        """
        command = ("rev-list", "--max-count=1", commit_id, "--", *paths)
        found = self._git.run(*command, env={"GIT_LITERAL_PATHSPECS": "1"}).decode().strip()
        return self.commit(found) if found else None

    def has(self, commit: str) -> bool:
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}")
        except SourceError:
            return False
        return True

    def keep(self, commit: str) -> None:
        """Keep a commit even after its branch was rewritten, and the tags as they are now."""
        self._git.run("update-ref", f"refs/kept/{commit}", commit)
        self._tags.keep_as(APPLIED)

    def close(self) -> None:
        """End the processes that read from the mirror."""
        self._objects.close()
        if self._repo is not None:
            self._repo.close()
            self._repo = None

    def _repository(self) -> Repo:
        from git import Repo

        if self._repo is None:
            self._repo = Repo(self._directory)
            self._repo.git.update_environment(GIT_DIR=str(self._directory))
        return self._repo

    def _prepare(self) -> None:
        """Make the bare repository; one that a killed process left unusable is made anew."""
        if self._directory.exists():
            for lock in self._directory.glob("**/*.lock"):
                lock.unlink(missing_ok=True)
            try:
                self._git.run("rev-parse", "--git-dir")
            except SourceError:
                shutil.rmtree(self._directory)
            else:
                return
        self._directory.parent.mkdir(parents=True, exist_ok=True)
        Git(None).run("init", "--quiet", "--bare", "--", str(self._directory))

    def _remote(self, *arguments: str) -> bytes:
        """Run a git command that talks to the remote, with a deadline."""
        command = ["git", "-c", "protocol.ext.allow=never", *arguments]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,  # with the programs that git starts for the transport
        ) as process:
            try:
                said, complaints = process.communicate(timeout=self._timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                message = f"the repository did not answer within {self._timeout:g} seconds"
                hint = "is the network up, and the address right?"
                raise SourceError(message, place=self._place, hint=hint) from None
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode:
            told = redacted(complaint(complaints, arguments, process.returncode))
            raise SourceError(told, place=self._place, hint=_hint(told))
        return said


@dataclass(frozen=True, slots=True)
class _AsApplied:
    objects: Objects
    tags: Tags


def _rfc3339(seconds: int) -> str:
    """A moment as text; those that no calendar has, as commits may claim them, are the last one of it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return _LATEST


def redacted(text: str) -> str:
    """The text without the credentials in its URLs."""
    return _CREDENTIALS.sub("***@", text)


def _hint(said: str) -> str:
    lowered = said.lower()
    if "authentication" in lowered or "permission denied" in lowered or "could not read" in lowered:
        return "check the token or the SSH key of the daemon"
    if "does not appear to be a git repository" in lowered or "not found" in lowered:
        return "check the address; is it a Git repository?"
    if "could not resolve" in lowered or "connect" in lowered:
        return "is the network up, and the address right?"
    return "try `git ls-remote` with the same address"
