"""What people do to manifests: lay out, check, plan, apply, release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.app import app
from reconciler.cli.options import (
    CORES,
    CheckFormatOption,
    ConfigOption,
    DataRootOption,
    EngineOption,
    FormatOption,
    ParallelOption,
    StateOption,
    StrictOption,
    TrackingOption,
    configuration_of,
    end,
    roots,
    site_options,
    state_folder,
)
from reconciler.cli.output import CheckFormat, Format, PlanFormat
from reconciler.forges.kinds import ForgeKind
from reconciler.model.wanted_bump import WantedBump


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="New folder; the repository becomes FOLDER/repo.")],
    rows: Annotated[int, typer.Option(min=200, help="Rows of the synthetic data.")] = 20_000,
    start: Annotated[bool, typer.Option("--start", help="Start a daemon on the new repository.")] = False,
) -> None:
    """Lay out a repository with the lending-club pipeline, and a bare origin beside it."""
    from reconciler.cli.verb_init import init as run

    end(run(folder, rows, start))


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option("--dir", help="Workspace; a new temporary folder by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A smaller sample, for a quick look.")] = False,
    engine: EngineOption = "process",
) -> None:
    """Play the life of an ML repository: push, change, revert, break."""
    from reconciler.demo.play import play

    end(play(folder, quick, engine))


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

    end(run(path, state_folder(state), output, roots(data_root), strict))


@app.command()
def plan(
    path: Annotated[Path, typer.Argument(help="A work tree.")] = Path(),
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            help="Plan a commit instead, against the last one that it has in common with this branch or commit.",
        ),
    ] = None,
    head: Annotated[str | None, typer.Option("--head", help="That commit; HEAD by default.")] = None,
    repository: Annotated[
        Path | None, typer.Option("--repository", "-C", help="The repository, where that is no work tree.")
    ] = None,
    state: StateOption = None,
    no_state: Annotated[
        bool, typer.Option("--no-state", help="Plan from Git alone: what the base asks for is taken to have run.")
    ] = False,
    output: Annotated[
        PlanFormat,
        typer.Option(
            "--output",
            "-o",
            help="How to print; markdown is the comment of a pull request, github annotates one.",
        ),
    ] = PlanFormat.TABLE,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where there is something to do.")] = False,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
) -> None:
    """Show what a work tree or a change would build and run, and why."""
    from reconciler.cli.verb_plan import PlanWish
    from reconciler.cli.verb_plan import plan as run

    wish = PlanWish(output, base, head, no_state, exit_code, strict)
    end(run(repository or path, state_folder(state), wish, roots(data_root), configuration_of(config)))


@app.command()
def review(
    path: Annotated[Path, typer.Argument(help="A clone with all of the history.")] = Path(),
    forge: Annotated[
        ForgeKind | None, typer.Option("--forge", help="Which one; by default what the variables of the job say.")
    ] = None,
    pull_request: Annotated[
        int | None, typer.Option("--pr", min=1, help="Its number; by default that of the job.")
    ] = None,
    repository: Annotated[
        str, typer.Option("--repository", metavar="OWNER/NAME", help="The repository; by default that of the job.")
    ] = "",
    api_url: Annotated[
        str, typer.Option("--api-url", "--api", metavar="URL", help="The API; by default that of the job.")
    ] = "",
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", help="Certificates to trust instead of those of this machine.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="Compare with this instead of the branch that it is for.")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", help="Plan this commit, its head or its merge, instead of what is checked out."),
    ] = None,
    state: StateOption = None,
    no_state: Annotated[
        bool, typer.Option("--no-state", help="Plan from Git alone: what the base asks for is taken to have run.")
    ] = False,
    no_comment: Annotated[bool, typer.Option("--no-comment", help="Post the status and the problems alone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be posted.")] = False,
    data_root: DataRootOption = None,
    config: ConfigOption = None,
    strict: StrictOption = False,
) -> None:
    """Tell in a pull request what merging it would build and run: a comment, a status, the lines with problems."""
    from reconciler.cli.verb_review import ReviewWish
    from reconciler.cli.verb_review import review as run
    from reconciler.forges.detection import Options

    asked = Options(forge, api_url, repository, pull_request, str(ca_file or ""))
    wish = ReviewWish(asked, base, head, no_state, strict, not no_comment, dry_run)
    end(run(path, state_folder(state), wish, roots(data_root), configuration_of(config)))


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

    options = site_options(engine, tracking, max_parallel, config)
    end(run(file, state_folder(state), options, roots(data_root), force, strict))


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

    end(run(pipeline, path, state_folder(state), output, every, exit_code, roots(data_root)))


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
    end(run(wish, path, state_folder(state), output, roots(data_root), configuration_of(config)))


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

    options = ReleaseOptions(tuple(manifests or ()), bump, push, remote, dry_run, roots(data_root))
    end(run(path, state_folder(state), options, output))
