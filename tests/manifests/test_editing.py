"""Edits of manifests in place: what a person wrote around a value stays, byte by byte."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.editing import insert_version, set_scalar, set_scalars
from reconciler.manifests.yaml_reader import read
from reconciler.model.errors import UsageError
from reconciler.model.problems import Pointer

COMPONENT = ("jobs", "split", "component")


def edited(text: str, pointer: Pointer, value: str) -> str:
    return set_scalar(text.encode(), pointer, value).decode()


def values(content: bytes) -> object:
    document = read(content, "a.yaml")
    assert document.problems == ()
    return document.values[0] if len(document.values) == 1 else list(document.values)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("v: 1.0.0\n", "v: 1.1.0\n", id="plain"),
        pytest.param("v: 1.0.0", "v: 1.1.0", id="without an end of line"),
        pytest.param("v: '1.0.0'\n", "v: '1.1.0'\n", id="single quotes"),
        pytest.param('v: "1.0.0"\n', 'v: "1.1.0"\n', id="double quotes"),
        pytest.param("v:   1.0.0\t # why\tso\n", "v:   1.1.0\t # why\tso\n", id="a comment behind it"),
        pytest.param("# a: 1\n\n\nv: 1.0.0 # b\n# c", "# a: 1\n\n\nv: 1.1.0 # b\n# c", id="comments around it"),
        pytest.param("a: x\r\nv: 1.0.0\r\nb: y\r\n", "a: x\r\nv: 1.1.0\r\nb: y\r\n", id="lines of Windows"),
        pytest.param("\ufeffv: 1.0.0\n", "\ufeffv: 1.1.0\n", id="a byte order mark"),
        pytest.param("{a: b,v: 1.0.0 ,c: [ ]}", "{a: b,v: 1.1.0 ,c: [ ]}", id="in braces"),
        pytest.param('{"a":1,"v":"1.0.0"}', '{"a":1,"v":"1.1.0"}', id="JSON"),
        pytest.param("? v\n: 1.0.0\n", "? v\n: 1.1.0\n", id="a key with a question mark"),
        pytest.param("--- # first\nv: 1.0.0\n...\n", "--- # first\nv: 1.1.0\n...\n", id="marks of documents"),
        pytest.param("é: 😀 # ü\nv: 1.0.0 # 漢\n", "é: 😀 # ü\nv: 1.1.0 # 漢\n", id="letters of many bytes"),
        pytest.param("a: x\u2028v: 1.0.0\n", "a: x\u2028v: 1.1.0\n", id="a line break of Unicode"),
        pytest.param("v:\n  1.0.0\nb: c\n", "v:\n  1.1.0\nb: c\n", id="on the next line"),
        pytest.param("v: 1.0.0\n  or so # x\nb: c\n", "v: 1.1.0 # x\nb: c\n", id="over two lines"),
        pytest.param("v:\nb: c\n", "v: 1.1.0\nb: c\n", id="empty"),
        pytest.param("v: # todo\nb: c\n", "v: 1.1.0 # todo\nb: c\n", id="empty with a comment"),
        pytest.param("{v: , b: c}\n", "{v: 1.1.0, b: c}\n", id="empty in braces"),
        pytest.param("v: 3\n", "v: 1.1.0\n", id="a number"),
        pytest.param("v: >-\n    1.0.0\n\n# c\nb: c\n", "v: >-\n    1.1.0\n\n# c\nb: c\n", id="folded"),
        pytest.param("v: |- # c\n\n  1.0\n  or so\nb: c\n", "v: |- # c\n  1.1.0\nb: c\n", id="a block of lines"),
        pytest.param("v: >-\r\n  a\r\n  b\r\nb: c", "v: >-\r\n  1.1.0\r\nb: c", id="folded lines of Windows"),
        pytest.param("v: | # c\n  1.0\nb: c\n", "v: 1.1.0 # c\nb: c\n", id="a block that ends in a line break"),
        pytest.param("v: >2-\n   1.0\nb: c\n", "v: 1.1.0\nb: c\n", id="a block that says its indentation"),
        pytest.param("v: |\nb: c\n", "v: 1.1.0\nb: c\n", id="a block of nothing"),
        pytest.param("v: |-\n  1.0.0", "v: |-\n  1.1.0", id="a block at the end"),
        pytest.param("just text\n---\nv: 1.0.0\n", "just text\n---\nv: 1.1.0\n", id="the second document"),
    ],
)
def test_a_value_is_replaced_in_the_layout_that_it_has(before: str, after: str) -> None:
    assert edited(before, ("v",), "1.1.0") == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("v: 1.9.0", "1.10", 'v: "1.10"'),
        ("v: '1.9'", "1.10", "v: '1.10'"),
        ("v: a", "3", 'v: "3"'),
        ("v: a", "1e5", 'v: "1e5"'),  # a number to readers of YAML 1.2
        ("v: a", "0o17", 'v: "0o17"'),
        ("v: a", "y", 'v: "y"'),
        ("v: a", "no", 'v: "no"'),
        ("v: a", "null", 'v: "null"'),
        ("v: a", "~", 'v: "~"'),
        ("v: a", "2024-01-31", 'v: "2024-01-31"'),
        ("v: a", "", 'v: ""'),
        ("v: a", " a ", 'v: " a "'),
        ("v: a", "*", 'v: "*"'),
        ("v: a", "a: b", 'v: "a: b"'),
        ("v: a", "a #b", 'v: "a #b"'),
        ("v: a", 'say: "a"', "v: 'say: \"a\"'"),
        ("v: 'a'", "it's", "v: 'it''s'"),
        ("v: 'a'", "a\nb", 'v: "a\\nb"'),
        ('v: "a"', 'a\\b"', 'v: "a\\\\b\\""'),
        ("v: >-\n  a", "a\nb", 'v: "a\\nb"'),
        ("v: >-\n  a", "1.10", "v: >-\n  1.10"),
        ("v: a", "azureml:split@>=1,<3", "v: azureml:split@>=1,<3"),
        ("[{v: a}]", "azureml:split@>=1,<3", '[{v: "azureml:split@>=1,<3"}]'),
        ("v: a", "azureml:split@>=1 <3 || 4.x", "v: azureml:split@>=1 <3 || 4.x"),
        ("v: a", ">=1", 'v: ">=1"'),
        ("v: a", "${{parent.inputs.x}}", "v: ${{parent.inputs.x}}"),
    ],
)
def test_quotes_are_added_where_yaml_would_read_something_else(before: str, value: str, after: str) -> None:
    pointer: Pointer = (0, "v") if before.startswith("[") else ("v",)
    assert edited(before, pointer, value) == after


def test_a_long_value_is_not_wrapped() -> None:
    value = "word " * 100 + "end"
    assert edited("v: a", ("v",), value) == f"v: {value}"
    assert edited("v: 'a'", ("v",), value) == f"v: '{value}'"


def test_a_value_that_is_there_already_stays_as_it_is_written() -> None:
    assert edited('v: "1.0\\\n  .0"', ("v",), "1.0.0") == 'v: "1.0\\\n  .0"'


def test_a_wide_file_stays_one() -> None:
    content = "v: 1.0.0 # é\n".encode("utf-16")
    assert set_scalar(content, ("v",), "1.1.0").decode("utf-16") == "v: 1.1.0 # é\n"
    assert set_scalar(content, ("v",), "1.1.0")[:2] == content[:2]


def test_a_reference_deep_in_a_pipeline_is_replaced() -> None:
    text = (
        "jobs:\n    split: # first\n        component:   azureml:split@^1.2   # pinned\n"
        "        inputs: {a: 1,   b: 2}\n    other:\n        component: azureml:split@^1.2\n"
    )
    after = text.replace("split@^1.2   #", "split@^2.0   #")
    assert edited(text, COMPONENT, "azureml:split@^2.0") == after
    assert edited("a:\n- x\n-   - y # c\n    - z\n", ("a", 1, 0), "w") == "a:\n- x\n-   - w # c\n    - z\n"


@pytest.mark.parametrize(
    ("text", "pointer", "place", "message"),
    [
        ("a: &v 1.0.0\nb: *v\n", ("a",), "a.yaml:1:1", "`a` has the anchor of line 1"),
        ("a: &v 1.0.0\nb: *v\n", ("b",), "a.yaml:2:1", "`b` has the anchor of line 1"),
        ("a: !!str &v 1.0.0\nb: *v\n", ("b",), "a.yaml:2:1", "`b` has the anchor of line 1"),
        ("a: !!str 1.0.0\n", ("a",), "a.yaml:1:1", "`a` has a tag"),
        ("a: &m\n  v: 1\nb: *m\n", ("a", "v"), "a.yaml:2:3", "what shares the anchor of line 1"),
        ("a: &m\n  v: 1\nb: *m\n", ("b", "v"), "a.yaml:2:3", "what shares the anchor of line 1"),
        ("a: &m\n  v: 1\nb:\n  <<: *m\n  c: 1\n", ("b", "v"), "a.yaml:4:3", "there is no `b.v` here"),
        ("a: 1\n", ("v",), "a.yaml:1:1", "there is no `v` here"),
        ("a: [1]\n", ("a", 1), "a.yaml:1:4", "there is no `a.1` here"),
        ("a: 1\n", ("a", "b"), "a.yaml:1:4", "there is no `a.b` here"),
        ("a:\n  b: 1\n", ("a",), "a.yaml:1:1", "`a` is a mapping"),
        ("a: [1]\n", ("a",), "a.yaml:1:1", "`a` is a list"),
        ("{a}\n", ("a",), "a.yaml:1:2", "`a` cannot be changed in place"),
        ("a: 1\na: 2\n", ("a",), "a.yaml:2:1", "the key 'a' stands twice"),
        ("a: [1\n", ("a",), "a.yaml:2:1", "this is not YAML"),
        ("", ("a",), "a.yaml", "the file is empty"),
    ],
)
def test_what_cannot_be_replaced_is_refused_with_its_line(
    text: str, pointer: Pointer, place: str, message: str
) -> None:
    with pytest.raises(UsageError) as refused:
        set_scalar(text.encode(), pointer, "2.0.0", "a.yaml")
    assert refused.value.place == place
    assert message in refused.value.message
    assert refused.value.hint


def test_a_mapping_with_an_anchor_may_be_changed_where_that_changes_nothing_else() -> None:
    text = "a: &m\n  v: 1.0.0\nb:\n  <<: *m\n  v: 1.0.0\n"
    assert edited(text, ("a", "v"), "2.0.0") == text.replace("1.0.0", "2.0.0", 1)
    assert edited(text, ("b", "v"), "2.0.0") == "2.0.0".join(text.rsplit("1.0.0", 1))


def test_a_text_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be changed in place"):
        edited("v: a", ("v",), "\ud800")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "name: split\ntype: command\n", "name: split\nversion: 1.2.0\ntype: command\n", id="after the name"
        ),
        pytest.param("type: command\nname: split", "type: command\nname: split\nversion: 1.2.0", id="at the end"),
        pytest.param(
            "# c\nname: split  # d\n\n# e\ntype: command\n",
            "# c\nname: split  # d\nversion: 1.2.0\n\n# e\ntype: command\n",
            id="between comments",
        ),
        pytest.param("name: split\r\na: b\r\n", "name: split\r\nversion: 1.2.0\r\na: b\r\n", id="lines of Windows"),
        pytest.param("\ufeffname: split\n", "\ufeffname: split\nversion: 1.2.0\n", id="a byte order mark"),
        pytest.param("---\n  name: x\n  a: b\n", "---\n  name: x\n  version: 1.2.0\n  a: b\n", id="indented"),
        pytest.param('"name": "x"\na: b\n', '"name": "x"\n"version": "1.2.0"\na: b\n', id="quotes"),
        pytest.param(
            "name: >-\n  x\n  y\n\na: b\n", "name: >-\n  x\n  y\nversion: 1.2.0\n\na: b\n", id="a folded name"
        ),
        pytest.param("name: x\n  y\na: b\n", "name: x\n  y\nversion: 1.2.0\na: b\n", id="a name on two lines"),
        pytest.param("a: b\ntype: t\nc: d\n", "a: b\ntype: t\nversion: 1.2.0\nc: d\n", id="after the type"),
        pytest.param("$schema: s\nc: d\n", "$schema: s\nversion: 1.2.0\nc: d\n", id="after the schema"),
        pytest.param("# c\na: b\nc: d\n", "# c\nversion: 1.2.0\na: b\nc: d\n", id="first"),
        pytest.param("x: &n a\nname: *n\nb: c\n", "x: &n a\nname: *n\nversion: 1.2.0\nb: c\n", id="an alias"),
        pytest.param(
            "inner: {version: 1}\nname: x\n", "inner: {version: 1}\nname: x\nversion: 1.2.0\n", id="another's"
        ),
        pytest.param("{name: x, a: b}\n", "{name: x, version: 1.2.0, a: b}\n", id="in braces"),
        pytest.param("--- {a: b, name: x}\n", "--- {a: b, name: x, version: 1.2.0}\n", id="last in braces"),
        pytest.param("{name: x,}\n", "{name: x, version: 1.2.0,}\n", id="a comma at the end"),
        pytest.param("{a: b}\n", "{version: 1.2.0, a: b}\n", id="first in braces"),
        pytest.param("{}\n", "{version: 1.2.0}\n", id="nothing in braces"),
        pytest.param('{"name":"x","a":1}', '{"name":"x","version":"1.2.0","a":1}', id="JSON on one line"),
        pytest.param(
            '{\n  "name": "x",\n  "a": 1\n}\n', '{\n  "name": "x",\n  "version": "1.2.0",\n  "a": 1\n}\n', id="JSON"
        ),
        pytest.param(
            '{\n\n  "a": 1,\n  "name": "x" # c\n}\n',
            '{\n\n  "a": 1,\n  "name": "x", # c\n  "version": "1.2.0"\n}\n',
            id="JSON, last",
        ),
        pytest.param(
            "{\n  name: x, # n\n  # a\n  a: b,\n}\n",
            "{\n  name: x, # n\n  version: 1.2.0,\n  # a\n  a: b,\n}\n",
            id="comments in braces",
        ),
        pytest.param("{ name: x\n, a: b\n}\n", "{ name: x, version: 1.2.0\n, a: b\n}\n", id="commas first"),
    ],
)
def test_a_version_is_written_after_the_name_in_the_layout_of_the_file(before: str, after: str) -> None:
    assert insert_version(before.encode(), "1.2.0").decode() == after


def test_a_version_that_yaml_would_read_as_a_number_is_quoted() -> None:
    assert insert_version(b"name: x\n", "1.10") == b'name: x\nversion: "1.10"\n'
    assert insert_version(b"{name: x}", "1.10") == b'{name: x, version: "1.10"}'


def test_a_version_may_be_written_where_one_is_merged() -> None:
    content = insert_version(b"<<: {version: 1.0.0}\nname: x\n", "1.1.0")
    assert content == b"<<: {version: 1.0.0}\nname: x\nversion: 1.1.0\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("name: x\nversion: 1.0.0\n", "a.yaml:2:1", "there is a version already"),
        ("- a\n", "a.yaml:1:1", "this is no manifest"),
        ("text\n", "a.yaml:1:1", "this is no manifest"),
        ("", "a.yaml", "the file is empty"),
        ("? a\n: b\n? name\n: {c: d}\n", "a.yaml:1:1", "no version can be written in this layout"),
    ],
)
def test_no_version_is_written_where_it_makes_no_sense(text: str, place: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        insert_version(text.encode(), "1.0.0", "a.yaml")
    assert refused.value.place == place
    assert message in refused.value.message


@dataclass
class Written:
    """A document with comments, and where its scalars stand in it."""

    text: str = ""
    scalars: list[tuple[Pointer, int, int]] = field(default_factory=list)

    def scalar(self, pointer: Pointer, spelling: str) -> None:
        self.scalars.append((pointer, len(self.text), len(self.text) + len(spelling)))
        self.text += spelling


COMMENTS = st.sampled_from(["", " # c", "   # it's: [a] \t{b}", "\t# ü 😀 &x *y"])
COMMENT_LINES = st.sampled_from(["", "", "# a: b\n", "\n", "   # indented\n\n"])
SPELLINGS = st.sampled_from(
    [
        "a",
        "1.2.0",
        "3",
        "azureml:split@^1.2",
        "${{parent.inputs.x}}",
        "'it''s'",
        '"1.\\u00e9"',
        "é 😀",
        "'x # y'",
        "~",
        "no",
    ]
)
VALUES = st.one_of(
    st.text(max_size=12), st.sampled_from(["1.10", "azureml:split@>=1,<3", "no", "1.3.0", "- a", "a\nb"])
)


@st.composite
def documents(draw: st.DrawFn) -> Written:
    """YAML of nested mappings and lists, in lines and in brackets, as people write it."""
    written = Written()

    def flow(pointer: Pointer) -> None:
        kind = draw(st.sampled_from(["scalar", "list", "mapping"])) if len(pointer) < 5 else "scalar"
        if kind == "scalar":
            written.scalar(pointer, draw(SPELLINGS.filter(lambda text: "$" not in text)))
            return
        written.text += "[" if kind == "list" else "{"
        for index in range(draw(st.integers(1, 2))):
            written.text += ("," + " " * draw(st.integers(0, 2))) if index else ""
            written.text += "" if kind == "list" else f"k{index}: "
            flow((*pointer, index if kind == "list" else f"k{index}"))
        written.text += "]" if kind == "list" else "}"

    def block(pointer: Pointer, indent: str) -> None:
        step = " " * draw(st.integers(1, 4))
        is_list = draw(st.booleans())
        for index in range(draw(st.integers(1, 3))):
            written.text += draw(COMMENT_LINES) + indent + ("-" if is_list else f"k{index}:")
            part = index if is_list else f"k{index}"
            kind = draw(st.sampled_from(["scalar", "flow", "block"])) if len(pointer) < 3 else "scalar"
            if kind == "block":
                written.text += draw(COMMENTS.filter(lambda comment: not comment.startswith("\t"))) + "\n"
                block((*pointer, part), indent + step)
                continue
            written.text += " " * draw(st.integers(1, 3))
            if kind == "scalar":
                written.scalar((*pointer, part), draw(SPELLINGS))
            else:
                flow((*pointer, part))
            written.text += draw(COMMENTS) + "\n"

    written.text = draw(st.sampled_from(["", "---\n", "# head\n"]))
    block((), "")
    return written


@given(documents(), st.data(), VALUES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_an_edit_changes_the_bytes_of_its_scalar_and_no_others(
    document: Written, data: st.DataObject, value: str, line_break: str, mark: str
) -> None:
    pointer, start, end = data.draw(st.sampled_from(document.scalars))

    def bytes_of(text: str) -> bytes:
        return text.replace("\n", line_break).encode()

    before, after = mark.encode() + bytes_of(document.text[:start]), bytes_of(document.text[end:])
    content = before + bytes_of(document.text[start:end]) + after
    changed = set_scalar(content, pointer, value)
    assert changed.startswith(before)
    assert changed.endswith(after)
    spelling = changed[len(before) : len(changed) - len(after)]
    assert b"\n" not in spelling
    assert at(values(changed), pointer) == value
    for other, _, _ in document.scalars:
        if other != pointer:
            assert at(values(changed), other) == at(values(content), other)


def at(value: object, pointer: Pointer) -> object:
    for part in pointer:
        value = value[part] if isinstance(value, list) and isinstance(part, int) else dict_of(value)[part]
    return value


def dict_of(value: object) -> dict[str | int, object]:
    assert isinstance(value, dict)
    return value


def test_several_scalars_at_once_are_what_one_after_the_other_gives() -> None:
    content = b"a: 'x'  # first\nb: {c: y}\nlist:\n  - |\n    text\n  - plain\n"
    values = {("a",): "1.10", ("b", "c"): "it: is", ("list", 0): "one", ("list", 1): "azureml:split@^1.4.1"}
    one_by_one = content
    for pointer, value in values.items():
        one_by_one = set_scalar(one_by_one, pointer, value)
    assert set_scalars(content, values) == one_by_one
    assert set_scalars(content, {}) == content


def test_where_one_of_several_cannot_be_replaced_none_is() -> None:
    with pytest.raises(UsageError, match="anchor"):
        set_scalars(b"a: &x 1\nb: *x\nc: 2\n", {("c",): "3", ("b",): "4"})
