"""What is secret, taken out of texts that others may read."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HIDDEN = "***"
_SHORTEST = 6  # shorter ones stand in half of all words
_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")
_HEADER = re.compile(
    r"""((?:proxy-)?authorization|x-gitlab-token|private-token)(["']?\s*[:=]\s*["']?)(?:(basic|bearer|token)\s+)?[^\s"',]+""",
    re.IGNORECASE,
)


class Redaction:
    """Hides credentials in URLs, headers that authorise, and all values that are known to be secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well; what was secret before stays so."""
        lines = (line.strip() for secret in secrets for line in (secret, *secret.splitlines()))
        self._known |= {line for line in lines if len(line) >= _SHORTEST}
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text with what is secret in it hidden."""
        if self._pattern is not None:
            text = self._pattern.sub(_HIDDEN, text)
        if "://" in text:
            text = _IN_URL.sub(f"{_HIDDEN}@", text)
        return _HEADER.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    scheme = f"{found[3]} " if found[3] else ""
    return f"{found[1]}{found[2]}{scheme}{_HIDDEN}"
