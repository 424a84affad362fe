"""Semantic versions and ranges of them, as npm reads ranges."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from semver import Version

__all__ = [
    "Comparator",
    "InvalidRangeError",
    "Precedence",
    "Version",
    "VersionRange",
    "highest_fitting",
    "is_label",
    "parse_range",
    "parse_version",
    "precedence",
    "ranked",
]

# What orders versions: the three numbers, whether it is no pre-release, the identifiers of the pre-release.
Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]

_LONGEST = 256  # as npm has it
_NUMBER = r"(?:0|[1-9][0-9]{0,99})"
_PART = rf"({_NUMBER}|[xX*])"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_PRE_RELEASE = rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
_BUILD = r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_PARTIAL = re.compile(rf"[v=]*{_PART}(?:\.{_PART}(?:\.{_PART})?)?{_PRE_RELEASE}{_BUILD}")
_OPERATOR = r"(\^|~>?|>=|<=|>|<|=)"
_COMPARATOR = re.compile(rf"{_OPERATOR}?(.+)")
_OPERATOR_APART = re.compile(rf"{_OPERATOR}\s+")
_LABEL = re.compile(r"(?!latest$|v[0-9])[A-Za-z][\w.-]*")
_HOLDS: dict[str, Callable[[Precedence, Precedence], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}


class InvalidRangeError(ValueError):
    """The text is neither a version nor a range of versions."""


@lru_cache(maxsize=65536)
def parse_version(text: str) -> Version:
    """A version; an integer or `1.2` counts too, as Azure writes them: `3` is `3.0.0`.

    Raises:
        ValueError: the text is no semantic version.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a version has at most {_LONGEST} characters")
    return Version.parse(text.removeprefix("v"), optional_minor_and_patch=True)


def precedence(version: Version) -> Precedence:
    """What a version is compared by; build metadata is no part of it."""
    if version.prerelease is None:
        return version.major, version.minor, version.patch, True, ()
    identifiers = tuple(
        (False, int(part), "") if part.isdecimal() else (True, 0, part) for part in version.prerelease.split(".")
    )
    return version.major, version.minor, version.patch, False, identifiers


@dataclass(frozen=True, slots=True)
class Comparator:
    """One bound of a range; `operator` is one of `>= > <= < =`."""

    operator: str
    bound: Precedence

    def __contains__(self, version: Precedence) -> bool:
        return _HOLDS[self.operator](version, self.bound)

    def __str__(self) -> str:
        major, minor, patch, is_release, identifiers = self.bound
        label = ".".join(text or str(number) for _, number, text in identifiers)
        return f"{self.operator}{major}.{minor}.{patch}{'' if is_release else '-' + label}"


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A set of versions: alternatives of lower and upper bounds that all must hold.

    Attributes:
        text: as written.
        alternatives: no bound at all for any version that is no pre-release.
    """

    text: str
    alternatives: tuple[tuple[Comparator, ...], ...]

    def __contains__(self, version: Version) -> bool:
        return self.holds(precedence(version))

    def holds(self, version: Precedence) -> bool:
        """Whether a version lies in the range, and is meant by it where it is a pre-release."""
        return any(_satisfies(version, bounds) for bounds in self.alternatives)

    def spans(self, version: Precedence) -> bool:
        """Whether a version lies within the bounds, pre-release or not."""
        return any(all(version in bound for bound in bounds) for bounds in self.alternatives)

    def highest(self, versions: list[Version]) -> Version | None:
        """The highest of the versions that lie in the range."""
        return max((version for version in versions if version in self), key=precedence, default=None)

    def __str__(self) -> str:
        return " || ".join(" ".join(map(str, bounds)) or "*" for bounds in self.alternatives)


def _satisfies(version: Precedence, bounds: tuple[Comparator, ...]) -> bool:
    if not all(version in bound for bound in bounds):
        return False
    is_release = version[3]
    # A pre-release is only meant when the range names one of the same major.minor.patch (npm's rule).
    return is_release or any(not each.bound[3] and each.bound[:3] == version[:3] for each in bounds)


@lru_cache(maxsize=1024)
def ranked(versions: frozenset[str]) -> tuple[tuple[Precedence, str], ...]:
    """The versions as written with what they are compared by, the highest first.

    Raises:
        ValueError: one of them is no semantic version.
    """
    return tuple(sorted(((precedence(parse_version(version)), version) for version in versions), reverse=True))


@lru_cache(maxsize=4096)
def highest_fitting(wanted: str, versions: frozenset[str]) -> str | None:
    """The highest of the versions that lie in the wanted range, as it is written there.

    Of several that are equal, as `3` and `3.0.0` are, it is the one that is wanted in these very characters.

    Raises:
        InvalidRangeError: what is wanted is no range.
    """
    wanted_range = parse_range(wanted)
    best = next((version for version, _ in ranked(versions) if wanted_range.holds(version)), None)
    equals = [text for version, text in ranked(versions) if version == best]
    return wanted if wanted in equals else next(iter(equals), None)


def is_label(wanted: str) -> bool:
    """Whether what is wanted is a word, such as `stable`, that stands for a version somewhere else."""
    if not _LABEL.fullmatch(wanted):
        return False
    try:
        parse_range(wanted)
    except InvalidRangeError:
        return True
    return False


@lru_cache(maxsize=4096)
def parse_range(text: str) -> VersionRange:
    """Read `1.2.0`, `^1.2`, `~1.2.0`, `>=1,<3`, `1.x`, `1.2 - 1.4` or alternatives joined by `||`.

    Raises:
        InvalidRangeError: with the part that cannot be read.
    """
    return VersionRange(text, tuple(_alternative(part) for part in text.split("||")))


def _alternative(text: str) -> tuple[Comparator, ...]:
    words = _OPERATOR_APART.sub(r"\1", text.replace(",", " ")).split()
    if len(words) == 3 and words[1] == "-":
        return (*_comparators(">=", _partial(words[0])), *_comparators("<=", _partial(words[2])))
    bounds: list[Comparator] = []
    for word in words:
        matched = _COMPARATOR.fullmatch(word)
        if matched is None:
            raise _unreadable(word)
        bounds.extend(_comparators(matched[1] or "=", _partial(matched[2], word)))
    return tuple(bounds)


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version as a range names it: none to three numbers, and the first version that they can mean."""

    numbers: int
    low: Version


