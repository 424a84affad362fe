"""The bump that a change of interface demands, each change in a line, and which versions are large enough a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.digests import canonical
from reconciler.model.interfaces import (
    EnvironmentInterface,
    PortsInterface,
    PromisedInput,
    TableInterface,
    interface_from_text,
)
from reconciler.model.manifests import Scalar
from reconciler.model.plan import Bump
from reconciler.model.versions import Version
from reconciler.planning.pins import image_release, named_images, release_of, said_of_pin

_ORDER = (Bump.NONE, Bump.PATCH, Bump.MINOR, Bump.MAJOR)
_SHOWN = 3
Change = tuple[Bump, str, str]  # how large a step it demands, the name to sort it by, and the line


def required_bump(old_text: str, new_text: str) -> tuple[Bump, tuple[str, ...]]:
    """The bump that the change from one interface to another demands, with each change, the gravest first.

    Patch where nothing of it changed, or where one of both is unknown.
    """
    changes = interface_changes(old_text, new_text)
    return max((bump for bump, _ in changes), key=_ORDER.index, default=Bump.PATCH), tuple(line for _, line in changes)


def interface_changes(old_text: str, new_text: str) -> tuple[tuple[Bump, str], ...]:
    """Each change from one interface to another with the bump that it demands, the gravest first."""
    if old_text == new_text:
        return ()
    match interface_from_text(old_text), interface_from_text(new_text):
        case PortsInterface() as old, PortsInterface() as new:
            changes = [*_of_inputs(old.inputs, new.inputs), *_of_outputs(old.outputs, new.outputs)]
        case EnvironmentInterface() as before, EnvironmentInterface() as after:
            changes = [*_of_python(before, after), *_of_packages(before, after), *_of_images(before, after)]
        case TableInterface(columns=was), TableInterface(columns=now):
            changes = list(_of_columns(was, now))
        case _:
            changes = []
    changes.sort(key=lambda change: (-_ORDER.index(change[0]), *change[1:]))
    return tuple((bump, line) for bump, _, line in changes)


def next_version(version: Version, bump: Bump) -> Version:
    """The lowest version that is enough of a step.

    In 0.y.z the second number is what breaks, as caret ranges read it. After a pre-release comes what it announces.
    """
    if bump is Bump.NONE:
        return version
    if version.prerelease is not None:
        return version.finalize_version()
    if bump is Bump.MAJOR:
        return version.bump_major() if version.major else version.bump_minor()
    return version.bump_minor() if version.major and bump is Bump.MINOR else version.bump_patch()


def is_enough(old: Version, new: Version, bump: Bump) -> bool:
    """Whether a version is enough of a step, judged by major.minor.patch; after a pre-release, any higher one is."""
    if bump is Bump.NONE:
        return new >= old
    if new <= old:
        return False
    return old.prerelease is not None or new.finalize_version() >= next_version(old, bump)


def _of_inputs(old: Mapping[str, PromisedInput], new: Mapping[str, PromisedInput]) -> Iterator[Change]:
    for name in old.keys() - new.keys():
        yield Bump.MAJOR, name, f"input {name} removed"
    for name in new.keys() - old.keys():
        is_optional = new[name].is_optional
        line = f"optional input {name} added" if is_optional else f"input {name} added"
        yield Bump.MINOR if is_optional else Bump.MAJOR, name, line
    for name in old.keys() & new.keys():
        was, now = old[name], new[name]
        if _is_retyped(was.type, now.type):
            yield Bump.MAJOR, name, f"input {name}: {was.type} → {now.type}"
            continue
        if was.is_optional and not now.is_optional:
            yield Bump.MAJOR, name, f"input {name} is required now"
        elif now.is_optional and not was.is_optional:
            yield Bump.MINOR, name, f"input {name} is optional now"
        yield from _of_enum(name, was.enum, now.enum)
        yield from _of_limit(name, "min", was.minimum, now.minimum, -1)
        yield from _of_limit(name, "max", was.maximum, now.maximum, 1)


def _of_enum(name: str, old: tuple[Scalar, ...], new: tuple[Scalar, ...]) -> Iterator[Change]:
    was, now = {_value(each): each for each in old}, {_value(each): each for each in new}
    gone = [was[key] for key in was.keys() - now.keys()]
    come = [now[key] for key in now.keys() - was.keys()]
    if not was and now:
        yield Bump.MAJOR, name, f"input {name}: only {_listed(come)} {'is' if len(come) == 1 else 'are'} allowed now"
    elif was and not now:
        yield Bump.MINOR, name, f"input {name}: every value is allowed now"
    elif gone:
        yield Bump.MAJOR, name, f"input {name}: enum narrowed, without {_listed(gone)}"
    elif come:
        yield Bump.MINOR, name, f"input {name}: enum widened, with {_listed(come)}"


def _value(value: Scalar) -> tuple[bool, bool, Scalar]:
    """Equal for 1 and 1.0, which Python holds equal, but not for 1 and true, which it does too."""
    return isinstance(value, bool), isinstance(value, str), value


def _listed(values: list[Scalar]) -> str:
    shown = sorted(canonical(value) for value in values)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _of_limit(name: str, what: str, old: float | None, new: float | None, outwards: int) -> Iterator[Change]:
    if old == new:
        return
    is_wider = new is None or (old is not None and (new - old) * outwards > 0)
    line = f"input {name}: {what} {'none' if old is None else old} → {'none' if new is None else new}"
    yield Bump.MINOR if is_wider else Bump.MAJOR, name, line


def _of_outputs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in old.keys() - new.keys():
        yield Bump.MAJOR, name, f"output {name} removed"
    for name in new.keys() - old.keys():
        yield Bump.MINOR, name, f"output {name} added"
    for name in old.keys() & new.keys():
        if _is_retyped(old[name], new[name]):
            yield Bump.MAJOR, name, f"output {name}: {old[name]} → {new[name]}"


def _of_columns(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in old.keys() - new.keys():
        yield Bump.MAJOR, name, f"column {_cut(name)} removed"
    for name in new.keys() - old.keys():
        yield Bump.MINOR, name, f"column {_cut(name)} added"
    for name in old.keys() & new.keys():
        if _is_retyped(old[name], new[name]):
            yield Bump.MAJOR, name, f"column {_cut(name)}: {old[name]} → {new[name]}"


def _is_retyped(old: str, new: str) -> bool:
    """Whether both types are known, and differ."""
    return bool(old and new) and old != new


def _cut(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"


def _of_python(old: EnvironmentInterface, new: EnvironmentInterface) -> Iterator[Change]:
    was, now = release_of(old.python or ""), release_of(new.python or "")
    if was is None or now is None:
        return
    known = min(len(was), len(now), 2)  # `3` says nothing of the second number
    if was[:known] != now[:known]:
        yield Bump.MAJOR, "python", f"python {said_of_pin(old.python or '')} → {said_of_pin(new.python or '')}"


def _of_packages(old: EnvironmentInterface, new: EnvironmentInterface) -> Iterator[Change]:
    if old.packages is None or new.packages is None:
        return
    was, now = old.packages, new.packages
    for name in was.keys() - now.keys():
        yield Bump.MAJOR, name, f"package {name} removed"
    for name in now.keys() - was.keys():
        yield Bump.MINOR, name, f"package {name} added"
    for name in was.keys() & now.keys():
        bump = _step(release_of(was[name]), release_of(now[name]))
        if bump is not Bump.PATCH:
            yield bump, name, f"{name} {said_of_pin(was[name])} → {said_of_pin(now[name])}"


def _of_images(old: EnvironmentInterface, new: EnvironmentInterface) -> Iterator[Change]:
    was, now = named_images(old.images), named_images(new.images)
    gone, come = sorted(was.keys() - now.keys()), sorted(now.keys() - was.keys())
    if len(gone) == len(come) == 1:
        yield Bump.MAJOR, gone[0], f"base image {gone[0]} → {come[0]}"
    else:
        for name in gone:
            yield Bump.MAJOR, name, f"base image {name} removed"
        for name in come:
            yield Bump.MINOR, name, f"base image {name} added"
    for name in was.keys() & now.keys():
        bump = _step(image_release(was[name]), image_release(now[name]))
        if bump is not Bump.PATCH:
            yield bump, name, f"base image {name}: {was[name]} → {now[name]}"


def _step(old: tuple[int, ...] | None, new: tuple[int, ...] | None) -> Bump:
    """How large the step between two releases is in either direction; patch where they cannot be compared."""
    if old is None or new is None:
        return Bump.PATCH
    if old[:1] != new[:1]:
        return Bump.MAJOR
    return Bump.MINOR if len(old) > 1 and len(new) > 1 and old[1] != new[1] else Bump.PATCH
