"""The program `reconciler`: its verbs and their options; what they do is imported when they are called."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.output import CheckFormat, Format, LogFormat, LogLevel, complain, hand_over
from reconciler.model.errors import ReconcilerError
from reconciler.model.wanted_bump import WantedBump

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
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Go on, and tell what changes, until Ctrl-C.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Only what happened since: 15m, 1h30m, 2d, or a time in RFC 3339.")
]
CORES = os.cpu_count() or 1


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="New folder; the repository becomes FOLDER/repo.")],
    rows: Annotated[int, typer.Option(min=200, help="Rows of the synthetic data.")] = 20_000,
    start: Annotated[bool, typer.Option("--start", help="Start a daemon on the new repository.")] = False,
) -> None:
    """Lay out a repository with the lending-club pipeline, and a bare origin beside it."""
    from reconciler.cli.verb_init import init as run

    _end(run(folder, rows, start))


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option("--dir", help="Workspace; a new temporary folder by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A smaller sample, for a quick look.")] = False,
    engine: EngineOption = "process",
) -> None:
    """Play the life of an ML repository: push, change, revert, break."""
    from reconciler.demo.play import play

    _end(play(folder, quick, engine))


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
    options = _site(engine, tracking, max_parallel, config)
    sources = SourceOptions(source, branch, name, interval, _roots(data_root))
    service = ServiceOptions(once, drain, log_format, log_level, listen)
    _end(run(sources, _state(state), options, lambda: _configuration(config), service))


@app.command()
def apply(
    file: Annotated[Path, typer.Option("--file", "-f", help="A manifest, or a folder of them, committed or not.")],
    state: StateOption = None,
    engine: EngineOption = "auto",
    tracking: TrackingOption = None,
    max_parallel: ParallelOption = CORES,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
    force: Annotated[bool, typer.Option("--force", help="Run although nothing changed.")] = False,
    strict: StrictOption = False,
) -> None:
    """Apply manifests of any kind from a folder: environments are built, pipelines run."""
    from reconciler.cli.verb_apply import apply as run

    options = _site(engine, tracking, max_parallel, config)
    _end(run(file, _state(state), options, _roots(data_root), force, strict))


@app.command()
def validate(
    path: Annotated[Path, typer.Argument(help="A manifest, or a folder of them.")] = Path(),
    state: StateOption = None,
    output: CheckFormatOption = CheckFormat.TABLE,
    data_root: DataRootOption = None,
    strict: StrictOption = False,
) -> None:
    """Check manifests: every problem with its file, line, column and a hint."""
    from reconciler.cli.verbs_manifests import validate as run

    _end(run(path, _state(state), output, _roots(data_root), strict))


@app.command()
def plan(
    path: Annotated[Path, typer.Argument(help="A work tree.")] = Path(),
    state: StateOption = None,
    output: CheckFormatOption = CheckFormat.TABLE,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where there is something to do.")] = False,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
) -> None:
    """Show what a work tree would build and run, and why."""
    from reconciler.cli.verbs_manifests import plan as run

    _end(run(path, _state(state), output, exit_code, _roots(data_root), _configuration(config), strict))


@app.command()
def outdated(
    pipeline: Annotated[str | None, typer.Argument(help="Only this pipeline.")] = None,
    path: Annotated[Path, typer.Option("--path", help="A work tree.")] = Path(),
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    every: Annotated[bool, typer.Option("--all", help="List what is up to date as well.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where something is outdated.")] = False,
    data_root: DataRootOption = None,
) -> None:
    """List what pipelines pin, what that resolves to, the newest there is, and what would change."""
    from reconciler.cli.verb_outdated import outdated as run

    _end(run(pipeline, path, _state(state), output, every, exit_code, _roots(data_root)))


@app.command()
def upgrade(
    pipelines: Annotated[list[str] | None, typer.Argument(help="Pipelines whose references are upgraded.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All pipelines.")] = False,
    latest: Annotated[
        bool,
        typer.Option(
            "--latest/--within-range",
            help="To the newest, or only within the range, which is the default; that of 1.2.0 is ^1.2.0.",
        ),
    ] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only references to this name; repeatable.")] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Edit files that other pipelines use too, for all of them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show edits and plan, write nothing.")] = False,
    path: Annotated[Path, typer.Option("--path", help="A work tree.")] = Path(),
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
) -> None:
    """Edit references in place so that they choose higher versions, and show the plan."""
    from reconciler.cli.verb_upgrade import Wish
    from reconciler.cli.verb_upgrade import upgrade as run

    wish = Wish(tuple(pipelines or ()), every, latest, tuple(only or ()), shared, dry_run)
    _end(run(wish, path, _state(state), output, _roots(data_root), _configuration(config)))


@app.command()
def release(
    manifests: Annotated[
        list[str] | None,
        typer.Argument(help="Only these, as KIND/NAME or NAME; without a version they get one.", show_default=False),
    ] = None,
    bump: Annotated[
        WantedBump,
        typer.Option("--bump", help="As far as is required, at least so far, or to a pre-release of that."),
    ] = WantedBump.AUTO,
    push: Annotated[bool, typer.Option("--push", help="Push the tags, and the branch if it got a commit.")] = False,
    remote: Annotated[
        str | None, typer.Option("--remote", help="Where to push to; by default what the branch follows.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be released.")] = False,
    path: Annotated[Path, typer.Option("--path", "-C", help="A work tree.")] = Path(),
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    data_root: DataRootOption = None,
) -> None:
    """Give manifests that changed a version, a changelog and a tag."""
    from reconciler.cli.verb_release import ReleaseOptions
    from reconciler.cli.verb_release import release as run

    options = ReleaseOptions(tuple(manifests or ()), bump, push, remote, dry_run, _roots(data_root))
    _end(run(path, _state(state), options, output))


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

    _end(run(kind, name, _state(state), output, watch))


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

    _end(run(EventsWish(kind, name, since, limit, watch), _state(state), output))


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

    _end(run(target, name, _state(state), output, history))


@app.command()
def runs(
    pipeline: Annotated[str | None, typer.Argument(help="Only this pipeline, or one run with its steps.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
) -> None:
    """List runs, the newest first; of one run, its steps and why each ran."""
    from reconciler.cli.verbs_state import runs as run

    _end(run(pipeline, _state(state), output, limit))


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

    _end(run(what, step, _state(state), LogsWish(tail, since, follow)))


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="One registered model.")] = None,
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """List the versions of registered models: metric, commit, aliases, and whether each was promoted."""
    from reconciler.cli.verb_models import models as run

    _end(run(name, _state(state), output))


@app.command()
def tree(
    target: Annotated[str, typer.Argument(help="A run, or a pipeline, which means its newest run.")],
    state: StateOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Show a run as a tree: steps, nested pipelines and trials, what each is made of, and who depends on whom."""
    from reconciler.cli.verb_tree import tree as run

    _end(run(target, _state(state), output))


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

    _end(run(target, _state(state), output))


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
    from reconciler.cli.verb_reconcile import reconcile as run

    _end(run(sources or (), _state(state), timeout, wait, refresh_images, confirm_prune, drift, override))


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

    _end(run(target, _state(state), _site("auto", tracking, 1, config), timeout))