def _partial(text: str, word: str = "") -> _Partial:
    parts = _PARTIAL.fullmatch(text)
    if parts is None:
        raise _unreadable(word or text)
    pre_release = parts[4]
    given = [part for part in parts.group(1, 2, 3) if part is not None]
    numbers = [int(part) for part in takewhile(str.isdecimal, given)]
    if pre_release and len(numbers) < len(given):
        if len(given) < 3:
            raise _unreadable(word or text)
        pre_release = None  # npm reads `1.x.x-rc` as `1.x.x`
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    # A pre-release is of one version: `1.2-rc.1` is `1.2.0-rc.1`.
    return _Partial(3 if pre_release else len(numbers), Version(major, minor, patch, pre_release))


def _comparators(written: str, partial: _Partial) -> list[Comparator]:
    low, is_whole = partial.low, partial.numbers == 3
    if partial.numbers == 0:
        # Any version is in `>=*` and `^*`, none can be above or below all.
        return [_below(low)] if written in {"<", ">"} else []
    match written:
        case "^":
            return [_bound(">=", low), _below(_caret_limit(partial))]
        case "~" | "~>":
            return [_bound(">=", low), _below(_next(low, min(partial.numbers, 2)))]
        case ">" if not is_whole:
            return [_bound(">=", _next(low, partial.numbers))]
        case "<=" if not is_whole:
            return [_below(_next(low, partial.numbers))]
        case "<" if not is_whole:
            return [_below(low)]
        case "=" if not is_whole:
            return [_bound(">=", low), _below(_next(low, partial.numbers))]
        case _:
            return [_bound(written, low)]


def _bound(written: str, version: Version) -> Comparator:
    return Comparator(written, precedence(version))


def _below(limit: Version) -> Comparator:
    """Below a version and all its pre-releases."""
    return _bound("<", limit.replace(prerelease="0"))


def _next(version: Version, given: int) -> Version:
    """The first version past those that start with the given count of numbers."""
    match given:
        case 1:
            return Version(version.major + 1)
        case 2:
            return Version(version.major, version.minor + 1)
        case _:
            return Version(version.major, version.minor, version.patch + 1)


def _caret_limit(partial: _Partial) -> Version:
    """The next version that may break: past the first number that is not 0, or the last that is given."""
    low = partial.low
    leading_zeros = len(list(takewhile(lambda number: number == 0, low.to_tuple()[:3])))
    return _next(low, min(leading_zeros + 1, partial.numbers))


def _unreadable(word: str) -> InvalidRangeError:
    return InvalidRangeError(f"{word!r} is not a version or a range of versions")
