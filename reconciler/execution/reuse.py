"""Earlier results, as far as they can be taken again."""

from __future__ import annotations

from reconciler.model.runs import Result
from reconciler.state.store import State


def reusable(state: State, fingerprint: str) -> Result | None:
    """A result whose outputs are all still there; one that lost an output is forgotten."""
    result = state.results.get(fingerprint)
    if result is None:
        return None
    if all(state.outputs.has(digest) for digest in result.outputs.values()):
        return result
    state.results.forget(fingerprint)
    return None
