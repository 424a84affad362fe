"""The columns of tabular files with their types."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from reconciler.planning.tables import columns_of


def _columns(content: str | bytes, name: str = "loans.csv") -> dict[str, str] | None:
    found = columns_of(name, content.encode() if isinstance(content, str) else content, is_cut=False)
    return None if found is None else dict(found)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1,x\n", {"a": "integer", "b": "string"}),
        ("a;b\n1,5;x\n2,5;y\n", {"a": "string", "b": "string"}),
        ("a\tb\n1\tx\n", {"a": "integer", "b": "string"}),
        ("a|b\n1|x\n", {"a": "integer", "b": "string"}),
        ("a\n1\n2\n", {"a": "integer"}),
        ("a,b\n", {"a": "", "b": ""}),
        ("a,b", {"a": "", "b": ""}),
        ("a,b\r\n1,2\r\n", {"a": "integer", "b": "integer"}),
        ("a,b\r1,2\r", {"a": "integer", "b": "integer"}),
        (",a\n0,1\n", {"a": "integer"}),
        ('a,"b, or c"\n1,"x, y"\n2,"two\nlines"\n', {"a": "integer", "b, or c": "string"}),
        ("a,b\n1,2\n1,2,3\n1,2\n", {"a": "integer", "b": "integer"}),
        ("\ufeffa,b\n1,2\n", {"a": "integer", "b": "integer"}),
        ("größe,名前\n1,x\n", {"größe": "integer", "名前": "string"}),
        ("\n\na,b\n1,2\n", {"a": "integer", "b": "integer"}),
        ("Na,none\n1,2\n", {"Na": "integer", "none": "integer"}),
    ],
)
def test_delimited_text(content: str, columns: dict[str, str]) -> None:
    assert _columns(content) == columns


def test_the_encodings_that_say_what_they_are() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert _columns("größe,b\n1,x\n".encode(encoding)) == {"größe": "integer", "b": "string"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"1,2,3\n4,5,6\n",
        b"a,a\n1,2\n",
        b"a,,c\n1,2,3\n",
        b"a,2024\n1,2\n",
        b"a,b\n1\n2\n3\n",
        b"\x00\x01\x02,b\n",
        b"PK\x03\x04\xff\xfe",
        "größe,b\n".encode("latin-1"),
        "a,b\n1,2\n".encode("utf-32"),
        b"\xff\xfea",
        b"a,b\n" + b"x" * 200_000,
        b"x" * 5_000 + b",b\n1,2\n",
        b"a\x07,b\n1,2\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
    ],
)
def test_what_is_no_table_has_no_columns(content: bytes) -> None:
    assert _columns(content) is None


def test_an_integer_with_a_fraction_among_its_values_is_a_number() -> None:
    assert _columns("a\n1\n2\n") == {"a": "integer"}
    assert _columns("a\n1\n2.0\n") == {"a": "number"}


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ('{"a": 1, "b": "x"}\n{"a": 2.5, "c": null}\n', {"a": "number", "b": "string", "c": ""}),
        ('{"a": true, "b": [1], "c": {}}', {"a": "boolean", "b": "array", "c": "object"}),
        ('{"a": 1}\n\n{"a": [1]}\n', {"a": "mixed"}),
        ('{"a": 1}\n{"a": "x"}\n', {"a": "string"}),
        ("[1, 2]\n", None),
        ("{\n", None),
        ("{}\n", None),
        ("[" * 100_000, None),
        ('{"a": ' + "9" * 5_000 + "}", None),
        ('{"\\ud800": 1}', None),
        ("", None),
    ],
)
def test_lines_of_json(content: str, columns: dict[str, str] | None) -> None:
    assert _columns(content, "loans.jsonl") == columns


def _parquet(table: Mapping[str, object]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(table)), sink)
    return sink.getvalue()


PARQUET = _parquet(
    {
        "id": pyarrow.array([1], pyarrow.int32()),
        "rate": [0.5],
        "paid": [True],
        "at": pyarrow.array([0], pyarrow.timestamp("us")),
        "on": pyarrow.array([0], pyarrow.date32()),
        "grade": pyarrow.array(["A"]).dictionary_encode(),
        "amount": pyarrow.array([1], pyarrow.decimal128(9, 2)),
        "more": [[1]],
        "__index_level_0__": [0],
    }
)


def test_parquet_says_itself_what_it_holds() -> None:
    assert _columns(PARQUET, "loans.parquet") == {
        "id": "integer",
        "rate": "number",
        "paid": "boolean",
        "at": "datetime",
        "on": "datetime",
        "grade": "string",
        "amount": "number",
        "more": "array",
    }


def test_of_parquet_that_is_cut_or_broken_nothing_is_known() -> None:
    assert columns_of("x.parquet", PARQUET, is_cut=True) is None
    for content in (
        b"",
        b"PAR1",
        b"PAR1PAR1",
        PARQUET[:-1],
        PARQUET[:4] + PARQUET[-12:],
        b"PAR1" + b"\xff" * 99 + b"PAR1",
    ):
        assert _columns(content, "x.parquet") is None


@given(st.integers(4, len(PARQUET) - 5), st.binary(min_size=1, max_size=4))
def test_damaged_parquet_is_no_reason_to_stop(place: int, damage: bytes) -> None:
    _columns(PARQUET[:place] + damage + PARQUET[place + len(damage) :], "x.parquet")


@given(st.binary(), st.sampled_from((".csv", ".tsv", ".jsonl", ".parquet", ".bin")), st.booleans())
def test_no_content_at_all_is_a_reason_to_stop(content: bytes, ending: str, is_cut: bool) -> None:
    columns_of(f"x{ending}", content, is_cut)


@given(st.text(st.sampled_from('a1,;\t|"\n\r .-T:{}[]e\ufeff')), st.sampled_from((".csv", ".jsonl")), st.booleans())
def test_no_text_at_all_is_a_reason_to_stop(text: str, ending: str, is_cut: bool) -> None:
    columns_of(f"x{ending}", text.encode(), is_cut)


def test_half_a_row_at_the_end_of_the_beginning_does_not_count() -> None:
    cut = columns_of("x.csv", b"a,b\n1,2\n3,4.", is_cut=True)
    assert cut == {"a": "integer", "b": "integer"}
    assert columns_of("x.csv", b"a,b\n1,2\n3,4.", is_cut=False) == {"a": "integer", "b": "number"}
    assert columns_of("x.csv", b"a,b", is_cut=True) is None


@pytest.mark.parametrize("piece", ["1", "1.", "a,", '"', "-", "1e", " ", "{", '{"a":1,', "2024-01-01T", "\t", "\u2028"])
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (256 * 1024 // len(piece)) + "x"
    began = time.process_time()
    for ending in (".csv", ".jsonl"):
        for content in (text, f"a\n{text}", f"a,b\n{text},{text}\n"):
            columns_of(f"x{ending}", content.encode(), is_cut=False)
    assert time.process_time() - began < 5
