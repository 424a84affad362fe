"""Upgrades of references: what a range is written as once its lower bound is raised, or it moves on to a version."""

from __future__ import annotations

import re
from enum import StrEnum

from reconciler.model.versions import Comparator, parse_range, parse_version, precedence

_FORM = re.compile(r"(?P<operator>\^|~>?|=|)(?P<between>\s*v?)(?P<version>[0-9xX*][^\s,|]*)")
_WHOLE = re.compile(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?")


class UpgradePolicy(StrEnum):
    """How far references are upgraded."""

    WITHIN_RANGE = "within-range"
    LATEST = "latest"


def caret_of(wanted: str) -> str:
    """The range that something wanted is upgraded in: an exact version counts as its caret range."""
    form = _form(wanted)
    return f"^{form['version']}" if form is not None and _is_exact(form) else wanted


def raised(wanted: str, version: str) -> str | None:
    """What is wanted with its lower bound at a version of its caret range.

    None where it stays as it is: lists of comparisons and x-ranges do, and so does `~1`, whose upper bound would move.
    """
    form = _form(wanted)
    if form is None:
        return None
    written = _written(form, version)
    if _is_exact(form):
        return written if parse_version(form["version"]) != parse_version(version) else None
    (lower, upper), (new_lower, new_upper) = _bounds(wanted), _bounds(written)
    return written if upper == new_upper and lower != new_lower else None


def moved(wanted: str, version: str) -> str:
    """What is wanted moved on to a version outside of it: with its operator where it has one, else as a caret range."""
    form = _form(wanted)
    return f"^{version}" if form is None else _written(form, version)


def is_higher(version: str | None, other: str | None) -> bool:
    """Whether a version is there and higher than another, or than none."""
    if version is None:
        return False
    return other is None or precedence(parse_version(version)) > precedence(parse_version(other))


def _form(wanted: str) -> re.Match[str] | None:
    """An exact version, or a single caret or tilde range; None for all else."""
    form = _FORM.fullmatch(wanted)
    if form is None or not (_is_exact(form) or form["operator"] in ("^", "~", "~>")):
        return None
    return form


def _is_exact(form: re.Match[str]) -> bool:
    return form["operator"] in ("", "=") and _WHOLE.fullmatch(form["version"]) is not None


def _written(form: re.Match[str], version: str) -> str:
    return f"{form['operator']}{form['between']}{version}"


def _bounds(text: str) -> tuple[Comparator | None, Comparator | None]:
    """The lower and the upper bound of a caret or tilde range; none of both in `^*`."""
    (bounds,) = parse_range(text).alternatives
    return (bounds[0], bounds[-1]) if bounds else (None, None)
