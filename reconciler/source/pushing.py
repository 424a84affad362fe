"""Branch and tags on their way to a remote, and what is to be done where it refuses them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from reconciler.model.errors import SourceError, UsageError
from reconciler.source.addresses import redacted
from reconciler.source.plumbing import Git
from reconciler.source.porcelain import Answer, run_with_deadline

_NO_ATOMIC: Final = "does not support --atomic"
_SAYS_NOTHING: Final = ("To ", "hint:", "error: failed to push some refs")
_IN_COMPANY: Final = ("atomic push failed", "atomic push failure", "atomic transaction failed")
_SAID_BY_REASON: Final = "error: hook declined to update"
_BEHIND: Final = ("non-fast-forward", "fetch first")
_PROTECTED: Final = re.compile(r"protected branch|rule violations|GH006|GH013", re.IGNORECASE)
_NOT_LET_IN: Final = re.compile(
    r"authentication|permission denied|could not read (?:username|password)|access denied|not granted"
    r"|requested url returned error: 40[13]|permission to \S+ denied",
    re.IGNORECASE,
)
_UNREACHED: Final = re.compile(r"could not resolve|connect|timed out", re.IGNORECASE)
_NOT_THERE: Final = re.compile(r"does not appear to be a git repository|not found|does not exist", re.IGNORECASE)
_ADD: Final = "add one with `git remote add origin URL`"
_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push brought to the remote.

    Attributes:
        arrived: branch and tags, by their short names.
        is_atomic: whether the server promised all or nothing.
    """

    remote: str
    arrived: tuple[str, ...]
    is_atomic: bool = True


@dataclass(frozen=True, slots=True)
class _Refusal:
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Push:
    """One push, with all that is to be said of it."""

    top: Path
    remote: str
    place: str
    branch: str | None
    upstream: str | None
    tags: tuple[str, ...]
    seconds: float
    is_atomic: bool = True

    @property
    def later(self) -> str:
        """The command that a person types to do the same."""
        source = self.branch or ""
        branch = source if self.upstream in (None, source) else f"{source}:{self.upstream}"
        names = [*([branch] if branch else []), *(part for tag in self.tags for part in ("tag", tag))]
        return shlex.join(["git", "push", *self._options, self.remote, *names])

    @property
    def _options(self) -> list[str]:
        return ["--atomic"] if self.is_atomic else []

    def all_or_nothing(self) -> Pushed | None:
        """None where the server cannot promise it."""
        answer = self._answer([*self._branch_spec(), *self._tag_specs()])
        if answer.status and _NO_ATOMIC in answer.complaints:
            return None
        self._check(answer)
        return Pushed(self.remote, (*([self.branch] if self.branch else []), *self.tags))

    def one_after_the_other(self) -> Pushed:
        """The branch first, for a tag is no release while its commit is not on the branch."""
        arrived: tuple[str, ...] = ()
        if self.branch is not None:
            self._check(self._answer(self._branch_spec()))
            arrived = (self.branch,)
        if self.tags:
            self._check(self._answer(self._tag_specs()), arrived)
        return Pushed(self.remote, (*arrived, *self.tags), is_atomic=False)

    def _branch_spec(self) -> list[str]:
        if self.branch is None:
            return []
        return [f"refs/heads/{self.branch}:refs/heads/{self.upstream or self.branch}"]

    def _tag_specs(self) -> list[str]:
        return [f"refs/tags/{tag}:refs/tags/{tag}" for tag in self.tags]

    def _answer(self, refs: Sequence[str]) -> Answer:
        command = ["push", "--porcelain", "--no-follow-tags", *self._options, "--", self.remote, *refs]
        answer = run_with_deadline(self.top, command, self.seconds)
        if answer is None:
            message = f"the push was not done within {self.seconds:g} seconds, and may have arrived or not"
            hint = f"is the network up, and the address right? Pushing once more does no harm: `{self.later}`"
            raise SourceError(message, place=self.place, hint=hint)
        return answer

    def _check(self, answer: Answer, before: tuple[str, ...] = ()) -> None:
        """Raise what is to be said of a push that failed.

        Args:
            before: what an earlier push of ours brought there.
        """
        if not answer.status:
            return
        accepted, refusals = _outcomes(answer.said)
        message, hint = self._told(answer, refusals)
        arrived = (*before, *accepted)
        if arrived:
            message += f"; this arrived: {', '.join(arrived)}"
        raise SourceError(redacted(message), place=self.place, hint=hint)

    def _told(self, answer: Answer, refusals: Sequence[_Refusal]) -> tuple[str, str]:
        causes = [each for each in refusals if each.reason not in _IN_COMPANY] or list(refusals)
        behind = next((each for each in causes if each.reason in _BEHIND), None)
        taken = [each.name for each in causes if each.reason == "already exists"]
        if taken:
            named = ", ".join(f"`{name}`" for name in taken)
            delete = shlex.join(["git", "tag", "-d", *taken])
            hint = f"somebody released it too: `{delete}`, pull, and release the next version"
            return f"the remote has another tag {named} already", hint
        later = f"push it later with `{self.later}`"
        if behind is not None:
            pull = shlex.join(["git", "pull", "--no-rebase", self.remote, self.upstream or behind.name])
            hint = f"pull first, with `{pull}` (a rebase would make other commits than those that are tagged); {later}"
            return f"the remote's `{behind.name}` has commits that are not here", hint
        words = _words_of_server(answer.complaints)
        if causes:
            named = ", ".join(f"`{each.name}`" for each in causes[:_LINES])
            message = f"the remote refused {named}: {': '.join([causes[0].reason, *words[:1]])}"
            if _PROTECTED.search("\n".join([causes[0].reason, *words])):
                hint = (
                    "the branch is protected: allow the one who releases to push there, or bring the commit by review"
                )
                return message, f"{hint}; {later}"
            return "\n".join([message, *words[1:]]), f"mend what the remote says; {later}"
        return _said(answer), f"{_hint(answer.complaints)}; {later}"


