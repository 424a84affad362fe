"""A branch of a remote that this program writes, and nobody else."""

from __future__ import annotations

import os
from typing import Final

from reconciler.model.errors import SourceError
from reconciler.source.access import arguments_for, variables_for
from reconciler.source.addresses import redacted
from reconciler.source.edited_trees import Author
from reconciler.source.mirror import Mirror
from reconciler.source.plumbing import complaint
from reconciler.source.porcelain import Answer, run_with_deadline

_QUIET: Final = ("-c", f"core.hooksPath={os.devnull}")


class OwnBranch:
    """Pushes commits of a mirror to one branch of its remote, over whatever of ours it held before."""

    def __init__(self, mirror: Mirror, name: str) -> None:
        self._git = mirror.git
        self._fetcher = mirror.fetcher
        self._remote = mirror.remote
        self._url = mirror.remote.url
        self._place = mirror.remote.place
        self._name = name

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self._name}"

    def bring(self, commit: str, author: Author) -> bool:
        """Have the branch hold a commit; False where it holds the same tree on the same parent already.

        Raises:
            SourceError: the remote does not answer or refuses, or the branch holds what somebody else committed.
        """
        before = self._head()
        if before == commit:
            return False
        if before is not None:
            self._fetch(before)
            if self._content(before) == self._content(commit):
                return False
            if self._committer(before) != author.email:
                hint = "merge the branch or delete it, and it is written again"
                message = f"`{self._name}` holds a commit of somebody else, {before[:12]}, which stays"
                raise SourceError(message, place=self._place, hint=hint)
        self._push(commit, before or "")
        return True

    def keep(self, commit: str) -> None:
        """Keep a commit in the mirror, under `refs/own/`."""
        self._git.run("update-ref", f"refs/own/{self._name}", commit)

    def _head(self) -> str | None:
        answer = self._ask("ls-remote", "--", self._url, self._ref)
        self._check(answer, ("ls-remote",))
        told = (line.partition("\t") for line in answer.said.splitlines())
        return next((commit for commit, _, name in told if name == self._ref), None)

    def _fetch(self, commit: str) -> None:
        """Bring what the branch holds here, to look at."""
        seen = f"refs/seen/{self._name}"
        self._fetcher.refs(f"+{self._ref}:{seen}")
        if self._git.run("rev-parse", seen).decode().strip() != commit:
            raise SourceError(f"`{self._name}` is being written by somebody else", place=self._place)

    def _content(self, commit: str) -> bytes:
        return self._git.run("show", "--no-patch", "--format=%T %P", commit, "--").strip()

    def _committer(self, commit: str) -> str:
        return self._git.run("show", "--no-patch", "--format=%ce", commit, "--").decode(errors="replace").strip()

    def _push(self, commit: str, before: str) -> None:
        if self._fetcher.is_blobless:  # what an old revision held, to which a revert leads back
            listed = self._git.run("rev-list", "--objects", "--missing=print", commit, f"^{commit}^").decode()
            self._fetcher.content(line[1:] for line in listed.splitlines() if line.startswith("?"))
        lease = f"--force-with-lease={self._ref}:{before}"
        answer = self._ask("push", "--porcelain", "--no-follow-tags", lease, "--", self._url, f"{commit}:{self._ref}")
        if not answer.status:
            return
        refused = next((line for line in answer.said.splitlines() if line.startswith("!\t")), "")
        if not refused:
            self._check(answer, ("push",))
        summary = refused.rpartition("\t")[2]
        why = summary.partition("(")[2].removesuffix(")") or summary
        words = (line.removeprefix("remote:").strip() for line in answer.complaints.splitlines() if "remote:" in line)
        first = next((word for word in words if word and not word.startswith("error: hook declined")), "")
        hint = "let the daemon push to this branch, or take `upgrades:` out of its configuration"
        message = f"the remote refused `{self._name}`: {': '.join(filter(None, (why, first)))}"
        raise SourceError(redacted(message), place=self._place, hint=hint)

    def _check(self, answer: Answer, arguments: tuple[str, ...]) -> None:
        if answer.status:
            told = complaint(answer.complaints.encode(), arguments, answer.status)
            hint = "the daemon needs the right to push there; see its token or SSH key"
            raise SourceError(redacted(told), place=self._place, hint=hint)

    def _ask(self, *arguments: str) -> Answer:
        git_dir = self._git.git_dir
        assert git_dir is not None  # noqa: S101 - it is that of a mirror
        access, seconds = self._remote.access, self._remote.timeout_seconds
        told = [*_QUIET, *arguments_for(access, self._url), f"--git-dir={git_dir}", *arguments]
        answer = run_with_deadline(git_dir, told, seconds, variables_for(access))
        if answer is None:
            message = f"the repository did not answer within {seconds:g} seconds"
            raise SourceError(message, place=self._place, hint="is the network up, and the address right?")
        return answer
