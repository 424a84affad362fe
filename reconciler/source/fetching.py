"""What a bare repository of our own takes from a remote: everything, or the content of files only once it is needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError
from reconciler.model.followed import Fetch
from reconciler.source.addresses import scheme_of
from reconciler.source.plumbing import Git
from reconciler.source.remote import Remote

_FETCH: Final = ("fetch", "--quiet", "--no-write-fetch-head")
_REMOTE: Final = "followed"
_MARK: Final = "blobless"  # a file in a repository that does not hold everything
_WHOLE: Final = "whole"  # a file in one that has to, for its remote gives no content by itself
_NOT_BY_ITSELF: Final = "unadvertised object"  # over a protocol before version 2, as servers may see to
_SHA256: Final = 64


class Fetcher:
    """Fills a bare repository.

    Where it is blobless, git is told so with each command that fetches, and never by the repository's own settings:
    reading must not fetch, without a deadline and one object at a time.
    """

    def __init__(self, directory: Path, remote: Remote, fetch: Fetch = Fetch.AUTO) -> None:
        self._directory = directory
        self._remote = remote
        self._fetch = fetch
        self._git = Git(directory)
        self._mark = directory / _MARK
        self._whole_mark = directory / _WHOLE
        self._is_prepared = False

    @property
    def is_blobless(self) -> bool:
        """Whether content may be missing that was not needed so far."""
        return self._mark.exists()

    def refs(self, *refspecs: str, prunes: bool = False) -> None:
        """Bring refs here with the commits and trees that they lead to, and content where all of it is wanted.

        Raises:
            SourceError: the remote cannot be reached or read.
        """
        is_wanted = self._is_blobless_wanted()
        if is_wanted:
            self._mark.touch()
        options = ["--force", *(["--prune"] if prunes else [])]
        if self.is_blobless and not is_wanted:
            self._complete(*refspecs)
        elif self.is_blobless:
            self._ask(*options, "--", _REMOTE, *refspecs, settings=self._settings())
        else:
            self._ask(*options, "--", self._remote.url, *refspecs)

    def commit_alone(self, commit: str) -> None:
        """Bring one commit here with its content, and not those before it where the server can leave them out.

        Raises:
            SourceError: the remote cannot be reached, or has no such commit.
        """
        if not self.missing([commit]):
            return
        try:
            self._ask("--no-tags", "--depth=1", "--", self._remote.url, f"+{commit}:refs/followed/{commit}")
        except SourceError:  # a server may give only what its branches and tags lead to
            self._ask("--force", "--", self._remote.url, "+refs/heads/*:refs/remote/*", "+refs/tags/*:refs/tags/*")
        if self.missing([commit]):
            hint = "is it pushed, and on a branch or a tag there?"
            raise SourceError(f"the repository has no commit {commit}", place=self._remote.place, hint=hint)

    def content(self, oids: Iterable[str]) -> None:
        """Bring here what is missing of objects, all of it at once; not one question where nothing is.

        Raises:
            SourceError: the remote cannot be reached, or has not got them any more.
        """
        missing = self.missing(oids) if self.is_blobless else []
        if not missing:
            return
        settings = (*self._settings(), "fetch.negotiationAlgorithm=noop")
        asked = "".join(f"{oid}\n" for oid in missing).encode()
        try:
            self._ask("--no-tags", "--recurse-submodules=no", "--stdin", _REMOTE, settings=settings, input=asked)
        except SourceError as error:
            if _NOT_BY_ITSELF not in error.message:
                raise
            self._complete("+refs/heads/*:refs/remote/*", "+refs/tags/*:refs/tags/*")
            self._whole_mark.touch()

    def _complete(self, *refspecs: str) -> None:
        self._ask("--force", "--refetch", "--", self._remote.url, *refspecs)
        self._mark.unlink(missing_ok=True)

    def missing(self, oids: Iterable[str]) -> list[str]:
        """Those of the objects that are not here, each once."""
        asked = list(dict.fromkeys(oids))
        if not asked:
            return []
        lines = "".join(f"{oid}\n" for oid in asked).encode()
        answers = self._git.run("cat-file", "--batch-check=%(objectname)", input=lines).split(b"\n")[:-1]
        return [oid for oid, answer in zip(asked, answers, strict=True) if answer.endswith(b" missing")]

    def prepare(self, head: str) -> None:
        """Make the bare repository; one that a killed process left unusable is made anew.

        Args:
            head: any object of the remote, whose id tells what ids there are made with.
        """
        if not self._is_prepared:
            self._prepare(head)
            self._is_prepared = True

    def _prepare(self, head: str) -> None:
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
        made_with = "sha256" if len(head) == _SHA256 else "sha1"
        Git(None).run("init", "--quiet", "--bare", f"--object-format={made_with}", "--", str(self._directory))

    def _is_blobless_wanted(self) -> bool:
        if self._whole_mark.exists():
            return False
        if self._fetch is not Fetch.AUTO:
            return self._fetch is Fetch.BLOBLESS
        is_empty = not self._git.run("for-each-ref", "--count=1").strip()
        return self.is_blobless or (is_empty and scheme_of(self._remote.url) != "file")

    def _settings(self) -> tuple[str, ...]:
        name = f"remote.{_REMOTE}"
        return (
            f"{name}.url={self._remote.url}",
            f"{name}.promisor=true",
            f"{name}.partialCloneFilter=blob:none",
        )

    def _ask(self, *arguments: str, settings: Iterable[str] = (), input: bytes | None = None) -> None:
        told = [part for setting in settings for part in ("-c", setting)]
        self._remote.ask(*told, f"--git-dir={self._directory}", *_FETCH, *arguments, input=input)
