"""A repository at a forge, as the rest of the program sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reconciler.model.problems import Problem


class PullRequestState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class CommitState(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or merge request; all texts are somebody's own words.

    Attributes:
        author: as in `Comment`.
        head_repository: "" where it is gone.
        base_commit: what it is compared with: the tip of the base branch, or where both parted; "" where a forge does
            not say.
        is_from_fork: whether the head is, or may be, in another repository than the base.
        labels: () at a forge that has none.
        merge_commit: what the base branch got of it, "" while it is not merged.
        url: for a browser.
    """

    number: int
    title: str
    state: PullRequestState
    is_draft: bool
    author: str
    head_commit: str
    head_branch: str
    head_repository: str
    base_branch: str
    base_commit: str
    is_from_fork: bool
    labels: tuple[str, ...] = ()
    merge_commit: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody says of a pull request.

    Attributes:
        author: what the forge knows the user by and nobody else can take: a login, at Bitbucket a UUID; "" for one who
            is gone.
        created: seconds since the epoch.
    """

    id: int
    body: str
    author: str
    created: float


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """How a commit does.

    Attributes:
        name: what the status goes by; another one of the same name takes its place.
        url: where more is told, "" for nowhere.
    """

    commit: str
    name: str
    state: CommitState
    text: str
    url: str = ""


class Forge(Protocol):
    """One repository at a forge.

    What a forge says may be another's doing at the next moment; nothing is kept. All methods raise `ForgeError`: of it
    `TokenRefusedError`, `NotFoundError`, `RateLimitError` and `ForgeGoneError`.

    Attributes:
        longest_body: of a comment, in characters, the line with its marker included.
        is_folding: whether comments fold `<details>` and draw Mermaid graphs.
    """

    longest_body: int
    is_folding: bool

    def pull_request(self, number: int) -> PullRequest: ...

    def open_pull_requests(self) -> Iterator[PullRequest]:
        """All of them, page by page."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """All of them but those on lines of the change at forges that tell these apart."""

    def upsert_comment(self, number: int, marker: str, body: str) -> Comment:
        """See that there is exactly one comment of ours that bears a marker, and that it says this.

        It is told by the marker, which readers do not see, and by being ours; so it is never another's. A body that is
        too long for the forge is cut, with a word about that.

        Args:
            marker: lower-case letters, digits, `-` and `/`.
            body: Markdown.
        """

    def delete_comment(self, number: int, comment: int) -> None:
        """Take a comment away; one that is gone already is fine."""

    def set_status(self, status: CommitStatus) -> None: ...

    def annotate(self, commit: str, name: str, summary: str, problems: Sequence[Problem]) -> int:
        """Show problems beside their lines, in place of those that were shown under the name.

        Returns how many are shown: 0 where the forge has no such thing.

        Args:
            summary: in a sentence, also where there are no problems.
        """

    def may_write(self, user: str) -> bool:
        """Whether a user, named as authors are, may push to the repository; False where there is none of that name."""
