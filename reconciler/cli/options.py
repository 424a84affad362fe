"""Options that several verbs share, and what is made of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import elsewhere
from reconciler.cli.output import CheckFormat, Format

StateOption = Annotated[
    Path | None,
    typer.Option("--state", envvar="RECONCILER_STATE", help="State folder; the platform's data folder by default."),
]
FormatOption = Annotated[Format, typer.Option("--output", "-o", help="How to print.")]
CheckFormatOption = Annotated[
    CheckFormat, typer.Option("--output", "-o", help="How to print; github annotates a pull request.")
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="Carelessness is an error, as with `strict: true` in reconciler.yaml."),
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        envvar="RECONCILER_ENGINE",
        help="Where steps run: docker, process, or auto for Docker where an engine answers.",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", envvar="RECONCILER_CONFIG", help="Configuration of this machine, a YAML file."),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        envvar="RECONCILER_TRACKING",
        help="MLflow's URI (sqlite:///… or http(s)://…), or none; SQLite in the state folder by default.",
    ),
]
ParallelOption = Annotated[
    int, typer.Option("--max-parallel", min=1, help="Steps and trials at once; the number of cores by default.")
]
DataRootOption = Annotated[
    list[Path] | None,
    typer.Option("--data-root", help="Folder from which manifests may name data by absolute path; repeatable."),
]
OneSourceOption = Annotated[
    str | None, typer.Option("--source", help="Whose pipeline is meant, where several sources have one of that name.")
]
HolderOption = Annotated[
    str | None,
    typer.Option("--source", help="Whose pipeline or schedule is meant, where several sources have one of that name."),
]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Go on, and tell what changes, until Ctrl-C.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Only what happened since: 15m, 1h30m, 2d, or a time in RFC 3339.")
]
CORES = os.cpu_count() or 1


def roots(data_root: list[Path] | None) -> tuple[str, ...]:
    return tuple(str(root) for root in data_root or ())


def configuration_of(config: Path | None):  # type: ignore[no-untyped-def]
    """The operator's file; its reader is imported only where there is one."""
    from reconciler.model.configuration import Configuration

    if config is None:
        return Configuration()
    from reconciler.configuration.read import read_configuration

    return read_configuration(config, os.environ)


def site_options(engine: str, tracking: str | None, max_parallel: int, config: Path | None):  # type: ignore[no-untyped-def]
    from reconciler.cli.site_factory import SiteOptions

    return SiteOptions(engine, tracking, max_parallel, configuration_of(config))


def state_folder(chosen: Path | None):  # type: ignore[no-untyped-def]
    """The state that a verb works on which no server can do.

    Raises:
        UsageError: a server is named.
    """
    server = elsewhere.chosen.get()
    if server is not None and server.is_said:
        from reconciler.model.errors import UsageError

        hint = "call it on the machine of the daemon, without --server"
        raise UsageError("this verb works on a state folder, not through a server", place=server.url, hint=hint)
    return _folder(chosen)


def where(chosen: Path | None):  # type: ignore[no-untyped-def]
    """The state that a verb works on, or the daemon elsewhere through which it does.

    Raises:
        UsageError: both are named.
    """
    server = elsewhere.chosen.get()
    if server is None:
        return _folder(chosen)
    is_state_said = chosen is not None and str(chosen) != os.environ.get("RECONCILER_STATE")
    if is_state_said and server.is_said:
        from reconciler.model.errors import UsageError

        raise UsageError("a state and a server are named", hint="leave --state away, or --server")
    if is_state_said:
        return _folder(chosen)
    from reconciler.cli.whereabouts import Server

    return Server(server.url, server.token_file)


def _folder(chosen: Path | None):  # type: ignore[no-untyped-def]
    from reconciler.state.folder import StateFolder, default_state_folder

    return StateFolder(chosen.resolve()) if chosen else default_state_folder()


def end(code: int) -> None:
    if code:
        raise typer.Exit(code)
