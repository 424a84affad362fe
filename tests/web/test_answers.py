"""Answers in JSON, whatever is in them."""

from __future__ import annotations

import json

from reconciler.web.answers import answer, as_json


def test_what_is_no_number_in_json_is_null() -> None:
    body = {"metrics": {"loss": float("nan"), "best": 0.5}, "trials": [(float("inf"), 1)]}
    assert json.loads(as_json(body)) == {"metrics": {"loss": None, "best": 0.5}, "trials": [[None, 1]]}


def test_names_that_are_no_text_are_told_in_escapes() -> None:
    assert json.loads(bytes(answer({"name": "caf\udce9"}).body)) == {"name": "caf\udce9"}


def test_nobody_keeps_an_answer() -> None:
    assert answer({}).headers["cache-control"] == "no-store"
