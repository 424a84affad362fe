"""`outdated`: what pipelines pin, and what they could choose instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.cli.pins import pinned_tree, require_known
from reconciler.model.plan import Bump
from reconciler.planning.outdated import Pinned, version_of
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

DONE, OUTDATED = 0, 3


def outdated(
    pipeline: str | None,
    path: Path,
    folder: StateFolder,
    form: Format,
    is_all: bool,
    is_exit_code: bool,
    data_roots: tuple[str, ...] = (),
) -> int:
    """List the references that could choose a higher version; 3 with `--exit-code` where there are any.

    Raises:
        UsageError: there is no such pipeline or folder.
    """
    state = State(folder)
    try:
        with pinned_tree(path, state, data_roots) as (tree, pins):
            if pipeline is not None:
                require_known([pipeline], tree)
    finally:
        state.close()
    pins = [pin for pin in pins if pipeline in (None, pin.pipeline)]
    shown = [pin for pin in pins if is_all or pin.is_outdated]
    if form is not Format.TABLE:
        print_data([_json(pin) for pin in shown], form)
    elif shown:
        print_table(
            ("PIPELINE", "REFERENCE", "RESOLVES TO", "WITHIN", "NEWEST", "CHANGE"),
            [_row(pin) for pin in shown],
        )
    else:
        say(f"nothing is outdated: {len(pins)} references looked at" if pins else "no pipeline refers to a version")
    return OUTDATED if is_exit_code and any(pin.is_outdated for pin in pins) else DONE


def _row(pin: Pinned) -> tuple[str, ...]:
    versions = (pin.resolves_to, version_of(pin.within), version_of(pin.newest))
    return (pin.pipeline, pin.reference.short, *(version or "-" for version in versions), _change(pin))


def _change(pin: Pinned) -> str:
    if pin.broken:
        return pin.broken
    if pin.required is Bump.NONE:
        return "-"
    return f"{pin.required}: {'; '.join(pin.changes)}" if pin.changes else str(pin.required)


def _json(pin: Pinned) -> dict[str, Any]:
    return {
        "pipeline": pin.pipeline,
        "kind": pin.kind,
        "name": pin.name,
        "reference": pin.reference.short,
        "file": pin.file,
        "pinned": pin.reference.wanted,
        "resolves_to": pin.resolves_to,
        "within_range": version_of(pin.within),
        "newest": version_of(pin.newest),
        "outdated": pin.is_outdated,
        "required": pin.required,
        "changes": list(pin.changes),
        "broken": pin.broken or None,
    }
