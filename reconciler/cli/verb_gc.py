"""`gc`: environments that nothing needs any more, and of all else what is not to be kept, removed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from reconciler.cli.engine_choice import AUTO
from reconciler.cli.output import Format, print_data, print_table, say
from reconciler.cli.site_factory import SiteOptions, site_as_left
from reconciler.daemon.planner import Planner
from reconciler.daemon.retention import tidy
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
    """Remove what is not needed and not to be kept; 1 where something could not be removed.

    Environments go which no followed revision and no kept run needs; of outputs, runs and files what the configuration
    does not want kept.
    """
    state = State(folder)
    try:
        found = [
            each for engine in _engines(state, options) for each in _environments(state, engine, kept_runs, is_dry)
        ]
        superfluous = tidy(state, options.configuration.upkeep.retention, time.time(), is_dry)
    finally:
        state.close()
    found += [_Found(each.kind, each.name, each.size) for each in superfluous]
    if form is not Format.TABLE:
        said = [
            {"kind": each.kind, "name": each.name, "bytes": each.size, "removed": each.can_go and not is_dry}
            for each in found
        ]
        print_data(said, form)
    else:
        _show(found, is_dry)
    return 0 if all(each.can_go for each in found) else 1


@dataclass(frozen=True, slots=True)
class _Found:
    """Something that is not needed; `can_go` is False where something still uses it."""

    kind: str
    name: str
    size: int
    can_go: bool = True


def _engines(state: State, options: SiteOptions) -> list[SiteOptions]:
    """The engine that is asked for, else all that steps of this state run on."""
    if options.engine != AUTO:
        return [options]
    names = [state.settings.engine, *(state.settings.engine_of(source.name) for source in state.sources.all())]
    return [replace(options, engine=name) for name in dict.fromkeys(names)]


def _environments(state: State, options: SiteOptions, kept_runs: int, is_dry: bool) -> list[_Found]:
    site = site_as_left(state, options)
    try:
        leftovers = site.environments.builder.leftovers(_needed(site, kept_runs))
        return [_Found("environment", each.name, each.size, is_dry or _remove(site, each)) for each in leftovers]
    finally:
        site.close()


def _show(found: list[_Found], is_dry: bool) -> None:
    verb = "would be removed" if is_dry else "removed"
    rows = [(each.kind, each.name, size_text(each.size), verb if each.can_go else "still in use") for each in found]
    print_table(("KIND", "NAME", "SIZE", ""), rows)
    if not rows:
        say("nothing to remove")
        return
    gone = [each for each in found if each.can_go]
    # Images share layers, so what becomes free may be less.
    say(f"{len(gone)} {verb}, up to {size_text(sum(each.size for each in gone))}")


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
