"""What forges say of asking them too much."""

from __future__ import annotations

from reconciler.exchange import Answer

_DAY = 24 * 3600.0
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining")
_SECONDARY, _SECONDARY_SECONDS = "secondary rate limit", 60.0


def limited_for(answer: Answer, now: float) -> float | None:
    """Seconds until a limit lets us ask again, at most a day; None where this is no matter of limits that is told.

    GitHub refuses with 403 as well when there was too much, and wants a minute where it names no time ("Rate limits for
    the REST API", docs.github.com/rest/using-the-rest-api). GitLab tells `RateLimit-Reset` ("Rate limits",
    docs.gitlab.com).
    """
    if answer.status not in (403, 429):
        return None
    waiting = answer.after(now)
    if waiting or answer.headers.get("retry-after", "").strip() == "0":
        return waiting
    is_used_up = _header(answer, _REMAINING) == "0"
    if answer.status == 429 or is_used_up:
        until = _until(_header(answer, _RESETS), now)
        if until is not None:
            return until
    return _SECONDARY_SECONDS if _SECONDARY in answer.text.lower() else None


def _header(answer: Answer, names: tuple[str, ...]) -> str:
    return next((answer.headers[name] for name in names if answer.headers.get(name)), "")


def _until(reset: str, now: float) -> float | None:
    """Seconds until a moment since the epoch, at least one; None where it is no such moment."""
    if not (reset.isascii() and reset.isdecimal()):
        return None
    return min(max(float(reset) - now, 1.0), _DAY)
