"""What references were resolved to, for people."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.references import parse_reference
from reconciler.model.releases import Resolution
from reconciler.model.versions import parse_version


def telling_lines(lock: Sequence[Resolution]) -> list[str]:
    """Those resolutions that their references do not tell by themselves, each explained once."""
    return list(dict.fromkeys(each.explained() for each in lock if each.skipped or not _is_pinned(each)))


def _is_pinned(resolution: Resolution) -> bool:
    """Whether a reference names a file or the very version."""
    try:
        reference = parse_reference(resolution.reference)
        return reference.path is not None or parse_version(reference.wanted) == parse_version(resolution.version or "")
    except ValueError:  # no version, but a range, a label or `latest`
        return False


def place_of(tag: str | None, commit: str | None) -> str:
    """Where a resolved version lies."""
    return f"tag {tag} at {(commit or '')[:7]}" if tag else "this revision"
