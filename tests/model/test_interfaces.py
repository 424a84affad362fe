"""What versions promise, as the text that is kept of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.interfaces import (
    EnvironmentInterface,
    Interface,
    PortsInterface,
    PromisedInput,
    TableInterface,
    interface_from_text,
    interface_text,
)

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
SCALARS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(), st.booleans(), st.floats(-9, 9))
LIMITS = st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
INPUTS = st.builds(
    PromisedInput,
    type=st.sampled_from(("", "string", "integer", "uri_file")),
    is_optional=st.booleans(),
    enum=st.just(()) | st.lists(SCALARS, max_size=3).map(tuple),
    minimum=LIMITS,
    maximum=LIMITS,
)
TEXTS = st.dictionaries(NAMES, NAMES, max_size=4)
INTERFACES: st.SearchStrategy[Interface] = st.one_of(
    st.builds(PortsInterface, st.dictionaries(NAMES, INPUTS, max_size=4), TEXTS),
    st.builds(EnvironmentInterface, st.none() | NAMES, st.none() | TEXTS, st.lists(NAMES, max_size=2).map(tuple)),
    st.builds(TableInterface, TEXTS),
)


@given(INTERFACES)
def test_what_is_read_again_is_the_same_text(interface: Interface) -> None:
    text = interface_text(interface)
    read = interface_from_text(text)
    assert type(read) is type(interface)
    assert interface_text(read) == text


def test_every_property_comes_back() -> None:
    promised = PromisedInput("integer", True, (1, 2), 0, 9)
    ports = PortsInterface({"x": promised, "y": PromisedInput("uri_file")}, {"z": "uri_folder"})
    for interface in (
        ports,
        EnvironmentInterface("3.11", {"pandas": "==1.5.3"}, ("python:3.11-slim",)),
        EnvironmentInterface(None, None, ()),
        TableInterface({"age": "integer", "note": ""}),
    ):
        assert interface_from_text(interface_text(interface)) == interface


def test_ports_without_limits_are_written_as_they_were_before_there_were_limits() -> None:
    ports = PortsInterface(
        {"data": PromisedInput("uri_folder"), "seed": PromisedInput("integer", is_optional=True)}, {"out": "uri_file"}
    )
    before = '{"inputs":{"data":["uri_folder",false],"seed":["integer",true]},"outputs":{"out":"uri_file"}}'
    assert interface_text(ports) == before
    assert interface_from_text(before) == ports


def test_only_the_limits_that_are_used_are_written() -> None:
    ports = PortsInterface({"x": PromisedInput("number", maximum=1.5), "y": PromisedInput("string", enum=("b", "a"))})
    assert json.loads(interface_text(ports))["inputs"] == {
        "x": ["number", False, {"max": 1.5}],
        "y": ["string", False, {"enum": ["a", "b"]}],
    }


def test_the_order_of_choices_promises_nothing() -> None:
    one, other = (PortsInterface({"x": PromisedInput("string", enum=enum)}) for enum in (("a", "b"), ("b", "a")))
    assert interface_text(one) == interface_text(other)


def test_nothing_known_is_the_empty_text() -> None:
    assert interface_text(None) == ""
    assert interface_from_text("") is None


@pytest.mark.parametrize(
    "text", ["{", "null", "[]", "3", '"x"', "{}", '{"inputs":{}}', '{"inputs":{"x":[]},"outputs":{}}', '{"columns":3}']
)
def test_what_is_no_interface_is_not_known(text: str) -> None:
    assert interface_from_text(text) is None


@given(st.text())
def test_no_text_at_all_is_a_reason_to_stop(text: str) -> None:
    interface_from_text(text)
