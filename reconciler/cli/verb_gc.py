"""`gc`: environments that nothing needs any more, removed."""

from __future__ import annotations

from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.cli.site_factory import SiteOptions, site_as_left
from reconciler.daemon.planner import Planner
from reconciler.environments.base import Leftover, Needed
from reconciler.execution.site import Site
from reconciler.model.errors import SourceError
from reconciler.model.resources import size_text
from reconciler.model.steps import EnvironmentSpec
from reconciler.planning.environment_specs import environment_spec
from reconciler.planning.environments import environments_in
from reconciler.planning.repository_paths import Unresolved
from reconciler.source.mirror import Mirror
from reconciler.state.environments import BUILDING
from reconciler.state.folder import StateFolder
from reconciler.state.sources import SourceState
from reconciler.state.store import State


def gc(folder: StateFolder, options: SiteOptions, kept_runs: int, is_dry: bool, form: Format) -> int:
    """Remove what no followed revision and no kept run needs; 1 where something could not be removed."""
    state = State(folder)
    try:
        site = site_as_left(state, options)
        try:
            builder = site.environments.builder
            leftovers = builder.leftovers(_needed(site, kept_runs))
            removed = [leftover for leftover in leftovers if is_dry or _remove(site, leftover)]
        finally:
            site.close()
    finally:
        state.close()
    left = [leftover for leftover in leftovers if leftover not in removed]
    if form is not Format.TABLE:
        said = [
            {"name": each.name, "bytes": each.size, "removed": not is_dry and each in removed} for each in leftovers
        ]
        print_data(said, form)
        return 1 if left else 0
    _show(removed, left, is_dry)
    return 1 if left else 0


def _show(removed: list[Leftover], left: list[Leftover], is_dry: bool) -> None:
    verb = "would be removed" if is_dry else "removed"
    rows = [(each.name, size_text(each.size), verb) for each in removed]
    rows += [(each.name, size_text(each.size), "still in use") for each in left]
    print_table(("ENVIRONMENT", "SIZE", ""), rows)
    if not rows:
        say("nothing to remove")
    else:
        # Images share layers, so what becomes free may be less.
        say(f"{len(removed)} {verb}, up to {size_text(sum(each.size for each in removed))}")


def _remove(site: Site, leftover: Leftover) -> bool:
    if not site.environments.builder.remove(leftover):
        return False
    engine = site.environments.builder.engine
    for noted in site.state.environments.all(engine):
        if leftover.name.endswith(noted.digest[:12]):
            site.state.environments.forget(engine, noted.digest)
    return True


def _needed(site: Site, kept_runs: int) -> Needed:
    """What applied revisions hold, what kept runs ran in, and what is being built."""
    state = site.state
    specs = [spec for source in state.sources.all() for spec in _specs_of(site, source)]
    digests = {spec.digest for spec in specs}
    digests |= _digests_of_runs(state, kept_runs)
    engine = site.environments.builder.engine
    noted = state.environments.all(engine)
    digests |= {each.digest for each in noted if each.status == BUILDING}
    pins = frozenset(pinned for spec in specs for _, pinned in spec.bases)
    known_pins = frozenset(state.image_pins.all().values())
    return Needed(frozenset(digests), pins, frozenset(each.digest for each in noted), known_pins)


def _specs_of(site: Site, source: SourceState) -> list[EnvironmentSpec]:
    """The environments of what is applied of a source, and of what was tried last.

    Raises:
        SourceError: the applied revision cannot be read, so that nothing may be taken for superfluous.
    """
    found: list[EnvironmentSpec] = []
    mirror = Mirror(source.url, source.branch, site.state.folder.sources / f"{source.name}.git")
    try:
        for commit in dict.fromkeys(filter(None, (source.applied_commit, source.attempted_commit))):
            if not mirror.has(commit):
                hint = "reconcile the source first, so that its mirror is whole"
                raise SourceError(f"the revision {commit[:12]} is not in the mirror", place=source.name, hint=hint)
            planner = Planner(site.state, (), site.base_images)
            tags = mirror.applied if commit == source.applied_commit else mirror
            desired = planner.load(mirror.snapshot(commit), tags)
            for environment in environments_in(desired):
                try:
                    found.append(environment_spec(environment, desired))
                except Unresolved:
                    continue  # a manifest with a problem builds nothing
    finally:
        mirror.close()
    return found


def _digests_of_runs(state: State, kept: int) -> set[str]:
    """The environments of runs that are under way, of current ones, and of the newest of each pipeline."""
    recent = state.runs.recent(limit=1_000_000)
    chosen = {run.id: run for run in state.runs.running()}
    for pipeline in {run.pipeline for run in recent}:
        newest = [run for run in recent if run.pipeline == pipeline][:kept]
        current = state.runs.current(pipeline)
        chosen.update((run.id, run) for run in (*newest, *([current] if current else [])))
    definitions = {step.definition for run_id in chosen for step in state.runs.steps(run_id)}
    return {definition.environment_digest for definition in state.runs.definitions(definitions).values()}
