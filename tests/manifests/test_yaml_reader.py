"""What YAML says, as plain data."""

from __future__ import annotations

import datetime
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.yaml_reader import read


def value_of(text: str) -> object:
    document = read(text.encode(), "a.yaml")
    assert document.problems == ()
    (value,) = document.values
    return value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"),
        ("'1'", "1"),
        ("1", 1),
        ("-1", -1),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1.0e+3", 1000.0),
        ("1e5", "1e5"),
        ("true", True),
        ("no", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("''", ""),
        ("1.2.0", "1.2.0"),
        ("é ü 漢", "é ü 漢"),
    ],
)
def test_scalars_mean_what_yaml_1_1_says(written: str, value: object) -> None:
    read_value = value_of(f"[{written}]") if written else value_of("- ")
    assert read_value == [value]
    assert isinstance(read_value, list)
    assert type(read_value[0]) is type(value)


@pytest.mark.parametrize("written", ["2024-01-31", "2024-01-31T10:00:00Z", "2001-12-14 21:59:43.10 -5"])
def test_a_date_stays_the_text_that_was_written(written: str) -> None:
    assert value_of(f"when: {written}") == {"when": written}


@pytest.mark.parametrize("written", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_a_number_that_json_does_not_know_stays_text(written: str) -> None:
    assert value_of(f"x: {written}") == {"x": written}


@pytest.mark.parametrize("written", ["9" * 5000, "0x" + "f" * 5000, "0b" + "1" * 50_000, "1:" * 3000 + "1"])
def test_a_number_of_thousands_of_digits_stays_text(written: str) -> None:
    assert value_of(f"x: {written}") == {"x": written}


@pytest.mark.parametrize(
    "written", ["!!int x", "!!int ''", "!!float x", "!!bool perhaps", "!!binary aGk=", "!custom x", "!!map x"]
)
def test_a_tag_that_does_not_fit_or_is_not_known_leaves_the_text(written: str) -> None:
    assert value_of(f"a: {written}") == {"a": written.split(" ")[1].strip("'")}


def test_a_python_tag_makes_nothing_but_plain_data() -> None:
    assert value_of("a: !!python/object/apply:os.system ['touch here']") == {"a": ["touch here"]}
    assert value_of("a: !!python/name:os.system ''") == {"a": ""}


@pytest.mark.parametrize("key", ["on", "yes", "off", "1", "1.0", "true", "null", "~", ".nan", "2024-01-31", "="])
def test_a_key_is_the_text_that_was_written(key: str) -> None:
    assert value_of(f"{key}: x") == {key: "x"}


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert value_of("a: &a {b: [1]}\nc: *a\n") == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize(
    ("merging", "merged"),
    [
        ("{<<: *one}", {"a": 1, "b": 1}),
        ("{<<: *one, a: 9}", {"a": 9, "b": 1}),
        ("{a: 9, <<: *one}", {"a": 9, "b": 1}),
        ("{<<: [*one, *two]}", {"a": 1, "b": 1, "c": 2}),
        ("{<<: [*two, *one]}", {"a": 1, "b": 2, "c": 2}),
        ("{'<<': x}", {"<<": "x"}),
    ],
)
def test_merge_keys_fill_in_what_is_not_written(merging: str, merged: dict[str, int]) -> None:
    value = value_of(f"one: &one {{a: 1, b: 1}}\ntwo: &two {{b: 2, c: 2}}\nthree: {merging}\n")
    assert isinstance(value, dict)
    assert value["three"] == merged


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n", b"\xef\xbb\xbf"])
def test_an_empty_file_holds_nothing_and_is_no_problem(content: bytes) -> None:
    assert read(content, "a.yaml").values == ()
    assert read(content, "a.yaml").problems == ()


def test_each_document_of_a_file_is_read() -> None:
    assert read(b"a: 1\n---\n- b\n---\nc\n", "a.yaml").values == ({"a": 1}, ["b"], "c")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(encoding: str) -> None:
    assert read("naïve: é\n".encode(encoding), "a.yaml").values == ({"naïve": "é"},)


def test_windows_line_ends_are_line_ends() -> None:
    assert read(b"a: 1\r\nb:\r\n  - c\r\n", "a.yaml").values == ({"a": 1, "b": ["c"]},)


def test_a_hundred_levels_are_read() -> None:
    value = value_of("[" * 100 + "]" * 100)
    depth = 0
    while isinstance(value, list):
        value, depth = (value[0] if value else None), depth + 1
    assert depth == 100


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert value_of("- [a]\n" * 1000) == [["a"]] * 1000


def test_many_expressions_are_no_nesting() -> None:
    text = "".join(f"i{number}: ${{{{parent.inputs.x}}}}\n" for number in range(1000))
    value = value_of(text)
    assert isinstance(value, dict)
    assert len(value) == 1000


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
)
STRUCTURES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_$.-", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(STRUCTURES)
def test_what_a_yaml_library_writes_is_read_as_it_was(structure: object) -> None:
    document = read(yaml.safe_dump(structure, allow_unicode=True).encode(), "a.yaml")
    assert document.problems == ()
    assert document.values == (structure,)


@settings(max_examples=200, deadline=None)
@given(st.text("ab:-?[]{},&*!|>'\"%@` \n\t#<0123.ey~", max_size=60))
def test_keys_and_special_numbers_aside_values_are_those_of_pyyaml(text: str) -> None:
    try:
        expected = list(yaml.load_all(text, yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, KeyError, IndexError, AttributeError):
        return
    document = read(text.encode(), "a.yaml")
    if all(_is_plain(value) for value in expected) and not document.problems:
        assert list(document.values) == expected


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_is_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, datetime.date | bytes | set | tuple)