@app.command()
def suspend(
    kind: Annotated[str, typer.Argument(help="source, pipeline or schedule.")],
    name: Annotated[str, typer.Argument(help="Which one.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it so.")] = "",
    state: StateOption = None,
) -> None:
    """Hold a source, a pipeline or a schedule still: nothing new starts of it, what runs goes on."""
    from reconciler.cli.verb_suspend import suspend as run

    _end(run(kind, name, reason, _state(state)))


@app.command()
def resume(
    kind: Annotated[str, typer.Argument(help="source, pipeline or schedule.")],
    name: Annotated[str, typer.Argument(help="Which one.")],
    state: StateOption = None,
) -> None:
    """Let go of what is suspended; what schedules would have fired for meanwhile is passed over."""
    from reconciler.cli.verb_suspend import resume as run

    _end(run(kind, name, _state(state)))


@app.command()
def rollback(
    target: Annotated[str, typer.Argument(help="A pipeline or a source; pipeline/NAME, source/NAME where both are.")],
    revision: Annotated[str | None, typer.Argument(help="A commit; by default the one before the present.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who find it so.")] = "",
    open_revert: Annotated[
        str | None,
        typer.Option("--open-revert", metavar="BRANCH", help="Push a commit that reverts to a branch instead."),
    ] = None,
    state: StateOption = None,
    config: ConfigOption = None,
) -> None:
    """Hold a pipeline or a source at an earlier revision until it is let go of with `unpin`."""
    from reconciler.cli.verb_rollback import rollback as run

    _end(run(target, revision, reason, _state(state), open_revert, _configuration(config)))


@app.command()
def unpin(
    target: Annotated[str, typer.Argument(help="What was rolled back.")],
    state: StateOption = None,
) -> None:
    """Let go of what was rolled back: what Git says counts again."""
    from reconciler.cli.verb_rollback import unpin as run

    _end(run(target, _state(state)))


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

    options = RunOptions(tuple(given or ()), force, override, wait, timeout, _roots(data_root))
    _end(start(pipeline, _state(state), options, _site(engine, tracking, max_parallel, config)))


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

    _end(run(_state(state), _site(engine, "none", 1, config), keep_runs, dry_run, output))


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

    _end(run(_state(state), engine, tracking, config, output))


@notify_app.command("test")
def notify_test(
    name: Annotated[str, typer.Argument(help="The receiver, as the configuration names it.")],
    state: StateOption = None,
    config: ConfigOption = None,
) -> None:
    """Send a test message to a receiver of the configuration."""
    from reconciler.cli.verb_notify import notify_test as run

    _end(run(name, _state(state), _configuration(config)))


def _roots(data_root: list[Path] | None) -> tuple[str, ...]:
    return tuple(str(root) for root in data_root or ())


def _configuration(config: Path | None):  # type: ignore[no-untyped-def]
    from reconciler.model.configuration import Configuration

    if config is None:
        return Configuration()
    from reconciler.configuration.read import read_configuration

    return read_configuration(config, os.environ)


def _site(engine: str, tracking: str | None, max_parallel: int, config: Path | None):  # type: ignore[no-untyped-def]
    from reconciler.cli.site_factory import SiteOptions

    return SiteOptions(engine, tracking, max_parallel, _configuration(config))


def _state(chosen: Path | None):  # type: ignore[no-untyped-def]
    from reconciler.state.folder import StateFolder, default_state_folder

    return StateFolder(chosen.resolve()) if chosen else default_state_folder()


def _end(code: int) -> None:
    if code:
        raise typer.Exit(code)


def main() -> None:
    """Run the program; errors that a person can act on end it with one message, not a traceback."""
    try:
        app()
    except ReconcilerError as error:
        place = f"{error.place}: " if error.place else ""
        complain(f"error: {place}{error.message}")
        if error.hint:
            complain(f"hint: {error.hint}")
        sys.exit(1)
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(130)
    finally:
        hand_over()


if __name__ == "__main__":
    main()
