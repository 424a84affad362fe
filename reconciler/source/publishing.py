"""Releases as they get into a user's own repository: a commit of edited manifests, and the tags."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.plumbing import Git
from reconciler.source.porcelain import run_as_user
from reconciler.source.pushing import Pushed, push

_UNDER_WAY: Final = {
    "rebase-merge": ("rebase", "`git rebase --continue` or `git rebase --abort`"),
    "rebase-apply": ("rebase", "`git rebase --continue` or `git rebase --abort` (`git am` for patches from mail)"),
    "MERGE_HEAD": ("merge", "`git merge --continue` or `git merge --abort`"),
    "CHERRY_PICK_HEAD": ("cherry-pick", "`git cherry-pick --continue` or `git cherry-pick --abort`"),
    "REVERT_HEAD": ("revert", "`git revert --continue` or `git revert --abort`"),
    "BISECT_LOG": ("bisection", "`git bisect reset`"),
    "sequencer": ("cherry-pick or revert of several commits", "`git cherry-pick --quit` or `git revert --quit`"),
}
_FILE_MODES: Final = ("100644", "100755")
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class NewTag:
    """An annotated tag that is to be; git signs it where the user's settings say so."""

    name: str
    commit: str
    message: str


@dataclass(frozen=True, slots=True)
class _Original:
    content: bytes
    mode: int


