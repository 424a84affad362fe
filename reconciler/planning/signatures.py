"""Semantic versions of models: what their signatures promise, compared."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.plan import Bump
from reconciler.model.versions import Version, parse_version

FIRST = Version(1)


@dataclass(frozen=True, slots=True)
class Column:
    """An input, output or parameter of a model; one without a name goes by its position."""

    name: str
    type: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives, as MLflow keeps it."""

    inputs: tuple[Column, ...] = ()
    outputs: tuple[Column, ...] = ()
    params: tuple[Column, ...] = ()


def signature_of(said: object) -> Signature | None:
    """The signature in an `MLmodel`: a mapping whose values are lists, or such as JSON; None where there is none."""
    if not isinstance(said, Mapping):
        return None
    parts = {part: _columns(said.get(part), part == "params") for part in ("inputs", "outputs", "params")}
    return Signature(**parts) if any(parts.values()) else None


def _columns(said: object, are_optional: bool) -> tuple[Column, ...]:
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return ()
    if not isinstance(said, list):
        return ()
    return tuple(_column(place, each, are_optional) for place, each in enumerate(said) if isinstance(each, Mapping))


def _column(place: int, said: Mapping[str, Any], is_optional: bool) -> Column:
    name = said.get("name")
    is_required = not is_optional and said.get("required") is not False and not said.get("optional")
    return Column(str(place) if name is None else str(name), _type(said), is_required)


def _type(said: Mapping[str, Any]) -> str:
    """The type in short: a word, or what says how it is made up."""
    spec = said.get("tensor-spec")
    if isinstance(spec, Mapping):
        return f"{spec.get('dtype')}{_compact(spec.get('shape'))}"
    made_of = {key: said[key] for key in ("properties", "items", "values", "shape") if said.get(key) is not None}
    word = str(said.get("type", said.get("dtype", "any")))
    return f"{word}{_compact(made_of)}" if made_of else word


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def required_bump(old: Signature | None, new: Signature | None) -> tuple[Bump, tuple[str, ...]]:
    """How much a model differs from the one before for those who call it, and in what."""
    if old is None or new is None:
        return Bump.PATCH, ("without signatures on both sides nothing can be compared",)
    found = [
        *_differences("input", old.inputs, new.inputs, is_added_breaking=True),
        *_differences("parameter", old.params, new.params, is_added_breaking=True),
        *_differences("output", old.outputs, new.outputs, is_added_breaking=False),
    ]
    found.sort(key=lambda difference: difference[0] is not Bump.MAJOR)
    return (found[0][0] if found else Bump.PATCH), tuple(reason for _, reason in found)


def _differences(
    what: str, old: Sequence[Column], new: Sequence[Column], is_added_breaking: bool
) -> Iterable[tuple[Bump, str]]:
    before, after = {column.name: column for column in old}, {column.name: column for column in new}
    for name, column in before.items():
        other = after.get(name)
        if other is None:
            yield Bump.MAJOR, f"{what} {name} removed"
        elif other.type != column.type:
            yield Bump.MAJOR, f"{what} {name}: {column.type} → {other.type}"
        elif is_added_breaking and other.is_required and not column.is_required:
            yield Bump.MAJOR, f"{what} {name} is required now"
        elif is_added_breaking and column.is_required and not other.is_required:
            yield Bump.MINOR, f"{what} {name} is optional now"
    for name, column in after.items():
        if name in before:
            continue
        if is_added_breaking and column.is_required:
            yield Bump.MAJOR, f"{what} {name} added, and required"
        else:
            yield Bump.MINOR, f"{'optional ' if is_added_breaking else ''}{what} {name} added"


@dataclass(frozen=True, slots=True)
class Numbered:
    """The version that a model gets, and why it is not merely the next patch."""

    version: Version
    bump: Bump
    reasons: tuple[str, ...] = ()


def number(
    new: Signature | None,
    predecessor: Version | None,
    signatures: Mapping[Version, Signature | None],
    taken: Collection[Version],
) -> Numbered:
    """The first free version that is right after its predecessor, and after every version that stands in the way.

    Args:
        predecessor: the champion's, else the highest; None where no version is known.
        signatures: of the predecessor and of the newest of each `major.minor` after it, see `compared`.
        taken: all versions of the model.
    """
    if predecessor is None:
        return Numbered(FIRST, Bump.NONE)
    bump, reasons = required_bump(signatures.get(predecessor), new)
    version = _next(predecessor, bump)
    while version in taken:
        # An unpromoted model holds it: go on from the newest of its line, which this one has to follow as honestly.
        newest = _newest_of_line(version, taken)
        version = _next(newest, required_bump(signatures.get(newest), new)[0])
    return Numbered(version, bump, reasons)


def compared(predecessor: Version | None, taken: Collection[Version]) -> tuple[Version, ...]:
    """The versions whose signatures `number` may need."""
    if predecessor is None:
        return ()
    later = {_newest_of_line(version, taken) for version in taken if version > predecessor}
    return (predecessor, *sorted(later - {predecessor}))


def _newest_of_line(version: Version, taken: Collection[Version]) -> Version:
    return max(each for each in taken if (each.major, each.minor) == (version.major, version.minor))


def _next(version: Version, bump: Bump) -> Version:
    match bump:
        case Bump.MAJOR:
            return version.bump_major()
        case Bump.MINOR:
            return version.bump_minor()
        case _:
            return version.bump_patch()


def alias_of(semver: str) -> str:
    """`v1-4-0`: MLflow's aliases have no dots."""
    return f"v{semver}".replace(".", "-").replace("+", "-")


def semver_of(text: str) -> Version | None:
    """A version that was noted, None for what is none."""
    try:
        return parse_version(text) if text else None
    except ValueError:
        return None
