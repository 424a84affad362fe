"""Pull requests of a source: how the daemon reviews them, and what it has told of each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PreviewRules:
    """Who has pull requests run before they are merged.

    Attributes:
        label: what runs each head of a pull request that bears it, never one of a fork; "" for none.
        allowed: users as the forge names authors of comments; None for those who may push to the repository.
        includes_forks: whether heads in forks may be run at all; then a comment has to name the commit.
    """

    label: str = ""
    allowed: tuple[str, ...] | None = None
    includes_forks: bool = False


@dataclass(frozen=True, slots=True)
class PullRequestSettings:
    """How the pull requests of a source are reviewed.

    Attributes:
        forge: `github`, `gitlab`, `gitea` or `bitbucket`.
        api: the address of its API.
        repository: as the forge names it.
        user: whose comments are ours, "" to ask the forge.
        ca_file: certificates to trust instead of those of the machine, "" for these.
        interval: seconds between two looks.
        has_comment: whether plans are told in a comment, and not by statuses alone.
    """

    forge: str
    api: str
    repository: str
    token: str = field(repr=False)
    user: str = ""
    ca_file: str = ""
    interval: float = 60.0
    has_comment: bool = True
    previews: PreviewRules = field(default_factory=PreviewRules)


@dataclass(frozen=True, slots=True)
class ToldPullRequest:
    """What was told of a pull request, so that nothing is told or done twice.

    Attributes:
        told: a digest of all that the last comment and the last statuses were made of.
        heard: the newest comment that was looked at for commands, 0 for none.
        labelled: the commit that the label had run, "" where there is no label.
        note: what came of what somebody asked for last, in words that others may have written.
        is_refused: whether that was refused.
        merge_commit: what it was merged as, "" while it is not known to be merged.
        merged: when that was seen, seconds since the epoch.
    """

    source: str
    number: int
    told: str = ""
    heard: int = 0
    labelled: str = ""
    note: str = ""
    is_refused: bool = False
    merge_commit: str = ""
    merged: float = 0.0
