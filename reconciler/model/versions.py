"""Semantic versions and ranges of them, as npm reads ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from semver import Version

__all__ = ["InvalidRangeError", "Version", "VersionRange", "highest_fitting", "parse_range", "parse_version"]

_PARTIAL = re.compile(r"^v?(\d+|[xX*])?(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
_COMPARATOR = re.compile(r"^(\^|~>?|>=|<=|>|<|==?)?(.*)$")


class InvalidRangeError(ValueError):
    """The text is neither a version nor a range of versions."""


@lru_cache(maxsize=65536)
def parse_version(text: str) -> Version:
    """A version; an integer or `1.2` counts too, as Azure writes them: `3` is `3.0.0`.

    Raises:
        ValueError: the text is no semantic version.
    """
    return Version.parse(text.removeprefix("v"), optional_minor_and_patch=True)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A set of versions: alternatives of lower and upper bounds that all must hold.

    Attributes:
        text: as written.
        alternatives: each a tuple of `(operator, version)` with operators `>= > <= < =`.
    """

    text: str
    alternatives: tuple[tuple[tuple[str, Version], ...], ...]

    def __contains__(self, version: Version) -> bool:
        return any(_satisfies(version, bounds) for bounds in self.alternatives)

    def highest(self, versions: list[Version]) -> Version | None:
        """The highest of the versions that lie in the range."""
        return max((version for version in versions if version in self), default=None)


@lru_cache(maxsize=4096)
def highest_fitting(wanted: str, versions: frozenset[str]) -> str | None:
    """The highest of the versions that lie in the wanted range.

    Raises:
        InvalidRangeError: what is wanted is no range.
    """
    best = parse_range(wanted).highest([parse_version(version) for version in versions])
    return None if best is None else str(best)


def _satisfies(version: Version, bounds: tuple[tuple[str, Version], ...]) -> bool:
    if not all(_holds(version, operator, bound) for operator, bound in bounds):
        return False
    if version.prerelease is None:
        return True
    # A pre-release is only meant when the range names one of the same major.minor.patch (npm's rule).
    return any(bound.prerelease is not None and bound.to_tuple()[:3] == version.to_tuple()[:3] for _, bound in bounds)


def _holds(version: Version, operator: str, bound: Version) -> bool:
    comparison = version.compare(bound)
    match operator:
        case ">=":
            return comparison >= 0
        case ">":
            return comparison > 0
        case "<=":
            return comparison <= 0
        case "<":
            return comparison < 0
        case _:
            return comparison == 0


@lru_cache(maxsize=4096)
def parse_range(text: str) -> VersionRange:
    """Read `1.2.0`, `^1.2`, `~1.2.0`, `>=1,<3`, `1.x` or alternatives joined by `||`.

    Raises:
        InvalidRangeError: with the part that cannot be read.
    """
    alternatives = tuple(_alternative(part) for part in text.split("||"))
    return VersionRange(text, alternatives)


def _alternative(text: str) -> tuple[tuple[str, Version], ...]:
    spaced = re.sub(r"(\^|~>?|>=|<=|>|<|==?)\s+", r"\1", text.replace(",", " "))
    bounds: list[tuple[str, Version]] = []
    for word in spaced.split() or ["*"]:
        bounds.extend(_comparator(word))
    return tuple(bounds)


def _comparator(word: str) -> list[tuple[str, Version]]:
    matched = _COMPARATOR.match(word)
    operator = (matched.group(1) or "") if matched else ""
    parts = _PARTIAL.match(matched.group(2)) if matched else None
    if matched is None or parts is None or (operator and not matched.group(2)):
        raise InvalidRangeError(f"{word!r} is not a version or a range of versions")
    given = takewhile(lambda part: part is not None and part not in "xX*", parts.group(1, 2, 3))
    numbers = [int(part) for part in given]
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    low = Version(major, minor, patch, prerelease=parts.group(4)[1:] if parts.group(4) else None)
    match operator:
        case "^":
            return _between(low, _caret_limit(low, len(numbers)))
        case "~" | "~>":
            return _between(low, _next(low, min(len(numbers), 2)))
        case ">=" | "<":
            return [(operator, low)]
        case ">":
            return [(">", low)] if len(numbers) == 3 else [(">=", _next(low, len(numbers)) or low)]
        case "<=":
            limit = _next(low, len(numbers))
            return [("<=", low)] if len(numbers) == 3 or limit is None else [("<", limit)]
        case _:
            return [("=", low)] if len(numbers) == 3 else _between(low, _next(low, len(numbers)))


def _between(low: Version, limit: Version | None) -> list[tuple[str, Version]]:
    return [(">=", low)] if limit is None else [(">=", low), ("<", limit)]


def _next(version: Version, given: int) -> Version | None:
    """The first version past those that start with the given count of numbers; None where all do."""
    match given:
        case 0:
            return None
        case 1:
            return Version(version.major + 1)
        case 2:
            return Version(version.major, version.minor + 1)
        case _:
            return Version(version.major, version.minor, version.patch + 1)


def _caret_limit(low: Version, given: int) -> Version | None:
    if low.major > 0 or given < 2:
        return _next(low, min(given, 1))
    if low.minor > 0 or given < 3:
        return Version(0, low.minor + 1)
    return Version(0, 0, low.patch + 1)
