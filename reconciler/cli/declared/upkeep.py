"""What keeps a machine in order."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.app import app, notify_app
from reconciler.cli.options import (
    ConfigOption,
    EngineOption,
    FormatOption,
    StateOption,
    TrackingOption,
    configuration_of,
    end,
    site_options,
    state_folder,
)
from reconciler.cli.output import Format


@app.command()
def gc(
    state: StateOption = None,
    engine: EngineOption = "auto",
    config: ConfigOption = None,
    keep_runs: Annotated[
        int, typer.Option("--keep-runs", min=1, help="Newest runs of each pipeline whose environments stay.")
    ] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be removed.")] = False,
    output: FormatOption = Format.TABLE,
) -> None:
    """Remove images and environments that nothing needs, and outputs, runs and files that are not to be kept."""
    from reconciler.cli.verb_gc import gc as run

    end(run(state_folder(state), site_options(engine, "none", 1, config), keep_runs, dry_run, output))


@app.command()
def doctor(
    state: StateOption = None,
    engine: EngineOption = "auto",
    tracking: TrackingOption = None,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Say what this machine has, which engine steps run on and why, and what is missing."""
    from reconciler.cli.verb_doctor import doctor as run

    end(run(state_folder(state), engine, tracking, config, output))


@notify_app.command("test")
def notify_test(
    name: Annotated[str, typer.Argument(help="The receiver, as the configuration names it.")],
    state: StateOption = None,
    config: ConfigOption = None,
) -> None:
    """Send a test message to a receiver of the configuration."""
    from reconciler.cli.verb_notify import notify_test as run

    end(run(name, state_folder(state), configuration_of(config)))