class Publication:
    """Writes into the repository that a work tree belongs to. All paths are relative to its top folder.

    Args:
        folder: anywhere in the work tree.

    Raises:
        UsageError: the folder is in no work tree of Git.
        SourceError: git cannot read it.
    """

    def __init__(self, folder: Path) -> None:
        try:
            told = Git(None, folder=folder).run("rev-parse", "--absolute-git-dir", "--show-toplevel")
        except SourceError as error:
            if "not a git repository" not in error.message and "must be run in a work tree" not in error.message:
                raise
            hint = "releases are tags of Git: go into the work tree of a repository, or make one with `git init`"
            raise UsageError("there is no work tree of a Git repository", place=str(folder), hint=hint) from error
        git_dir, top = os.fsdecode(told).split("\n")[:2]
        self._git_dir = Path(git_dir)
        self.top = Path(top)
        self.git = Git(None, folder=self.top)

    @property
    def branch(self) -> str | None:
        """The branch that is checked out, None where HEAD is detached."""
        try:
            return os.fsdecode(self.git.run("symbolic-ref", "--quiet", "HEAD")).strip().removeprefix("refs/heads/")
        except SourceError:
            return None

    @property
    def head(self) -> str | None:
        """The commit that is checked out, None before the first."""
        try:
            return self.git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        except SourceError:
            return None

    def require_clean(self) -> None:
        """See to it that nothing of the user's is half done: what is released has to be what is committed.

        Raises:
            UsageError: tracked files have changes, or a rebase, merge and so on is under way.
        """
        for name, (operation, ways_out) in _UNDER_WAY.items():
            if (self._git_dir / name).exists():
                hint = f"end it first, with {ways_out}"
                raise UsageError(f"a {operation} is under way", place=str(self.top), hint=hint)
        scope = ("--untracked-files=no", "--no-renames", "--ignore-submodules=dirty")
        listing = os.fsdecode(self.git.run("status", "--porcelain=v1", "-z", *scope))
        changed = [record[3:] for record in listing.split("\0") if record]
        if changed:
            message = f"there are uncommitted changes in {_named(changed)}"
            hint = "commit them, or put them aside with `git stash`"
            raise UsageError(message, place=str(self.top), hint=hint)

    def commit_edits(self, edits: Mapping[str, bytes], message: str) -> str:
        """Commit new contents of tracked files on the branch, with the user's identity, signature and hooks.

        A file whose lines end in CRLF on disk keeps them. Where nothing differs nothing is committed. On any failure
        files and index are as before.

        Returns:
            the id of the commit; that of HEAD where nothing differs.

        Raises:
            UsageError: the work tree is not clean, HEAD is detached, or a path is no file that git tracks.
            SourceError: a file cannot be written, or git or a hook refuses.
        """
        self.require_clean()
        head = self.head
        if self.branch is None or head is None:
            hint = "`git switch BRANCH` first; a detached HEAD can be tagged only as it is"
            message = "versions would be written on no branch: HEAD is detached"
            raise UsageError(message, place=str(self.top), hint=hint)
        originals = self._originals(edits)
        changed = {
            path: content
            for path, given in edits.items()
            if (content := _with_line_ends(given, originals[path].content)) != originals[path].content
        }
        if not changed:
            return head
        self._require_identity()
        try:
            for path, content in changed.items():
                self._write(path, content, originals[path].mode)
            self._stage(changed)
            self._commit(message)
        except BaseException:
            # Where HEAD has moved on the commit is made, and git failed only in what comes after.
            if self.head == head:
                self._put_back({path: originals[path] for path in changed})
            raise
        return self.git.run("rev-parse", "HEAD").decode().strip()

    def take_back(self, commit: str, before: str) -> None:
        """Undo what `commit_edits` committed, in branch, index and files; nothing where HEAD has moved on.

        Raises:
            SourceError: git cannot.
        """
        if commit != before and self.head == commit:
            run_as_user(self.top, "reset", "--quiet", "--keep", before)

    def create_tags(self, tags: Sequence[NewTag]) -> None:
        """Make annotated tags, all of them or none.

        Raises:
            UsageError: one of them exists already, is named twice or cannot be named so, or git knows no identity.
            SourceError: git cannot make one, or cannot sign it.
        """
        self._require_identity()
        self._require_new([tag.name for tag in tags])
        begun: list[str] = []
        try:
            for tag in tags:
                begun.append(tag.name)
                self._tag(tag)
        except SourceError:
            self._delete(begun[:-1])  # the last may be another's, who was faster
            raise
        except BaseException:
            self._delete(begun)
            raise

    def push(self, remote: str, branch: str | None, tags: Sequence[str], timeout_seconds: float = 300) -> Pushed:
        """Push a branch and tags, or tags alone; see `pushing.push`."""
        return push(self.top, remote, branch, tags, timeout_seconds)

    def _originals(self, paths: Iterable[str]) -> dict[str, _Original]:
        wanted = list(paths)
        if not wanted:
            return {}
        listing = self.git.run("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *wanted)
        records = (record.partition("\t") for record in os.fsdecode(listing).split("\0") if record)
        modes = {path: about.split(" ")[0] for about, _, path in records}
        originals = {}
        for path in wanted:
            if modes.get(path) not in _FILE_MODES:
                hint = "only files that are committed are edited: see `git ls-files`"
                raise UsageError("this is no file that git tracks", place=path, hint=hint)
            try:
                file = self.top / path
                originals[path] = _Original(file.read_bytes(), stat.S_IMODE(file.lstat().st_mode))
            except OSError as error:
                hint = "is it checked out? `git sparse-checkout list` shows which folders are"
                raise UsageError(f"the file cannot be read: {error.strerror}", place=path, hint=hint) from error
        return originals

    def _write(self, path: str, content: bytes, mode: int) -> None:
        """Put a content in the place of a file, which is never seen half written."""
        file = self.top / path
        try:
            opened, name = tempfile.mkstemp(prefix=".reconciler-", dir=file.parent)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            with os.fdopen(opened, "wb") as temporary:
                temporary.write(content)
                os.fchmod(temporary.fileno(), mode)
            Path(name).replace(file)
        except BaseException as error:
            Path(name).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _unwritable(path, error) from error
            raise

    def _stage(self, paths: Iterable[str]) -> None:
        wanted = sorted(paths)
        run_as_user(self.top, "--literal-pathspecs", "add", "--", *wanted)
        unseen = sorted(set(wanted) - set(self._staged()))
        if unseen:
            hint = "`git ls-files -v` shows with a small letter what git was told to take as unchanged"
            raise SourceError("git sees no change in what was written", place=unseen[0], hint=hint)

    def _staged(self) -> list[str]:
        listing = self.git.run("diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD", "--")
        return [path for path in os.fsdecode(listing).split("\0") if path]

    def _commit(self, message: str) -> None:
        try:
            run_as_user(
                self.top, "commit", "--quiet", "--cleanup=verbatim", "--file=-", input=message.encode(errors="replace")
            )
        except SourceError as error:
            hint = "mend what git or its hook says; files and index are as they were"
            raise SourceError(f"git did not commit: {error.message}", place=error.place, hint=hint) from error

    def _put_back(self, originals: Mapping[str, _Original]) -> None:
        for path, original in originals.items():
            self._write(path, original.content, original.mode)
        if self._staged():
            run_as_user(self.top, "reset", "--quiet")

    def _require_identity(self) -> None:
        for role in ("AUTHOR", "COMMITTER"):
            try:
                self.git.run("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT")
            except SourceError as error:
                hint = 'type `git config user.name "YOUR NAME"` and `git config user.email YOU@EXAMPLE.ORG`'
                raise UsageError("git does not know who commits and tags", place=str(self.top), hint=hint) from error

    def _require_new(self, names: Sequence[str]) -> None:
        existing = set(os.fsdecode(self.git.run("for-each-ref", "--format=%(refname)", "refs/tags/")).split("\n"))
        seen: set[str] = set()
        for name in names:
            if f"refs/tags/{name}" in existing or name in seen:
                hint = "what is released stays as it is: choose the next version"
                raise UsageError("there is a tag of this name already", place=name, hint=hint)
            seen.add(name)
            try:
                self.git.run("check-ref-format", f"refs/tags/{name}")
            except SourceError as error:
                hint = "see `tags:` in reconciler.yaml, and `git help check-ref-format`"
                raise UsageError("no tag of Git can have this name", place=name, hint=hint) from error

    def _tag(self, tag: NewTag) -> None:
        # Without --annotate, which would overrule the user's tag.forceSignAnnotated.
        arguments = ("tag", "--cleanup=verbatim", "--file=-", "--", tag.name, tag.commit)
        try:
            run_as_user(self.top, *arguments, input=tag.message.encode(errors="replace"))
        except SourceError as error:
            hint = "no tag was made; mend what git says and run it again"
            raise SourceError(f"git did not tag: {error.message}", place=tag.name, hint=hint) from error

    def _delete(self, tags: Sequence[str]) -> None:
        orders = "".join(f"delete refs/tags/{tag}\n" for tag in tags)
        self.git.run("update-ref", "--stdin", input=os.fsencode(orders))


def _with_line_ends(content: bytes, original: bytes) -> bytes:
    """The content with the line ends of the file on disk, which those in Git's objects may not have."""
    ends = original.count(b"\n")
    if not ends or original.count(b"\r\n") != ends or b"\r" in content:
        return content
    return content.replace(b"\n", b"\r\n")


def _unwritable(path: str, error: OSError) -> SourceError:
    hint = "may you write there, and is there room on the disk?"
    return SourceError(f"the file cannot be written: {error.strerror or error}", place=path, hint=hint)


def _named(paths: Sequence[str]) -> str:
    shown = ", ".join(f"`{path}`" for path in paths[:_NAMED])
    return shown if len(paths) <= _NAMED else f"{shown} and {len(paths) - _NAMED} more"
