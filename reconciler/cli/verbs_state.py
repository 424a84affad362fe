"""`get` and `runs`: what the state says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cli.contract import condition_text, resource_json, run_json, single_run_json
from reconciler.cli.contract_read import moment_of, resource_of
from reconciler.cli.moments import local_time
from reconciler.cli.output import Format, complain, print_data, print_table
from reconciler.cli.reads import reads_of
from reconciler.cli.run_table import show_run_body
from reconciler.cli.watching import check_form
from reconciler.cli.whereabouts import Where
from reconciler.model.errors import UnknownError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.pins import Pin
from reconciler.model.status import ConditionType, Resource, transient
from reconciler.model.suspensions import SOURCE, Suspension
from reconciler.state.store import State

Body = dict[str, Any]
EVERY = "all"
_HEADERS = ("KIND", "NAME", "VERSION", "READY", "REASON", "MESSAGE", "REVISION")


def get(kind: str, name: str | None, where: Where, form: Format, is_watching: bool = False) -> int:
    """List sources and resources; with `is_watching`, again whenever something else is said of them.

    Raises:
        UsageError: there is no such kind, or no resource of that name.
    """
    wanted = singular(kind, EVERY)
    if is_watching:
        check_form(form)
    with reads_of(where) as reads:
        if is_watching:
            from reconciler.cli.watched_resources import watch_resources

            watch_resources(reads, lambda: reads.resources(wanted, name), _HEADERS, _row, form)
            return 0
        resources = reads.resources(wanted, name)
    if name is not None and not resources:
        told = "resource" if wanted == EVERY else wanted
        raise UnknownError(f"there is no {told} `{name}`", hint="see `reconciler get`")
    if form is not Format.TABLE:
        print_data(resources, form)
    elif not resources:
        complain(
            "nothing here yet: no daemon has applied a revision to this state" if wanted == EVERY else f"no {kind}"
        )
    else:
        _show(resources)
    return 0


def resources_json(state: State, kind: str = EVERY, name: str | None = None, source: str | None = None) -> list[Body]:
    """How each resource stands, sources included."""
    listed = (each for each in all_resources(state) if kind in (EVERY, each.kind) and name in (None, each.name))
    return [resource_json(each) for each in listed if source in (None, each.source)]


def _show(resources: Sequence[Body]) -> None:
    """Print the table, with the source of each where there are several."""
    if len({each["source"] for each in resources}) < 2:
        print_table(_HEADERS, [_row(each) for each in resources])
        return
    print_table((*_HEADERS, "SOURCE"), [(*_row(each), each["source"]) for each in resources])


def singular(kind: str, *others: str) -> str:
    """A kind as manifests have it, of one that may be written in the plural; `others` are words that count too.

    Raises:
        UnknownError: there is no such kind.
    """
    kinds = (*others, "source", *Kind)
    found = kind.removesuffix("s")
    if found not in kinds:
        hint = did_you_mean(found, kinds, f"choose one of: {', '.join(kinds)}")
        raise UnknownError(f"there is no kind `{kind}`", hint=hint)
    return found


def all_resources(state: State) -> list[Resource]:
    """All that was applied, and the sources that it came from, which say what the state itself cannot be told now."""
    trouble = state.trouble.text
    away = transient("StateUnavailable", trouble) if trouble else None
    sources = [
        Resource("source", source.name, None, source.name, source.applied_revision, away or source.conditions)
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


def _row(body: Body) -> tuple[str, ...]:
    resource = resource_of(body)
    ready = resource.condition(ConditionType.READY)
    branch, _, digest = resource.revision.rpartition("sha1:")
    return (
        str(resource.kind),
        resource.name,
        resource.version or "",
        str(ready.status) if ready else "",
        ready.reason if ready else "",
        "; ".join(filter(None, (*_holds(resource), condition_text(ready).splitlines()[0] if ready else ""))),
        f"{branch}sha1:{digest[:10]}" if digest else "",
    )


def runs(chosen: str | None, where: Where, form: Format, limit: int) -> int:
    """List runs; one run with its steps.

    Raises:
        UsageError: there is no such run and no such pipeline.
    """
    with reads_of(where) as reads:
        found = reads.runs(chosen, limit)
        is_one = chosen is not None and [each["id"] for each in found] == [chosen]
        if form is not Format.TABLE:
            print_data(found, form)
        elif is_one:
            show_run_body(reads.described_run(found[0]["id"]))
        elif found:
            headers = ("RUN", "STATUS", "STARTED", "SECONDS", "STEPS", "REVISION", "WHY")
            print_table(headers, [_run(each) for each in found])
        else:
            complain(f"no run of `{chosen}` yet" if chosen else "no runs yet")
    return 0


def runs_json(state: State, chosen: str | None, limit: int) -> list[Body]:
    """The newest runs of a pipeline, or the one run of that id; of all where none is chosen.

    Raises:
        UnknownError: there is no such run and no such pipeline.
    """
    one = state.runs.get(chosen) if chosen else None
    found = [one] if one else state.runs.recent(chosen, limit)
    if chosen and not found and chosen not in _pipelines(state):
        hint = "see `reconciler runs` and `reconciler get pipelines`"
        raise UnknownError(f"there is no run and no pipeline `{chosen}`", hint=hint)
    told = single_run_json if one else run_json
    return [told(run, state.runs.steps(run.id), state.model_registry.judgements(run.id)) for run in found]


def _pipelines(state: State) -> set[str]:
    return {resource.name for resource in state.sources.resources() if resource.kind == Kind.PIPELINE}


def _run(body: Body) -> tuple[str, ...]:
    counts = Counter(step["status"] for step in body["steps"])
    branch, _, commit = body["revision"].rpartition("sha1:")
    return (
        body["id"],
        body["status"],
        local_time(moment_of(body["started"])),
        f"{body['seconds']:.1f}" if body["seconds"] is not None else "",
        ", ".join(f"{count} {status}" for status, count in counts.items()),
        f"{branch}sha1:{commit[:10]}",
        body["reasons"][0] if body["reasons"] else "",
    )
