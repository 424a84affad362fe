"""What happened to a manifest between two releases, as the message of the tag that holds it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.model.errors import SourceError
from reconciler.model.snapshot import Commit
from reconciler.source.plumbing import Git

_FIELDS: Final = ("%H", "%P", "%an <%ae>", "%ad", "%s")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OID: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_LATEST: Final = "9999-12-31T23:59:59Z"  # for moments that no calendar has, as commits may claim them
_LISTED: Final = 200
_SUBJECT: Final = 200
_TURNS_WRITING: Final = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def commits_touching(git: Git, paths: Sequence[str], since_commit: str | None, until: str = "HEAD") -> list[Commit]:
    """The commits that touched any of the paths, newest first; merges that changed nothing themselves left out.

    Args:
        paths: files or folders, relative to the top of the repository; "" is the top.
        since_commit: the first that is not listed, None for all there are.

    Raises:
        SourceError: one of the two commits is not there.
    """
    if not paths:
        return []
    wanted = [_commit(git, until)]
    if since_commit is not None:
        wanted.append(f"^{_commit(git, since_commit)}")
    within = ["--", *(f":(top,literal){path}" for path in paths)]
    # Branches are followed even where a merge took nothing from them that another had not: each commit has its line.
    listing = git.run(
        *("log", "-z", "--full-history", "--date-order", "--no-follow", "--no-show-signature", "--encoding=UTF-8"),
        *("--date=format-local:%Y-%m-%dT%H:%M:%SZ", f"--format={'%x00'.join(_FIELDS)}", *wanted, *within),
        env={"TZ": "UTC"},
    )
    fields = iter(listing.decode(errors="replace").split("\0"))
    records = list(zip(*[fields] * len(_FIELDS), strict=False))
    merges = [commit for commit, parents, *_ in records if " " in parents]
    idle = set(merges) - _changing(git, merges, within)
    return [
        Commit(commit, author, moment if _MOMENT.fullmatch(moment) else _LATEST, subject)
        for commit, _, author, moment, subject in records
        if commit not in idle
    ]


def _changing(git: Git, merges: Sequence[str], within: Sequence[str]) -> set[str]:
    """Those of the merges whose result is in none of their parents."""
    if not merges:
        return set()
    plain = ("--no-renames", "--no-ext-diff", "--no-textconv")
    asked = "".join(f"{merge}\n" for merge in merges).encode()
    listing = git.run("diff-tree", "--stdin", "-r", "--cc", "--unified=0", *plain, *within, input=asked)
    changing: set[str] = set()
    merge = ""
    for line in listing.split(b"\n"):
        # Lines of content have a column for each parent before them, so that none can be taken for one of these.
        if _OID.fullmatch(line):
            merge = line.decode()
        elif line.startswith(b"diff --"):
            changing.add(merge)
    return changing


def _commit(git: Git, name: str) -> str:
    try:
        return git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    except SourceError as error:
        hint = "a clone may hold a part of the history only: `git fetch --unshallow --tags` brings the rest"
        raise SourceError(f"the repository has no commit `{name}`", place=error.place, hint=hint) from error


def changelog(title: str, interface_changes: Sequence[str], commits: Sequence[Commit]) -> str:
    """The message of an annotated tag: a title, what changed of the interface, and the commits.

    Args:
        title: such as `component split 1.3.0`.
        interface_changes: such as `minor: optional input seed added`, one line each.
    """
    changes = _listed(map(one_line, interface_changes), len(interface_changes))
    lines = _listed(map(_line, commits), len(commits))
    return "\n\n".join("\n".join(part) for part in ([one_line(title)], changes, lines) if part) + "\n"


def _line(commit: Commit) -> str:
    subject = one_line(commit.subject) or "(no subject)"
    if len(subject) > _SUBJECT:
        subject = f"{subject[: _SUBJECT - 1]}…"
    name = one_line(commit.author.partition(" <")[0] or commit.author)
    return f"- {subject} ({commit.id[:8]}, {name})"


def _listed(lines: Iterable[str], count: int) -> list[str]:
    """The first lines, and how many more there are."""
    shown = [line for line, _ in zip(lines, range(_LISTED), strict=False)]
    return shown if count <= _LISTED else [*shown, f"and {count - _LISTED} more"]


def one_line(text: str) -> str:
    """The text on one line, without what a terminal would obey or what turns the direction of writing."""
    return " ".join("".join(each for each in text if _is_shown(each)).split())


def _is_shown(character: str) -> bool:
    if character.isspace():
        return True
    hidden = unicodedata.category(character) in ("Cc", "Cs")
    return not hidden and unicodedata.bidirectional(character) not in _TURNS_WRITING
