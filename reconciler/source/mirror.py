"""A followed repository, mirrored into a bare one of our own."""

from __future__ import annotations

import contextlib
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
from reconciler.model.followed import Access, Followed, Verification, Way
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Commit, Difference, Snapshot
from reconciler.source.access import arguments_for, variables_for
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git, complaint, environment
from reconciler.source.repository import Repository
from reconciler.source.signatures import why_unverified
from reconciler.source.tags import APPLIED, Tags
from reconciler.source.tree import list_tree, update_tree

if TYPE_CHECKING:
    from git import Repo

_URL = re.compile(r"^(?:(?:https?|ssh|file)://|[\w.-]+@[\w.-]+:|/|\.|~|[\w.-]+(?:/|$))")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")
_HELPER = re.compile(r"^[A-Za-z0-9+.-]+::")  # git would start a program of that name
_LATEST = "9999-12-31T23:59:59Z"
_UNKNOWN_HOST = "put the server's key into the file of known hosts, once you know that it is the right one"
_PEELED = "^{}"  # what an annotated tag leads to is told after it


class Mirror:
    """Follows a branch, a tag, the highest tag of a range or one commit of a remote repository.

    Args:
        url: a path, or a URL of scheme file, ssh, http or https.
        followed: what is followed, as `Followed` writes it: a branch as such.
        directory: where the mirror lies; made with the first fetch.
        access: how the remote is reached.

    Raises:
        UsageError: the URL is of another kind.
    """

    def __init__(
        self, url: str, followed: str, directory: Path, timeout_seconds: float = 60, access: Access | None = None
    ) -> None:
        check_address(url)
        self._place = redacted(url)
        self._url = str(Path(url).expanduser().resolve()) if "://" not in url and "@" not in url else url
        self._followed = Followed.parse(followed)
        self._access = access or Access()
        self._directory = directory
        self._timeout = timeout_seconds
        self._git = Git(directory)
        self._objects = Objects(self._git)
        self._tags = Tags(self._git)
        self._applied_tags = Tags(self._git, APPLIED)
        self._tag: str | None = None
        self._told: frozenset[bytes] = frozenset()
        self._fetched: frozenset[bytes] = frozenset()
        self._repo: Repo | None = None
        self._is_prepared = False
        self._asking: subprocess.Popen[bytes] | None = None
        self._is_abandoned = False

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
    def access(self) -> Access:
        """How the remote is reached."""
        return self._access

    @property
    def has_other_tags(self) -> bool:
        """Whether the remote's tags were others, when it was last looked at, than those that are here."""
        return self._told != self._fetched

    def remote_head(self) -> str | None:
        """The commit that is followed, None where the remote has no such branch or tag yet.

        Raises:
            SourceError: the remote cannot be reached or read.
        """
        # Git takes a name for a pattern, and for the end of longer names.
        wanted = [f"refs/heads/{self._followed.branch}"] if self._followed.branch else []
        listed = self._remote("ls-remote", "--", self._url, *wanted, "refs/tags/*").splitlines()
        self._told = frozenset(line for line in listed if line.partition(b"\t")[2].startswith(b"refs/tags/"))
        if self._followed.way is Way.COMMIT:
            return self._followed.name
        told = (line.decode(errors="surrogateescape").partition("\t") for line in listed)
        commits = {name: commit for commit, _, name in told}
        if self._followed.branch:
            return commits.get(wanted[0])
        tags = (name.removeprefix("refs/tags/") for name in commits if not name.endswith(_PEELED))
        self._tag = tag = self._followed.tag_among(tags)
        return commits.get(f"refs/tags/{tag}{_PEELED}", commits.get(f"refs/tags/{tag}")) if tag else None

    def fetch(self, head: str | None = None) -> str | None:
        """Bring what is followed and all tags here, and let go of tags that are gone; returns the commit.

        None where there is no such branch or tag.

        Args:
            head: what `remote_head` just gave.

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
        branch = self._followed.branch
        branches = [f"+refs/heads/{branch}:refs/heads/{branch}"] if branch else []
        self._fetch("--prune", "--", self._url, *branches, "+refs/tags/*:refs/tags/*")
        if self._followed.way is Way.COMMIT and not self.has(head):
            self._fetch_commit(head)
        self._fetched = self._told
        return head

    def _fetch(self, *arguments: str) -> None:
        quietly = ("fetch", "--quiet", "--no-write-fetch-head", "--force")
        self._remote(f"--git-dir={self._directory}", *quietly, *arguments)

    def _fetch_commit(self, commit: str) -> None:
        """Bring a commit here, with all branches where the server gives no commit by itself."""
        try:
            self._fetch("--", self._url, f"+{commit}:refs/followed/{commit}")
        except SourceError:
            self._fetch("--", self._url, "+refs/heads/*:refs/remote/*")
        if not self.has(commit):
            hint = "is it on a branch or a tag there? Mend `commit:`"
            raise SourceError(f"the repository has no commit {commit}", place=self._place, hint=hint)

    def snapshot(self, commit: str, previous: Snapshot | None = None) -> Snapshot:
        """What the repository holds at a commit; from `previous` on only what differs is listed.

        Raises:
            SourceError: the commit was never fetched.
        """
        tree = self._objects.read(commit).partition(b"\n")[0].removeprefix(b"tree ").decode()
        revision = f"{self._named(commit)}sha1:{commit}"
        if previous is None:
            return Snapshot(revision, commit, tree, list_tree(self._git, tree))
        entries, changed = update_tree(self._git, previous.entries, previous.tree, tree)
        return Snapshot(revision, commit, tree, entries, Difference(previous.tree, changed))

    def _named(self, commit: str) -> str:
        """What stands before a commit in a revision: the branch or tag that leads to it."""
        if self._followed.way is Way.COMMIT:
            return ""
        if self._followed.way is not Way.SEMVER:
            return f"{self._followed.name}@"
        leading: dict[str, Tag] = {}
        for tags in (self._applied_tags, self._tags):  # a tag that is gone names what is applied of it all the same
            leading.update((tag.name, tag) for tag in tags.all() if tag.commit == commit)
        tag = self._followed.tag_among(leading)
        return f"{tag}@" if tag else ""

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

    def why_unverified(self, commit: str, verification: Verification) -> str:
        """What is wrong with the signature of what `remote_head` gave and `fetch` brought, "" where it is right.

        Raises:
            SourceError: it cannot be told.
        """
        return why_unverified(self._git, verification, commit, self._tag)

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

    def abandon(self) -> None:
        """Wait for the remote no more, in whatever thread somebody does; it is not asked again."""
        self._is_abandoned = True
        process = self._asking
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

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
        told = arguments_for(self._access, self._url)
        command = ["git", "-c", "protocol.ext.allow=never", *told, *arguments]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(variables_for(self._access)),
            start_new_session=True,  # with the programs that git starts for the transport
        ) as process:
            self._asking = process
            if self._is_abandoned:
                self.abandon()
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
            finally:
                self._asking = None
        if process.returncode:
            message = redacted(complaint(complaints, arguments, process.returncode))
            is_unknown = b"Host key verification failed" in complaints
            raise SourceError(message, place=self._place, hint=_UNKNOWN_HOST if is_unknown else _hint(message))
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


def check_address(url: str) -> None:
    """See that a text is a path, or a URL of scheme file, ssh, http or https.

    Raises:
        UsageError: it is not.
    """
    if url.startswith("-") or _HELPER.match(url) or not _URL.match(url):
        hint = "name a folder, or a URL that starts with https://, ssh:// or file://"
        raise UsageError("this is no address of a Git repository", place=redacted(url), hint=hint)


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
