"""What operators do with a daemon."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.app import app
from reconciler.cli.options import (
    CORES,
    ConfigOption,
    DataRootOption,
    EngineOption,
    HolderOption,
    OneSourceOption,
    ParallelOption,
    StateOption,
    TrackingOption,
    configuration_of,
    end,
    roots,
    site_options,
    state_folder,
    where,
)
from reconciler.cli.output import LogFormat, LogLevel


@app.command()
def daemon(
    source: Annotated[
        str | None,
        typer.Option("--source", help="Git repository, a path or a URL; by default the sources of the configuration."),
    ] = None,
    branch: Annotated[str, typer.Option("--branch", help="Branch of --source to follow.")] = "main",
    name: Annotated[str, typer.Option("--name", help="Name of --source.")] = "main",
    state: StateOption = None,
    engine: EngineOption = "auto",
    tracking: TrackingOption = None,
    interval: Annotated[float, typer.Option("--interval", min=1, help="Seconds between two looks.")] = 60.0,
    max_parallel: ParallelOption = CORES,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
    once: Annotated[bool, typer.Option("--once", help="Reconcile one time, wait for the runs, exit.")] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="With --once: mend what differs with no new commit too.")
    ] = False,
    drain: Annotated[
        float | None,
        typer.Option(
            "--drain",
            min=0,
            help="Seconds that runs may go on once it is told to stop; 0 leaves them to the next daemon.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format", envvar="RECONCILER_LOG_FORMAT", help="How to log; json where no terminal is, by default."
        ),
    ] = None,
    log_level: Annotated[LogLevel | None, typer.Option("--log-level", help="The least that is logged.")] = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", help="Where to listen for HTTP: HOST:PORT or unix:PATH; nowhere by default."),
    ] = None,
) -> None:
    """Follow Git repositories: build what changed, run what depends on it."""
    from reconciler.cli.sources import SourceOptions
    from reconciler.cli.verb_daemon import ServiceOptions
    from reconciler.cli.verb_daemon import daemon as run

    if source is None and config is None:
        raise typer.BadParameter(
            "name a repository, or a configuration with `sources:`", param_hint="--source, --config"
        )
    if drift and not once:
        raise typer.BadParameter(
            "a daemon that goes on looks by itself; `reconciler reconcile --drift` asks it to", param_hint="--drift"
        )
    options = site_options(engine, tracking, max_parallel, config)
    sources = SourceOptions(source, branch, name, interval, roots(data_root))
    service = ServiceOptions(once, drift, drain, log_format, log_level, listen)
    end(run(sources, state_folder(state), options, lambda: configuration_of(config), service))


@app.command()
def reconcile(
    sources: Annotated[list[str] | None, typer.Argument(help="Sources to look at; all by default.")] = None,
    state: StateOption = None,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for the daemon.")] = 60.0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the runs that it starts.")] = False,
    refresh_images: Annotated[
        bool, typer.Option("--refresh-images", help="Resolve the names of images anew; what changed is built and run.")
    ] = False,
    confirm_prune: Annotated[
        bool, typer.Option("--confirm-prune", help="Apply the newest revision however much it takes away.")
    ] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Look for what differs with no new commit, the content of outputs included.")
    ] = False,
    override: Annotated[bool, typer.Option("--override", help="Start what is frozen too.")] = False,
) -> None:
    """Have the running daemon look at its sources now; failed pipelines are tried again."""
    from reconciler.cli.verb_reconcile import ReconcileWish
    from reconciler.cli.verb_reconcile import reconcile as run

    wish = ReconcileWish(timeout, wait, refresh_images, confirm_prune, drift, override)
    end(run(sources or (), where(state), wish))


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(help="The pipeline, as the applied revision has it.")],
    force: Annotated[bool, typer.Option("--force", help="Run although exactly this ran before.")] = False,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="input=value for this run alone, which is then no current one; repeatable."),
    ] = None,
    override: Annotated[bool, typer.Option("--override", help="Run although it is suspended or frozen.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its end; without a daemon, it always does.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for the daemon.")] = 60.0,
    source: OneSourceOption = None,
    state: StateOption = None,
    engine: EngineOption = "auto",
    tracking: TrackingOption = None,
    max_parallel: ParallelOption = CORES,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
) -> None:
    """Run a pipeline once because you ask for it; with other inputs, if you like."""
    from reconciler.cli.verb_run import RunOptions
    from reconciler.cli.verb_run import run as start

    options = RunOptions(tuple(given or ()), force, override, wait, timeout, roots(data_root), source)
    end(start(pipeline, where(state), options, site_options(engine, tracking, max_parallel, config)))


@app.command()
def cancel(
    target: Annotated[str, typer.Argument(help="A run, or a pipeline whose run is under way.")],
    state: StateOption = None,
    tracking: TrackingOption = None,
    config: ConfigOption = None,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for its end.")] = 30.0,
) -> None:
    """End a run with all that executes of it; it is not tried again until something changes or someone asks."""
    from reconciler.cli.verb_cancel import cancel as run

    end(run(target, where(state), site_options("auto", tracking, 1, config), timeout))


@app.command()
def suspend(
    kind: Annotated[str, typer.Argument(help="source, pipeline or schedule.")],
    name: Annotated[str, typer.Argument(help="Which one.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it so.")] = "",
    source: HolderOption = None,
    state: StateOption = None,
) -> None:
    """Hold a source, a pipeline or a schedule still: nothing new starts of it, what runs goes on."""
    from reconciler.cli.verb_suspend import suspend as run

    end(run(kind, name, source, reason, where(state)))


@app.command()
def resume(
    kind: Annotated[str, typer.Argument(help="source, pipeline or schedule.")],
    name: Annotated[str, typer.Argument(help="Which one.")],
    source: HolderOption = None,
    state: StateOption = None,
) -> None:
    """Let go of what is suspended; what schedules would have fired for meanwhile is passed over."""
    from reconciler.cli.verb_suspend import resume as run

    end(run(kind, name, source, where(state)))


@app.command()
def rollback(
    target: Annotated[str, typer.Argument(help="A pipeline or a source; pipeline/NAME, source/NAME where both are.")],
    revision: Annotated[str | None, typer.Argument(help="A commit; by default the one before the present.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it so.")] = "",
    open_revert: Annotated[
        str | None,
        typer.Option("--open-revert", metavar="BRANCH", help="Push a commit that reverts to a branch instead."),
    ] = None,
    source: OneSourceOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
) -> None:
    """Hold a pipeline or a source at an earlier revision until it is let go of with `unpin`."""
    from reconciler.cli.verb_rollback import RollbackWish
    from reconciler.cli.verb_rollback import rollback as run

    wish = RollbackWish(revision, reason, source, open_revert)
    end(run(target, wish, where(state), configuration_of(config)))


@app.command()
def unpin(
    target: Annotated[str, typer.Argument(help="What was rolled back.")],
    source: OneSourceOption = None,
    state: StateOption = None,
) -> None:
    """Let go of what was rolled back: what Git says counts again."""
    from reconciler.cli.verb_rollback import unpin as run

    end(run(target, source, where(state)))
