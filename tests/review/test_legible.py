"""Words that YAML hides stand behind the text as they are meant."""

from __future__ import annotations

import pytest

from reconciler.review.legible import legible


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'name: "s\\x70lit"', "name: split"),
        (b"x: &n split\nname: *n", "name: split"),
        (b"name: >-\n  split", "name: split"),
        (b"name: !!str split", "name: split"),
        ('name: "split"'.encode("utf-16"), "name: split"),
        (b"jobs:\n  a: {name: !!str b, list: [1, {c: d}]}", "c: d"),
    ],
)
def test_what_is_hidden_is_written_out(text: bytes, line: str) -> None:
    assert line in legible(text).decode(errors="replace").splitlines()


def test_plain_text_stays_what_it_is() -> None:
    plain = b"name: split\ncommand: >-\n  python run.py \\\n  --rate 1\n"
    assert legible(plain) is plain


def test_what_is_no_yaml_stays_what_it_is() -> None:
    assert legible(b'name: "\\x\n{').startswith(b'name: "\\x\n{')
