"""What verbs print as JSON and YAML can be read by every program."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from reconciler.cli.output import Format, print_data
from reconciler.cli.watching import tell_data


def read(text: str) -> Any:
    """As a parser reads it that keeps to the standard."""
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_verbs_print_null_for_what_is_no_figure(figure: float, capsys: pytest.CaptureFixture[str]) -> None:
    print_data({"loss": figure}, Format.JSON)
    assert read(capsys.readouterr().out) == {"loss": None}
    tell_data({"loss": figure})
    assert read(capsys.readouterr().out) == {"loss": None}
    print_data({"loss": figure}, Format.YAML)
    assert capsys.readouterr().out == "loss: null\n"
