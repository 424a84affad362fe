"""The program as Typer knows it; verbs add themselves in the modules beside `declared`."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="reconciler",
    help="GitOps for machine learning: git push trains, git revert puts the old model back.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

notify_app = typer.Typer(help="Receivers of notifications.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(notify_app, name="notify")
