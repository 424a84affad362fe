"""What came of an act, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.cli.contract import resource_json
from reconciler.cli.output import complain, harmless, say
from reconciler.model.errors import UnknownError, UsageError
from reconciler.model.status import Resource


@dataclass(frozen=True, slots=True)
class ActTold:
    """What came of it.

    Attributes:
        lines: what was done.
        warnings: what was not, or not yet.
        is_good: whether all came to what was asked for.
        source: the one that it concerns, "" where it is several.
    """

    lines: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    is_good: bool = True
    resources: tuple[Resource, ...] = ()
    source: str = ""


def act_json(told: ActTold) -> dict[str, Any]:
    return {
        "message": "; ".join((*told.lines, *told.warnings)),
        "told": list(told.lines),
        "warnings": list(told.warnings),
        "ok": told.is_good,
        "resources": [resource_json(each) for each in told.resources],
    }


def say_act(body: dict[str, Any]) -> int:
    """Print what came of an act; 1 where it came to something else than was asked for."""
    for line in body["told"]:
        say(harmless(line))
    for warning in body["warnings"]:
        complain(harmless(warning))
    return 0 if body["ok"] else 1


def of_one_source(found: Sequence[Resource], source: str | None) -> Resource:
    """The one that is meant of those of a name, which are at least one.

    Raises:
        UsageError: several sources have it and none is named, or the one that is named has not.
    """
    resource, sources = found[0], list(dict.fromkeys(each.source for each in found))
    if source is not None:
        chosen = next((each for each in found if each.source == source), None)
        if chosen is None:
            hint = f"it is in {', '.join(sources)}"
            raise UnknownError(f"source `{source}` has no {resource.kind} `{resource.name}`", hint=hint)
        return chosen
    if len(sources) > 1:
        message = f"several sources have a {resource.kind} `{resource.name}`: {', '.join(sources)}"
        raise UsageError(message, hint=f"say which one is meant: `--source {sources[0]}`")
    return resource
