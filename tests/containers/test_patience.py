"""How long an engine that is away is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from reconciler.containers.patience import patiently
from reconciler.model.errors import EngineError, EngineGoneError


def away(times: int) -> Callable[[], str]:
    """Answers after so many times of not being there."""
    left = [times]

    def ask() -> str:
        if left[0]:
            left[0] -= 1
            raise EngineGoneError("gone")
        return "there"

    return ask


def test_an_engine_that_comes_back_is_asked_again() -> None:
    assert patiently(away(2), 10.0) == "there"


def test_patience_ends() -> None:
    begun = time.monotonic()
    with pytest.raises(EngineGoneError):
        patiently(away(1000), 0.3)
    assert 0.3 <= time.monotonic() - begun < 5


def test_a_refusal_is_not_waited_out() -> None:
    asked: list[None] = []

    def refuse() -> None:
        asked.append(None)
        raise EngineError("no")

    with pytest.raises(EngineError):
        patiently(refuse, 10.0)
    assert len(asked) == 1
