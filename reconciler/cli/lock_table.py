"""What references were resolved to, for people."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.releases import Resolution
from reconciler.model.snapshot import MOUNT


def telling_lines(lock: Sequence[Resolution]) -> list[str]:
    """Resolutions that may surprise, each explained once: higher versions are there, or only a tag has this one."""
    return list(dict.fromkeys(each.explained() for each in lock if each.skipped or MOUNT in each.file))


def place_of(tag: str | None, commit: str | None) -> str:
    """Where a resolved version lies."""
    return f"tag {tag} at {(commit or '')[:7]}" if tag else "this revision"
