"""Dockerfiles and YAML as planning reads interfaces off them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.environments.interface_files import base_and_commands, first_document


@pytest.mark.parametrize(
    ("dockerfile", "commands"),
    [
        ("FROM a\nRUN one\nRUN --mount=type=ssh two \\\n  && three", ["one", "two   && three"]),
        ("FROM a AS x\nRUN one\nFROM b\nRUN two", ["one", "two"]),
        ("FROM a\nARG V=1\nENV W=$V.2 NAME=x\nRUN i a==$W b==${W} c==$WW $NAME", ["i a==1.2 b==1.2 c==$WW x"]),
        ("FROM a\nENV OLD the form\nRUN $OLD", ["the form"]),
        ("FROM a\nENV PATH=$PATH:/x\nRUN echo $PATH", ["echo $PATH"]),
        ("FROM a\nRUN <<EOF\none\ntwo\nEOF\nRUN three", ["<<EOF\none\ntwo\n", "three"]),
        ("FROM a\nCMD x\nENTRYPOINT y", []),
    ],
)
def test_the_commands_of_a_dockerfile(dockerfile: str, commands: list[str]) -> None:
    assert base_and_commands(dockerfile) == ("a" if "FROM b" not in dockerfile else "b", commands)


@given(st.text(st.sampled_from("FROM RUNASENVG=$ax{}\\\"'<\n:-")))
def test_no_dockerfile_is_a_reason_to_stop(text: str) -> None:
    base_and_commands(text)


def test_the_first_document_of_a_file() -> None:
    assert first_document(b"a: 1\n---\nb: 2") == {"a": 1}
    for content in (b"", b"[", b"\xff\xfe\x00", b"&a [*a]"):
        assert first_document(content) is None or isinstance(first_document(content), list)
