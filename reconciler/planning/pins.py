"""What packages and images are pinned to, as numbers that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.model.image_names import parse_image_name

_CLAUSE = re.compile(r"(===|==|~=|>=|=|)\s*([0-9][^\s,|;*]*?)(\.?\*)?")
_TAG = re.compile(r"v?(\d{1,7})(?:\.(\d{1,7}))?(?![\d])")  # eight digits are a date, which says nothing of a step
_HUB = re.compile(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?(?=[^/]+$)|^(?:index\.)?docker\.io/")
_EXACT = ("===", "==", "=", "~=", "")


def release_of(pin: str) -> tuple[int, ...] | None:
    """The numbers of the version that is asked for, or of the lowest one; None where there are none to compare.

    Args:
        pin: as pip or conda write it, `==1.5.3`, `~=1.5`, `>=1.5,<2`, `=1.5` or `1.5.*`.
    """
    from packaging.version import InvalidVersion, Version

    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in pin.split(",")]
    chosen = next((each for each in clauses if each and each[1] in _EXACT), None)
    chosen = chosen or next((each for each in clauses if each), None)
    if chosen is None:
        return None
    try:
        version = Version(chosen[2])
    except (InvalidVersion, ValueError):  # the latter for numbers of thousands of digits
        return None
    release = version.release
    is_exact = chosen[1] in ("===", "==") and not chosen[3]
    return (*release, 0) if is_exact and len(release) == 1 else release


def said_of_pin(pin: str) -> str:
    """A pin as it is told: the bare version where it is an exact one."""
    return re.sub(r"^={1,3}\s*(?=[^,]*$)", "", pin)


def named_images(images: Iterable[str]) -> dict[str, str]:
    """Images by their repositories, without what Docker adds by itself, each with its tag, "" for none."""
    named: dict[str, str] = {}
    for image in images:
        try:
            name = parse_image_name(image)
        except ValueError:
            continue
        named[_HUB.sub("", name.repository)] = name.tag or ""
    return named


def image_release(tag: str) -> tuple[int, ...] | None:
    """The one or two numbers that a tag begins with, None where it begins with none, as `latest` or a date."""
    matched = _TAG.match(tag)
    return tuple(int(number) for number in matched.groups() if number is not None) if matched else None
