"""The bump that a change of interface demands, with its reasons, and which versions are enough."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.interfaces import (
    EnvironmentInterface,
    Interface,
    PortsInterface,
    PromisedInput,
    TableInterface,
    interface_text,
)
from reconciler.model.plan import Bump
from reconciler.model.versions import Version, parse_version
from reconciler.planning.bumps import is_enough, next_version, required_bump
from tests.model.test_interfaces import INTERFACES

ORDER = (Bump.NONE, Bump.PATCH, Bump.MINOR, Bump.MAJOR)
Found = tuple[Bump, list[str]]


def _between(old: Interface | None, new: Interface | None) -> Found:
    bump, why = required_bump(interface_text(old), interface_text(new))
    return bump, list(why)


def _of_input(old: PromisedInput, new: PromisedInput) -> Found:
    return _between(PortsInterface({"x": old}), PortsInterface({"x": new}))


def _of_packages(old: Mapping[str, str], new: Mapping[str, str]) -> Found:
    return _between(EnvironmentInterface(packages=old), EnvironmentInterface(packages=new))


def _of_images(old: str, new: str) -> Found:
    return _between(*(EnvironmentInterface(images=(image,) if image else ()) for image in (old, new)))


def _of_python(old: str | None, new: str | None) -> Found:
    return _between(EnvironmentInterface(old), EnvironmentInterface(new))


TEXT, OPTIONAL, NUMBER = PromisedInput("string"), PromisedInput("string", is_optional=True), PromisedInput("integer")
NOTHING: Found = (Bump.PATCH, [])


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ({"x": TEXT}, {}, Bump.MAJOR, ["input x removed"]),
        ({"x": OPTIONAL}, {}, Bump.MAJOR, ["input x removed"]),
        ({"x": TEXT}, {"y": TEXT}, Bump.MAJOR, ["input x removed", "input y added"]),
        ({"x": TEXT}, {"x": NUMBER}, Bump.MAJOR, ["input x: string → integer"]),
        ({"x": OPTIONAL}, {"x": NUMBER}, Bump.MAJOR, ["input x: string → integer"]),
        ({"x": OPTIONAL}, {"x": TEXT}, Bump.MAJOR, ["input x is required now"]),
        ({"x": TEXT}, {"x": OPTIONAL}, Bump.MINOR, ["input x is optional now"]),
        ({}, {"x": TEXT}, Bump.MAJOR, ["input x added"]),
        ({}, {"x": OPTIONAL}, Bump.MINOR, ["optional input x added"]),
        ({"x": PromisedInput("")}, {"x": TEXT}, Bump.PATCH, []),
        ({"x": TEXT}, {"x": PromisedInput("")}, Bump.PATCH, []),
    ],
)
def test_inputs(old: dict[str, PromisedInput], new: dict[str, PromisedInput], bump: Bump, why: list[str]) -> None:
    assert _between(PortsInterface(old), PortsInterface(new)) == (bump, why)


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        (("a", "b"), ("b",), Bump.MAJOR, 'input x: enum narrowed, without "a"'),
        (("a", "b"), ("c",), Bump.MAJOR, 'input x: enum narrowed, without "a", "b"'),
        (tuple("abcde"), ("e",), Bump.MAJOR, 'input x: enum narrowed, without "a", "b", "c" and 1 more'),
        ((), ("a",), Bump.MAJOR, 'input x: only "a" is allowed now'),
        ((), (1, 2), Bump.MAJOR, "input x: only 1, 2 are allowed now"),
        (("a",), ("a", "b"), Bump.MINOR, 'input x: enum widened, with "b"'),
        (("a",), (), Bump.MINOR, "input x: every value is allowed now"),
        ((1,), (True,), Bump.MAJOR, "input x: enum narrowed, without 1"),
    ],
)
def test_choices(old: tuple[str, ...], new: tuple[str, ...], bump: Bump, why: str) -> None:
    assert _of_input(PromisedInput("string", enum=old), PromisedInput("string", enum=new)) == (bump, [why])


def test_the_same_choices_in_another_order_or_writing_are_no_change() -> None:
    for old, new in ((("a", "b"), ("b", "a")), ((1, 2), (2.0, 1.0))):
        assert _of_input(PromisedInput("number", enum=old), PromisedInput("number", enum=new)) == NOTHING


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ((0, None), (1, None), Bump.MAJOR, ["input x: min 0 → 1"]),
        ((1, None), (0, None), Bump.MINOR, ["input x: min 1 → 0"]),
        ((None, None), (0, None), Bump.MAJOR, ["input x: min none → 0"]),
        ((0, None), (None, None), Bump.MINOR, ["input x: min 0 → none"]),
        ((None, 9), (None, 8), Bump.MAJOR, ["input x: max 9 → 8"]),
        ((None, 8), (None, 9), Bump.MINOR, ["input x: max 8 → 9"]),
        ((None, None), (None, 9), Bump.MAJOR, ["input x: max none → 9"]),
        ((None, 9), (None, None), Bump.MINOR, ["input x: max 9 → none"]),
        ((0, 9), (1, 99), Bump.MAJOR, ["input x: min 0 → 1", "input x: max 9 → 99"]),
        ((0, None), (0.0, None), Bump.PATCH, []),
    ],
)
def test_limits(
    old: tuple[float | None, float | None], new: tuple[float | None, float | None], bump: Bump, why: list[str]
) -> None:
    was, now = (PromisedInput("number", minimum=low, maximum=high) for low, high in (old, new))
    assert _of_input(was, now) == (bump, why)


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ({"z": "uri_file"}, {}, Bump.MAJOR, ["output z removed"]),
        ({}, {"z": "uri_file"}, Bump.MINOR, ["output z added"]),
        ({"z": "uri_file"}, {"z": "uri_folder"}, Bump.MAJOR, ["output z: uri_file → uri_folder"]),
        ({"z": ""}, {"z": "uri_folder"}, Bump.PATCH, []),
    ],
)
def test_outputs(old: dict[str, str], new: dict[str, str], bump: Bump, why: list[str]) -> None:
    assert _between(PortsInterface({}, old), PortsInterface({}, new)) == (bump, why)


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ("3.10", "3.11", Bump.MAJOR, ["python 3.10 → 3.11"]),
        ("3.11", "3.10", Bump.MAJOR, ["python 3.11 → 3.10"]),
        ("2.7.18", "3.11.4", Bump.MAJOR, ["python 2.7.18 → 3.11.4"]),
        (">=3.10", ">=3.11,<3.13", Bump.MAJOR, ["python >=3.10 → >=3.11,<3.13"]),
        ("3.11.4", "3.11.9", Bump.PATCH, []),
        ("3.11", "3.11.9", Bump.PATCH, []),
        ("3", "3.11", Bump.PATCH, []),
        ("3.11", None, Bump.PATCH, []),
        (None, "3.11", Bump.PATCH, []),
        ("!=3.10", "3.11", Bump.PATCH, []),
    ],
)
def test_python(old: str | None, new: str | None, bump: Bump, why: list[str]) -> None:
    assert _of_python(old, new) == (bump, why)


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ("==1.5.3", "==2.1.0", Bump.MAJOR, ["pandas 1.5.3 → 2.1.0"]),
        ("==2.1.0", "==1.5.3", Bump.MAJOR, ["pandas 2.1.0 → 1.5.3"]),
        ("==1.5.3", "==1.6.0", Bump.MINOR, ["pandas 1.5.3 → 1.6.0"]),
        ("==0.4.0", "==0.5.0", Bump.MINOR, ["pandas 0.4.0 → 0.5.0"]),
        ("==1.5.3", "==1.5.9", Bump.PATCH, []),
        ("=1.5", "==1.6.2", Bump.MINOR, ["pandas 1.5 → 1.6.2"]),
        ("1.5.*", "1.6.*", Bump.MINOR, ["pandas 1.5.* → 1.6.*"]),
        ("==1.5.*", "==1.6.*", Bump.MINOR, ["pandas 1.5.* → 1.6.*"]),
        ("~=1.5", "~=1.6", Bump.MINOR, ["pandas ~=1.5 → ~=1.6"]),
        (">=1.5,<2", ">=2", Bump.MAJOR, ["pandas >=1.5,<2 → >=2"]),
        (">=1.5,<2", ">=1.5,<3", Bump.PATCH, []),
        ("<3,>=1", ">=2,<3", Bump.MAJOR, ["pandas <3,>=1 → >=2,<3"]),
        ("==2", "==2.1", Bump.MINOR, ["pandas 2 → 2.1"]),
        ("=2", "=2.1", Bump.PATCH, []),
        ("==1.0rc1", "==1.0", Bump.PATCH, []),
        ("", "==1.5.3", Bump.PATCH, []),
        ("==1.5.3", "", Bump.PATCH, []),
        ("<2", "==2.1.0", Bump.PATCH, []),
        ("==$VERSION", "==2.1.0", Bump.PATCH, []),
        ("@https://example.org/p.whl", "==2.1.0", Bump.PATCH, []),
        ("==1.0 | ==2.0", "==3.0", Bump.PATCH, []),
    ],
)
def test_packages_by_their_pins(old: str, new: str, bump: Bump, why: list[str]) -> None:
    assert _of_packages({"pandas": old}, {"pandas": new}) == (bump, why)


def test_packages_that_come_and_go() -> None:
    assert _of_packages({}, {"xgboost": "==2.0"}) == (Bump.MINOR, ["package xgboost added"])
    assert _of_packages({"xgboost": ""}, {}) == (Bump.MAJOR, ["package xgboost removed"])


def test_of_packages_that_are_not_known_nothing_is_said() -> None:
    known, unknown = EnvironmentInterface("3.10", {"xgboost": ""}), EnvironmentInterface("3.11", None)
    assert _between(known, unknown) == _between(EnvironmentInterface("3.10"), EnvironmentInterface("3.11"))


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ("python:3.10-slim", "debian:12", Bump.MAJOR, ["base image python → debian"]),
        ("python:2.7", "python:3.11", Bump.MAJOR, ["base image python: 2.7 → 3.11"]),
        ("python:3.10-slim", "python:3.11-slim", Bump.MINOR, ["base image python: 3.10-slim → 3.11-slim"]),
        ("ubuntu:22.04", "ubuntu:24.04", Bump.MAJOR, ["base image ubuntu: 22.04 → 24.04"]),
        ("python:3.11.4", "python:3.11.9", Bump.PATCH, []),
        ("python:3.11-slim", "python:3.11-alpine", Bump.PATCH, []),
        ("python:3.11", "docker.io/library/python:3.11", Bump.PATCH, []),
        ("me/base:1", "docker.io/me/base:2", Bump.MAJOR, ["base image me/base: 1 → 2"]),
        ("debian:bookworm", "debian:trixie", Bump.PATCH, []),
        ("azureml/base:20230101.v1", "azureml/base:20240101.v1", Bump.PATCH, []),
        ("base:latest", "base:2", Bump.PATCH, []),
        ("base", "base:v2.1", Bump.PATCH, []),
        (f"base:1@sha256:{'0' * 64}", f"base:1@sha256:{'1' * 64}", Bump.PATCH, []),
        ("", "python:3.11", Bump.MINOR, ["base image python added"]),
        ("python:3.11", "", Bump.MAJOR, ["base image python removed"]),
        ("NOT AN IMAGE", "python:3.11", Bump.MINOR, ["base image python added"]),
    ],
)
def test_base_images(old: str, new: str, bump: Bump, why: list[str]) -> None:
    assert _of_images(old, new) == (bump, why)


@pytest.mark.parametrize(
    ("old", "new", "bump", "why"),
    [
        ({"age": "integer"}, {}, Bump.MAJOR, ["column age removed"]),
        ({"age": "integer"}, {"age": "number"}, Bump.MAJOR, ["column age: integer → number"]),
        ({"age": "integer"}, {"years": "integer"}, Bump.MAJOR, ["column age removed", "column years added"]),
        ({}, {"age": "integer"}, Bump.MINOR, ["column age added"]),
        ({"age": ""}, {"age": "integer"}, Bump.PATCH, []),
        ({"a" * 99: "integer"}, {}, Bump.MAJOR, [f"column {'a' * 59}… removed"]),
    ],
)
def test_columns(old: dict[str, str], new: dict[str, str], bump: Bump, why: list[str]) -> None:
    assert _between(TableInterface(old), TableInterface(new)) == (bump, why)


def test_the_gravest_reasons_come_first_and_those_alike_by_name() -> None:
    old = PortsInterface({"b": TEXT, "d": TEXT}, {"c": "uri_file"})
    new = PortsInterface({"a": OPTIONAL, "d": OPTIONAL}, {"e": "uri_file"})
    assert _between(old, new) == (
        Bump.MAJOR,
        ["input b removed", "output c removed", "optional input a added", "input d is optional now", "output e added"],
    )


def test_what_is_not_known_demands_nothing() -> None:
    ports, table = PortsInterface({"x": TEXT}), TableInterface({"x": "string"})
    for old, new in ((None, ports), (ports, None), (None, None), (ports, table), (table, ports)):
        assert _between(old, new) == NOTHING
    assert required_bump("not JSON", interface_text(ports)) == (Bump.PATCH, ())


@given(INTERFACES)
def test_the_same_interface_demands_nothing(interface: Interface) -> None:
    assert _between(interface, interface) == NOTHING


@given(INTERFACES, INTERFACES)
def test_every_bump_above_patch_has_a_reason(old: Interface, new: Interface) -> None:
    bump, why = _between(old, new)
    assert (bump is Bump.PATCH) == (why == [])


NAMES = st.sampled_from("abcdef")
TYPES = st.sampled_from(("string", "integer"))
ADDED = st.lists(st.tuples(NAMES, st.sampled_from(("input", "output", "choice", "optional", "wider"))), max_size=5)


def _with(ports: PortsInterface, changes: list[tuple[str, str]]) -> PortsInterface:
    """The ports with changes that no user of them could mind."""
    inputs, outputs = dict(ports.inputs), dict(ports.outputs)
    for name, what in changes:
        was = inputs.get(name)
        if what == "output":
            outputs.setdefault(name, "uri_file")
        elif was is None:
            inputs[name] = PromisedInput("integer", True, (1, 2), 0, 9)
        elif what == "choice" and was.enum:
            inputs[name] = PromisedInput(was.type, was.is_optional, (*was.enum, len(was.enum) + 1), was.minimum)
        elif what == "optional":
            inputs[name] = PromisedInput(was.type, True, was.enum, was.minimum, was.maximum)
        elif what == "wider" and was.minimum is not None:
            inputs[name] = PromisedInput(was.type, was.is_optional, was.enum, was.minimum - 1, was.maximum)
    return PortsInterface(inputs, outputs)


FIRST = st.dictionaries(NAMES, st.builds(PromisedInput, TYPES, st.booleans()), max_size=4).map(PortsInterface)


@given(FIRST, ADDED, ADDED)
def test_what_is_added_in_two_steps_demands_no_less_in_one(
    first: PortsInterface, then: list[tuple[str, str]], last: list[tuple[str, str]]
) -> None:
    second = _with(first, then)
    third = _with(second, last)
    steps = [_between(first, second)[0], _between(second, third)[0]]
    assert ORDER.index(_between(first, third)[0]) >= max(map(ORDER.index, steps))
    assert _between(first, third)[0] is not Bump.MAJOR


MAPPINGS = st.dictionaries(NAMES, st.sampled_from(("", "==1.0", "==2.0")), min_size=1)


@given(MAPPINGS, MAPPINGS, MAPPINGS, st.sampled_from((TableInterface, lambda of: EnvironmentInterface(packages=of))))
def test_columns_and_packages_that_are_added_in_two_steps_demand_no_less_in_one(
    one: dict[str, str], more: dict[str, str], most: dict[str, str], of: type[TableInterface]
) -> None:
    first, second, third = of(one), of({**more, **one}), of({**most, **more, **one})
    steps = [_between(first, second)[0], _between(second, third)[0]]
    assert ORDER.index(_between(first, third)[0]) == max(map(ORDER.index, steps))


@given(INTERFACES, st.data())
def test_whatever_is_taken_away_is_a_major_change(interface: Interface, data: st.DataObject) -> None:
    match interface:
        case PortsInterface(inputs, outputs):
            names = [("input", name) for name in inputs] + [("output", name) for name in outputs]
        case EnvironmentInterface(packages=packages):
            names = [("package", name) for name in packages or ()]
        case TableInterface(columns):
            names = [("column", name) for name in columns]
    if not names:
        return
    what, gone = data.draw(st.sampled_from(names))

    def rest(mapping: Mapping[str, object], kind: str) -> dict[str, object]:
        return {name: value for name, value in mapping.items() if (kind, name) != (what, gone)}

    less: Interface
    match interface:
        case PortsInterface(inputs, outputs):
            less = PortsInterface(rest(inputs, "input"), rest(outputs, "output"))  # type: ignore[arg-type]
        case EnvironmentInterface(python, packages, images):
            less = EnvironmentInterface(python, rest(packages or {}, "package"), images)  # type: ignore[arg-type]
        case TableInterface(columns):
            less = TableInterface(rest(columns, "column"))  # type: ignore[arg-type]
    assert _between(interface, less) == (Bump.MAJOR, [f"{what} {gone} removed"])


VERSIONS = st.builds(
    Version,
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, 3),
    prerelease=st.none() | st.sampled_from(("rc.1", "rc.2")),
)
BUMPS = st.sampled_from(ORDER)


@pytest.mark.parametrize(
    ("old", "patch", "minor", "major"),
    [
        ("1.4.2", "1.4.3", "1.5.0", "2.0.0"),
        ("0.4.2", "0.4.3", "0.4.3", "0.5.0"),
        ("0.0.2", "0.0.3", "0.0.3", "0.1.0"),
        ("1.5.0-rc.1", "1.5.0", "1.5.0", "1.5.0"),
        ("1.4.2+build.7", "1.4.3", "1.5.0", "2.0.0"),
    ],
)
def test_the_next_version(old: str, patch: str, minor: str, major: str) -> None:
    version = parse_version(old)
    assert [str(next_version(version, bump)) for bump in ORDER] == [old, patch, minor, major]


@pytest.mark.parametrize(
    ("old", "new", "enough_for"),
    [
        ("1.4.0", "1.4.1", Bump.PATCH),
        ("1.4.0", "1.5.0", Bump.MINOR),
        ("1.4.0", "2.0.0", Bump.MAJOR),
        ("1.4.0", "2.0.0-rc.1", Bump.MAJOR),
        ("1.4.0", "1.5.0-rc.1", Bump.MINOR),
        ("1.4.0", "1.4.0", Bump.NONE),
        ("1.4.0", "1.4.0+build", Bump.NONE),
        ("0.4.0", "0.4.1", Bump.MINOR),
        ("0.4.0", "0.5.0", Bump.MAJOR),
        ("0.4.0", "1.0.0", Bump.MAJOR),
        ("1.5.0-rc.1", "1.5.0", Bump.MAJOR),
        ("1.5.0-rc.1", "1.5.0-rc.2", Bump.MAJOR),
        ("1.5.0-rc.1", "1.5.0-rc.1", Bump.NONE),
    ],
)
def test_how_large_a_change_a_version_is_enough_for(old: str, new: str, enough_for: Bump) -> None:
    fitting = [bump for bump in ORDER if is_enough(parse_version(old), parse_version(new), bump)]
    assert fitting == list(ORDER[: ORDER.index(enough_for) + 1])


def test_a_lower_version_is_never_enough() -> None:
    assert not any(is_enough(parse_version("1.4.0"), parse_version("1.4.0-rc.1"), bump) for bump in ORDER)


@given(VERSIONS, BUMPS)
def test_the_next_version_is_enough(old: Version, bump: Bump) -> None:
    assert is_enough(old, next_version(old, bump), bump)


@given(VERSIONS, VERSIONS, BUMPS)
def test_no_version_below_the_next_is_enough_unless_it_only_announces_it(
    old: Version, new: Version, bump: Bump
) -> None:
    if old.prerelease is None and new.finalize_version() < next_version(old, bump):
        assert not is_enough(old, new, bump)


@given(VERSIONS, VERSIONS, VERSIONS, BUMPS)
def test_a_version_above_one_that_is_enough_is_enough(old: Version, one: Version, two: Version, bump: Bump) -> None:
    low, high = sorted((one, two))
    assert is_enough(old, high, bump) or not is_enough(old, low, bump)


@given(VERSIONS, VERSIONS, BUMPS, BUMPS)
def test_what_is_enough_for_a_large_change_is_enough_for_a_small_one(
    old: Version, new: Version, one: Bump, two: Bump
) -> None:
    small, large = sorted((one, two), key=ORDER.index)
    assert is_enough(old, new, small) or not is_enough(old, new, large)
