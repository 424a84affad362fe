"""The program as Typer knows it; verbs add themselves in the modules beside `declared`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.elsewhere import Elsewhere, chosen

app = typer.Typer(
    name="reconciler",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

notify_app = typer.Typer(help="Receivers of notifications.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(notify_app, name="notify")


@app.callback()
def choose(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            envvar="RECONCILER_SERVER",
            metavar="URL",
            help="A daemon elsewhere, to look and act through its HTTP API: https://HOST[:PORT] or unix:PATH.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", envvar="RECONCILER_TOKEN_FILE", help="A file with the token that --server knows you by."
        ),
    ] = None,
) -> None:
    """GitOps for machine learning: git push trains, git revert puts the old model back."""
    source = context.get_parameter_source("server")
    is_said = source is not None and source.name == "COMMANDLINE"
    chosen.set(Elsewhere(server, token_file, is_said) if server is not None else None)
