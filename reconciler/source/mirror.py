"""A followed repository, mirrored into a bare one of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import SourceError
from reconciler.model.followed import Access, Fetch, Fetching, Followed, Verification, Way
from reconciler.model.releases import Tag
from reconciler.model.snapshot import Commit, Difference, Snapshot
from reconciler.source.commits import is_contained, last_touching, read_commit, tree_of
from reconciler.source.fetching import Fetcher
from reconciler.source.large_files import LargeFiles
from reconciler.source.objects import Objects
from reconciler.source.plumbing import Git
from reconciler.source.remote import Remote
from reconciler.source.repository import Repository
from reconciler.source.signatures import why_unverified
from reconciler.source.submodules import Submodules
from reconciler.source.tags import APPLIED, Tags
from reconciler.source.tree import list_tree, update_tree

_PEELED = "^{}"  # what an annotated tag leads to is told after it


class Mirror:
    """Follows a branch, a tag, the highest tag of a range or one commit of a remote repository.

    Args:
        url: a path, or a URL of scheme file, ssh, http or https.
        followed: what is followed, as `Followed` writes it: a branch as such.
        directory: where the mirror lies; made with the first fetch.
        access: how the remote is reached.
        fetching: what of it is brought here.

    Raises:
        UsageError: the URL is of another kind.
    """

    def __init__(
        self,
        url: str,
        followed: str,
        directory: Path,
        timeout_seconds: float = 60,
        access: Access | None = None,
        fetching: Fetching | None = None,
    ) -> None:
        self._remote = Remote(url, timeout_seconds, access)
        self._followed = Followed.parse(followed)
        self._fetcher = Fetcher(directory, self._remote, fetching.fetch if fetching else Fetch.AUTO)
        self._git = Git(directory)
        has_large_files = fetching is not None and fetching.has_large_files
        large = LargeFiles(self._git, directory / "lfs", self._remote if has_large_files else None)
        self._objects = Objects(self._git, self._fetcher, large)
        submodules = Submodules(self._git, self._objects, self._remote, directory)
        self._submodules = submodules if fetching and fetching.has_submodules else None
        self._tags = Tags(self._git, fetcher=self._fetcher)
        self._applied_tags = Tags(self._git, APPLIED, self._fetcher)
        self._tag: str | None = None
        self._told: frozenset[bytes] = frozenset()
        self._fetched: frozenset[bytes] = frozenset()

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
    def remote(self) -> Remote:
        """The repository that is followed."""
        return self._remote

    @property
    def fetcher(self) -> Fetcher:
        """What brings objects of the remote here."""
        return self._fetcher

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
        listed = self._remote.ask("ls-remote", "--", self._remote.url, *wanted, "refs/tags/*").splitlines()
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
        self._fetcher.prepare(head)
        branch = self._followed.branch
        branches = [f"+refs/heads/{branch}:refs/heads/{branch}"] if branch else []
        self._fetcher.refs(*branches, "+refs/tags/*:refs/tags/*", prunes=True)
        if self._followed.way is Way.COMMIT and not self.has(head):
            self._fetch_commit(head)
        if self._submodules is not None:
            self._submodules.bring(head)
        self._fetched = self._told
        return head

    def _fetch_commit(self, commit: str) -> None:
        """Bring a commit here, with all branches where the server gives no commit by itself."""
        try:
            self._fetcher.refs(f"+{commit}:refs/followed/{commit}")
        except SourceError:
            self._fetcher.refs("+refs/heads/*:refs/remote/*")
        if not self.has(commit):
            hint = "is it on a branch or a tag there? Mend `commit:`"
            raise SourceError(f"the repository has no commit {commit}", place=self._remote.place, hint=hint)

    def snapshot(self, commit: str, previous: Snapshot | None = None) -> Snapshot:
        """What the repository holds at a commit; from `previous` on only what differs is listed.

        Raises:
            SourceError: the commit was never fetched.
        """
        expanded = self._submodules.tree_at(commit) if self._submodules is not None else None
        tree = expanded or tree_of(self._objects, commit)
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
        """Who made a commit, when, and what its first line says.

        Raises:
            SourceError: it was never fetched.
        """
        return read_commit(self._objects, commit_id)

    def last_change(self, commit_id: str, paths: Sequence[str]) -> Commit | None:
        """The newest commit up to another one that touched any of the paths; None where none did.

        Raises:
            SourceError: the commit was never fetched.
        """
        found = last_touching(self._git, commit_id, paths)
        return self.commit(found) if found else None

    def is_rewritten(self, before: str, head: str) -> bool:
        """Whether the branch that is followed led to a commit that it holds no more, now that it leads to another one.

        Raises:
            SourceError: the second was never fetched.
        """
        return bool(self._followed.branch) and self.has(before) and not is_contained(self._git, before, head)

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

    @property
    def is_abandoned(self) -> bool:
        """Whether the remote is not asked any more, so that nothing is to be told of how it answers."""
        return self._remote.is_abandoned

    def interrupt(self, thread: int) -> None:
        """End what one thread asks of the remote at the moment; runs that read from here go on."""
        self._remote.interrupt(thread)
        if self._submodules is not None:
            self._submodules.interrupt(thread)

    def abandon(self) -> None:
        """Wait for the remote no more, in whatever threads somebody does; it is not asked again."""
        self._remote.abandon()
        if self._submodules is not None:
            self._submodules.abandon()

    def close(self) -> None:
        """End the processes that read from the mirror."""
        self._objects.close()


@dataclass(frozen=True, slots=True)
class _AsApplied:
    objects: Objects
    tags: Tags
