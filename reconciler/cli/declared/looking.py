"""What people look at: resources, runs, models and what happened."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.app import app
from reconciler.cli.options import FormatOption, SinceOption, StateOption, WatchOption, end, state_folder, where
from reconciler.cli.output import CompareFormat, Format


@app.command()
def get(
    kind: Annotated[str, typer.Argument(help="A kind, such as pipelines, or all.")] = "all",
    name: Annotated[str | None, typer.Argument(help="One resource.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    watch: WatchOption = False,
) -> None:
    """List sources and resources: is each as Git says, and if not, why."""
    from reconciler.cli.verbs_state import get as run

    end(run(kind, name, where(state), output, watch))


@app.command()
def describe(
    target: Annotated[str, typer.Argument(help="A kind, such as pipeline, to be followed by a name; or a run.")],
    name: Annotated[str | None, typer.Argument(help="The resource of that kind.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    history: Annotated[
        int, typer.Option("--history", min=0, help="How much of its history and of its events, the newest.")
    ] = 10,
) -> None:
    """Tell all that is known of one resource, or of one run and what it was made of."""
    from reconciler.cli.verb_describe import describe as run

    end(run(target, name, where(state), output, history))


@app.command()
def events(
    kind: Annotated[str, typer.Argument(help="A kind, such as pipelines, or all.")] = "all",
    name: Annotated[str | None, typer.Argument(help="One resource.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    watch: WatchOption = False,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most, the newest.")] = 100,
) -> None:
    """Tell what happened, and why, in a line each, the oldest first."""
    from reconciler.cli.verb_events import EventsWish
    from reconciler.cli.verb_events import events as run

    end(run(EventsWish(kind, name, since, limit, watch), where(state), output))


@app.command()
def runs(
    pipeline: Annotated[str | None, typer.Argument(help="Only this pipeline, or one run with its steps.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
) -> None:
    """List runs, the newest first; of one run, its steps and why each ran."""
    from reconciler.cli.verbs_state import runs as run

    end(run(pipeline, where(state), output, limit))


@app.command()
def logs(
    what: Annotated[str, typer.Argument(help="A run, a pipeline (its newest run), or `environment`.")],
    step: Annotated[str | None, typer.Argument(help="A step, a trial such as train[2], or an environment.")] = None,
    state: StateOption = None,
    tail: Annotated[int | None, typer.Option("--tail", min=1, help="Only the last lines.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Leave out what had ended by then: 15m, 1h30m, 2d, or a time.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run, the step or the build is over, or Ctrl-C.")
    ] = False,
) -> None:
    """Show what steps and environment builds printed, or go on showing what they print."""
    from reconciler.cli.verb_logs import LogsWish
    from reconciler.cli.verb_logs import logs as run

    end(run(what, step, where(state), LogsWish(tail, since, follow)))


@app.command()
def tree(
    target: Annotated[str, typer.Argument(help="A run, or a pipeline, which means its newest run.")],
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Show a run as a tree: steps, nested pipelines and trials, what each is made of, and who depends on whom."""
    from reconciler.cli.verb_tree import tree as run

    end(run(target, where(state), output))


@app.command()
def trace(
    target: Annotated[
        str,
        typer.Argument(
            help="A pipeline, a run, a step as RUN/STEP or PIPELINE/STEP, or a registered model, also as MODEL@ALIAS "
            "or MODEL:1.4.0."
        ),
    ],
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Walk back from a model, run or step to the commit, the versions and the data that made it."""
    from reconciler.cli.verb_trace import trace as run

    end(run(target, where(state), output))


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A revision, or what its commit begins with.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    pipeline: Annotated[str | None, typer.Argument(help="Only this pipeline.")] = None,
    state: StateOption = None,
    output: Annotated[
        CompareFormat, typer.Option("--output", "-o", help="How to print; markdown suits a pull request.")
    ] = CompareFormat.TABLE,
) -> None:
    """Set the runs of two revisions side by side: metrics, params, durations and versions."""
    from reconciler.cli.verb_compare import compare as run

    end(run(first, second, pipeline, state_folder(state), output))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="One registered model.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """List the versions of registered models: metric, commit, aliases, and whether each was promoted."""
    from reconciler.cli.verb_models import models as run

    end(run(name, where(state), output))
