"""A run that somebody asked for."""

from __future__ import annotations

from dataclasses import dataclass

ONE_OFF = "run"  # runs with other inputs than Git gives are named `pipeline@run`, as those of a schedule are after it


@dataclass(frozen=True, slots=True)
class AskedRun:
    """What somebody asked for.

    Attributes:
        by: user and host.
        inputs: what is given otherwise, as it was written.
        is_forced: run although exactly this ran before.
        is_overriding: run although the pipeline is held still.
        request: what it was asked by, "" where no daemon was; one request starts one run.
    """

    pipeline: str
    by: str
    inputs: tuple[tuple[str, str], ...] = ()
    is_forced: bool = False
    is_overriding: bool = False
    request: str = ""
