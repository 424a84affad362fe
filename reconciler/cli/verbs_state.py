"""`get` and `runs`: what the state says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.cli.contract import resource_json, run_json, single_run_json
from reconciler.cli.output import Format, complain, print_data, print_table
from reconciler.cli.run_table import show_run
from reconciler.cli.watching import check_form
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.pins import Pin
from reconciler.model.runs import Run
from reconciler.model.status import ConditionType, Resource
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

EVERY = "all"
_HEADERS = ("KIND", "NAME", "VERSION", "READY", "REASON", "MESSAGE", "REVISION")


def get(kind: str, name: str | None, folder: StateFolder, form: Format, is_watching: bool = False) -> int:
    """List sources and resources; with `is_watching`, again whenever something else is said of them.

    Raises:
        UsageError: there is no such kind, or no resource of that name.
    """
    wanted = singular(kind, EVERY)
    if is_watching:
        check_form(form)
    state = State(folder)

    def listed() -> list[Resource]:
        resources = all_resources(state)
        return [each for each in resources if wanted in (EVERY, each.kind) and name in (None, each.name)]

    if is_watching:
        from reconciler.cli.watched_resources import watch_resources

        watch_resources(state, listed, _HEADERS, _row, form)
        state.close()
        return 0
    resources = listed()
    state.close()
    if name is not None and not resources:
        told = "resource" if wanted == EVERY else wanted
        raise UsageError(f"there is no {told} `{name}`", hint="see `reconciler get`")
    if form is not Format.TABLE:
        print_data([resource_json(resource) for resource in resources], form)
    elif not resources:
        complain(
            "nothing here yet: no daemon has applied a revision to this state" if wanted == EVERY else f"no {kind}"
        )
    else:
        _show(resources)
    return 0


def _show(resources: Sequence[Resource]) -> None:
    """Print the table, with the source of each where there are several."""
    if len({resource.source for resource in resources}) < 2:
        print_table(_HEADERS, [_row(resource) for resource in resources])
        return
    print_table((*_HEADERS, "SOURCE"), [(*_row(resource), resource.source) for resource in resources])


def singular(kind: str, *others: str) -> str:
    """A kind as manifests have it, of one that may be written in the plural; `others` are words that count too.

    Raises:
        UsageError: there is no such kind.
    """
    kinds = (*others, "source", *Kind)
    found = kind.removesuffix("s")
    if found not in kinds:
        hint = did_you_mean(found, kinds, f"choose one of: {', '.join(kinds)}")
        raise UsageError(f"there is no kind `{kind}`", hint=hint)
    return found


def all_resources(state: State) -> list[Resource]:
    """All that was applied, and the sources that it came from."""
    sources = [
        Resource("source", source.name, None, source.name, source.applied_revision, source.conditions)
        for source in state.sources.all()
    ]
    held = {(each.source, each.kind, each.name): each for each in state.suspensions.all()}
    pins = {(each.source, each.kind, each.name): each for each in state.pins.all()}
    return [_as_held(resource, held, pins) for resource in (*sources, *state.sources.resources())]


_Key = tuple[str, str, str]  # source, kind and name


def _as_held(resource: Resource, held: Mapping[_Key, Suspension], pins: Mapping[_Key, Pin]) -> Resource:
    key = (resource.source, str(resource.kind), resource.name)
    suspension = held.get(key)
    is_suspended = resource.is_suspended or suspension is not None
    return replace(resource, is_suspended=is_suspended, suspension=suspension, pin=pins.get(key))


def _holds(resource: Resource) -> tuple[str, str]:
    """Who holds it still, and who at an earlier revision; a source says the latter itself."""
    pinned = resource.pin.told if resource.pin and resource.kind != SOURCE else ""
    return resource.why_suspended, pinned


def _row(resource: Resource) -> tuple[str, ...]:
    ready = resource.condition(ConditionType.READY)
    branch, _, digest = resource.revision.rpartition("sha1:")
    return (
        str(resource.kind),
        resource.name,
        resource.version or "",
        str(ready.status) if ready else "",
        ready.reason if ready else "",
        "; ".join(filter(None, (*_holds(resource), ready.message.splitlines()[0] if ready else ""))),
        f"{branch}sha1:{digest[:10]}" if digest else "",
    )


def runs(chosen: str | None, folder: StateFolder, form: Format, limit: int) -> int:
    """List runs; one run with its steps.

    Raises:
        UsageError: there is no such run and no such pipeline.
    """
    state = State(folder)
    try:
        one = state.runs.get(chosen) if chosen else None
        found = [one] if one else state.runs.recent(chosen, limit)
        if chosen and not found and chosen not in _pipelines(state):
            hint = "see `reconciler runs` and `reconciler get pipelines`"
            raise UsageError(f"there is no run and no pipeline `{chosen}`", hint=hint)
        if form is not Format.TABLE:
            told = single_run_json if one else run_json
            judgements = state.model_registry.judgements
            print_data([told(run, state.runs.steps(run.id), judgements(run.id)) for run in found], form)
        elif one:
            show_run(state, one)
        elif found:
            print_table(
                ("RUN", "STATUS", "STARTED", "SECONDS", "STEPS", "REVISION", "WHY"), [_run(state, r) for r in found]
            )
        else:
            complain(f"no run of `{chosen}` yet" if chosen else "no runs yet")
        return 0
    finally:
        state.close()


def _pipelines(state: State) -> set[str]:
    return {resource.name for resource in state.sources.resources() if resource.kind == Kind.PIPELINE}


def _run(state: State, run: Run) -> tuple[str, ...]:
    steps = [step for step in state.runs.steps(run.id) if not step.trial]
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.status] = counts.get(step.status, 0) + 1
    branch, _, commit = run.revision.rpartition("sha1:")
    return (
        run.id,
        run.status,
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started)),
        f"{run.ended - run.started:.1f}" if run.ended else "",
        ", ".join(f"{count} {status}" for status, count in counts.items()),
        f"{branch}sha1:{commit[:10]}",
        run.reasons[0] if run.reasons else "",
    )
