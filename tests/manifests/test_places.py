"""The line and column of every value of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.places import Places
from reconciler.manifests.yaml_reader import lines_of
from reconciler.model.problems import Pointer

PIPELINE = """\
# a comment
type: pipeline
jobs:
  split:
    component: azureml:split@^1.0
    inputs:
      data: ${{parent.inputs.raw}}
      "quoted key": 1
    depends_on: [first, second]
  train: {component: ./t.yaml, inputs: {seed: 42}}
list:
  - a
  -   - b
      - c
  - key: d
    other: e
"""


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        ((), 2, 1),
        (("type",), 2, 1),
        (("jobs",), 3, 1),
        (("jobs", "split"), 4, 3),
        (("jobs", "split", "component"), 5, 5),
        (("jobs", "split", "inputs", "data"), 7, 7),
        (("jobs", "split", "inputs", "quoted key"), 8, 7),
        (("jobs", "split", "depends_on", 0), 9, 18),
        (("jobs", "split", "depends_on", 1), 9, 25),
        (("jobs", "train", "component"), 10, 11),
        (("jobs", "train", "inputs", "seed"), 10, 41),
        (("list", 0), 12, 5),
        (("list", 1), 13, 7),
        (("list", 1, 1), 14, 9),
        (("list", 2, "key"), 15, 5),
        (("list", 2, "other"), 16, 5),
    ],
)
def test_a_place_is_where_the_key_or_the_item_stands(pointer: Pointer, line: int, column: int) -> None:
    assert Places(PIPELINE.encode()).of(pointer) == (line, column)


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        (("jobs", "splitt"), 3, 1),
        (("jobs", "split", "inputs", "missing", "deeper"), 6, 5),
        (("list", 7), 11, 1),
        (("list", "text"), 11, 1),
        (("type", "x"), 2, 1),
        (("nothing",), 2, 1),
    ],
)
def test_what_is_not_there_is_at_its_nearest_ancestor(pointer: Pointer, line: int, column: int) -> None:
    assert Places(PIPELINE.encode()).of(pointer) == (line, column)


def test_a_merged_value_is_where_it_was_written() -> None:
    places = Places(b"base: &base\n  a: 1\nown:\n  <<: *base\n  b: 2\nboth:\n  <<: [{c: 3}, *base]\n")
    assert places.of(("own", "a")) == (2, 3)
    assert places.of(("own", "b")) == (5, 3)
    assert places.of(("both", "a")) == (2, 3)
    assert places.of(("both", "c")) == (7, 9)


def test_an_aliased_value_is_where_its_anchor_stands() -> None:
    places = Places(b"base: &base {a: 1}\nown: *base\n")
    assert places.of(("own",)) == (2, 1)
    assert places.of(("own", "a")) == (1, 14)


def test_columns_count_characters_not_bytes() -> None:
    assert Places("{äöü: 1, b: 2}\n".encode()).of(("b",)) == (1, 10)


def test_keys_that_look_like_numbers_or_booleans_have_places() -> None:
    places = Places(b"on: 1\n2: a\ntrue: b\n")
    assert [places.of((key,)) for key in ("on", "2", "true")] == [(1, 1), (2, 1), (3, 1)]


def test_an_empty_document_before_the_manifest_is_passed_over() -> None:
    assert Places(b"---\n---\na: 1\n").of(("a",)) == (3, 1)


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"a: [", b"\xff", b"[" * 10_000, b"text"])
def test_a_file_without_places_has_its_beginning(content: bytes) -> None:
    assert Places(content).of(("a", 0, "b")) == (1, 1)


KEYS = st.text("abcxyz_", min_size=1, max_size=6)
TREES = st.recursive(
    st.integers(0, 99) | KEYS,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(KEYS, inner, min_size=1, max_size=4),
    max_leaves=25,
)


def leaves(value: object, pointer: Pointer = ()) -> Iterator[tuple[Pointer, object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield pointer, value
        return
    for part, inner in items:
        yield from leaves(inner, (*pointer, part))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=5), st.booleans(), st.integers(2, 6))
def test_at_the_place_of_every_value_stands_its_key_or_itself(tree: dict[str, object], flow: bool, indent: int) -> None:
    text = yaml.safe_dump(tree, default_flow_style=flow, indent=indent, width=40)
    lines = text.splitlines()
    places = Places(text.encode())
    for pointer, value in leaves(tree):
        line, column = places.of(pointer)
        written = lines[line - 1][column - 1 :].lstrip("'\"")
        assert written.startswith(str(pointer[-1]) if isinstance(pointer[-1], str) else str(value))


@pytest.mark.parametrize("written", ["3.10", "1_0", "1e3", "0x1F", "1.0.0", "~", "yes", "'3.10'", '"3.10"'])
def test_the_text_of_a_value_is_what_was_written(written: str) -> None:
    content = f"# a comment\nname: a\nversion: {written}\njobs:\n  a: {{version: {written}}}\n".encode()
    expected = written.strip("'\"")
    assert Places(content).text(("version",)) == expected
    assert Places(content).text(("jobs", "a", "version")) == expected


def test_the_text_of_a_value_behind_an_alias_or_a_merge_is_found() -> None:
    content = b"base: &b {version: 3.10}\nmerged: {<<: *b}\nlist: [*b, 1_0]\n"
    assert Places(content).text(("merged", "version")) == "3.10"
    assert Places(content).text(("list", 0, "version")) == "3.10"
    assert Places(content).text(("list", 1)) == "1_0"


@pytest.mark.parametrize("pointer", [(), ("nope",), ("a", "b"), ("list",), ("list", 7), ("list", "x"), ("list", 0, 0)])
def test_where_no_scalar_stands_there_is_no_text(pointer: Pointer) -> None:
    assert Places(b"a: 1\nlist: [x]\n").text(pointer) is None


@pytest.mark.parametrize("content", [b"", b"a: [", b"\xff\xfe", b"- 1\n"])
def test_a_file_that_cannot_be_read_has_no_texts(content: bytes) -> None:
    assert Places(content).text(("version",)) is None


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", [""]),
        (b"a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("\ufeffa\x0bb\x85c\u2028d".encode(), ["a\x0bb", "c", "d"]),
        ("a\n\u00e9".encode("utf-16"), ["a", "\u00e9"]),
        (b"a\xff\nb", ["a\ufffd", "b"]),
    ],
)
def test_lines_are_counted_as_the_places_are(content: bytes, lines: list[str]) -> None:
    assert lines_of(content) == lines


COMMAND = b"""\
command: >-
  python run.py --data ${{inputs.data}}
  --size ${{inputs.size}} --size-of ${{ inputs.size_of }}
  --out ${{outputs.x}}
quoted: "a \\x41 ${{inputs.size}}"
"""


@pytest.mark.parametrize(
    ("key", "part", "line", "column"),
    [
        ("command", "inputs.data", 2, 27),
        ("command", "inputs.size", 3, 13),
        ("command", "inputs.size_of", 3, 41),
        ("command", "${{outputs.x}}", 4, 9),
        ("command", "outputs.nope", 1, 1),
        ("quoted", "inputs.size", 5, 20),
        ("quoted", "a A", 5, 1),
        ("nope", "inputs.data", 1, 1),
    ],
)
def test_a_part_of_a_long_value_has_its_own_place(key: str, part: str, line: int, column: int) -> None:
    assert Places(COMMAND).of((key,), part) == (line, column)