def push(top: Path, remote: str, branch: str | None, tags: Sequence[str], timeout_seconds: float = 300) -> Pushed:
    """Push a branch and tags to a remote, all or nothing where its server can do that. Hooks of the user run.

    What is refused stays in the repository; the error says how it is pushed later.

    Raises:
        UsageError: there is no such remote.
        SourceError: the remote cannot be reached, does not answer in time, or refuses.
    """
    if branch is None and not tags:
        require_remote(Git(None, folder=top), remote)
        return Pushed(remote, ())
    wanted = _push(top, remote, branch, tags, timeout_seconds)
    return wanted.all_or_nothing() or replace(wanted, is_atomic=False).one_after_the_other()


def push_command(top: Path, remote: str, branch: str | None, tags: Sequence[str]) -> str:
    """What a person types to push the same.

    Raises:
        UsageError: there is no such remote.
    """
    return _push(top, remote, branch, tags).later


def require_remote(git: Git, remote: str) -> None:
    """See to it that there is a remote of this name.

    Raises:
        UsageError: there is none.
    """
    known = _remotes(git)
    if remote not in known:
        hint = f"the remotes are {', '.join(known)}" if known else _ADD
        raise UsageError(f"there is no remote `{remote}`", place=str(git.folder) if git.folder else None, hint=hint)


def _push(top: Path, remote: str, branch: str | None, tags: Sequence[str], seconds: float = 0) -> _Push:
    git = Git(None, folder=top)
    require_remote(git, remote)
    place = redacted(os.fsdecode(git.run("remote", "get-url", "--push", "--", remote)).strip())
    followed, upstream = _upstream(git, branch)
    return _Push(top, remote, place, branch, upstream if followed == remote else None, tuple(tags), seconds=seconds)


def default_remote(git: Git, branch: str | None) -> str:
    """Where a branch is pushed to: the remote that it follows, else `origin`, else the only one.

    Raises:
        UsageError: there is none, or several and none of these.
    """
    known = _remotes(git)
    followed, _ = _upstream(git, branch)
    if followed in known:
        return followed
    if "origin" in known:
        return "origin"
    if len(known) == 1:
        return known[0]
    place = str(git.folder) if git.folder else None
    if not known:
        raise UsageError("there is no remote to push to", place=place, hint=_ADD)
    hint = f"name one of {', '.join(known)}, or let the branch follow one: `git branch --set-upstream-to=REMOTE/BRANCH`"
    raise UsageError("there are several remotes, and none is called origin", place=place, hint=hint)


def _remotes(git: Git) -> list[str]:
    return [name for name in os.fsdecode(git.run("remote")).split("\n") if name]


def _upstream(git: Git, branch: str | None) -> tuple[str, str]:
    """The remote that a branch follows and the name that it has there; empty where it follows none."""
    if branch is None:
        return "", ""
    fields = "--format=%(upstream:remotename)%00%(upstream:remoteref)"
    told = os.fsdecode(git.run("for-each-ref", fields, f"refs/heads/{branch}")).rstrip("\n")
    remote, _, ref = told.partition("\0")
    return remote, ref.removeprefix("refs/heads/")


def _outcomes(said: str) -> tuple[list[str], list[_Refusal]]:
    """Of git's report for programs, what was accepted and what was not."""
    accepted: list[str] = []
    refusals: list[_Refusal] = []
    for line in said.split("\n"):
        flag, _, rest = line.partition("\t")
        refs, _, summary = rest.partition("\t")
        name = refs.rpartition(":")[2].removeprefix("refs/heads/").removeprefix("refs/tags/")
        if flag == "!":
            refusals.append(_Refusal(name, summary.partition("(")[2].removesuffix(")") or summary))
        elif refs and len(flag) == 1:
            accepted.append(name)
    return accepted, refusals


def _words_of_server(complaints: str) -> list[str]:
    lines = (line.removeprefix("remote:").strip() for line in complaints.splitlines() if line.startswith("remote:"))
    return [line for line in lines if line and not line.startswith(_SAID_BY_REASON)][:_LINES]


def _said(answer: Answer) -> str:
    """What git said where no ref was even tried, without the summary that says nothing."""
    # What a hook of the user prints comes on either way.
    lines = [line.strip() for line in (answer.said + answer.complaints).splitlines()]
    telling = [line for line in lines if line and not line.startswith(_SAYS_NOTHING) and line != "Done"]
    if not telling:
        return f"git push ended with status {answer.status}"
    return "\n".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in telling[:_LINES])


def _hint(complaints: str) -> str:
    if _NOT_LET_IN.search(complaints):
        return "the remote does not let you in: check the token, the credential helper or the SSH key"
    if _UNREACHED.search(complaints):
        return "is the network up, and the address right?"
    if _NOT_THERE.search(complaints):
        return "check the address with `git remote -v`; is it a Git repository?"
    return "mend what git or its hook says"
