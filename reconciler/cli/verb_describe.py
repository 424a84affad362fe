"""`describe`: all that the state knows of one resource or one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.cli.contract import rfc3339, single_run_json
from reconciler.cli.description_text import show_description, show_lock
from reconciler.cli.descriptions import (
    data_of_runs,
    description,
    explained_lock_json,
    model_of_runs,
    models_json,
    pipeline_of_runs,
)
from reconciler.cli.event_text import event_json
from reconciler.cli.histories import history_json
from reconciler.cli.output import Format, harmless, print_data, say
from reconciler.cli.reads import reads_of
from reconciler.cli.run_table import registered_json, show_run_body
from reconciler.cli.verbs_state import all_resources, singular
from reconciler.cli.whereabouts import Where
from reconciler.model.errors import UnknownError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run
from reconciler.model.status import Resource
from reconciler.state.store import State

HISTORY_SHOWN = 10
_RUN = "run"
_RUNS_COMPARED = 500  # to guess which one was meant


def describe(target: str, name: str | None, where: Where, form: Format, history: int = HISTORY_SHOWN) -> int:
    """Print what is known of a resource, told by kind and name, or of a run; of what happened, so much of the newest.

    Raises:
        UsageError: there is no such kind, no resource of that name, or no such run.
    """
    kind, wanted = (_RUN, target) if name is None else (singular(target, _RUN), name)
    with reads_of(where) as reads:
        body = reads.described_run(wanted) if kind == _RUN else reads.described(kind, wanted, history)
    if form is not Format.TABLE:
        print_data(body, form)
    elif kind == _RUN:
        _show_run(body)
    else:
        show_description(body)
    return 0


def described_run(state: State, target: str) -> dict[str, Any]:
    """All that is known of a run.

    Raises:
        UsageError: there is none of that name.
    """
    run = _run(state, target)
    fired = state.schedules.of_run(run.id)
    return {
        **single_run_json(run, state.runs.steps(run.id), state.model_registry.judgements(run.id)),
        "attempt": run.attempt,
        "lock": explained_lock_json(run.lock),
        "models": models_json(state, state.runs.models(run.id)),
        "registered": registered_json(state, run),
        "schedule": {"name": fired.schedule, "moment": rfc3339(fired.moment)} if fired else None,
    }


def described(state: State, kind: str, name: str, history: int = HISTORY_SHOWN) -> dict[str, Any]:
    """All that is known of a resource.

    Raises:
        UsageError: there is none of that kind and name.
    """
    return _resource(state, kind, name) | _what_happened(state, kind, name, history)


def _what_happened(state: State, kind: str, name: str, limit: int) -> dict[str, Any]:
    events = state.events.recent(kind, name, limit=limit)
    return {"history": history_json(state, kind, name, limit), "events": [event_json(each) for each in events]}


def _resource(state: State, kind: str, name: str) -> dict[str, Any]:
    resources = all_resources(state)
    found = [each for each in resources if (each.kind, each.name) == (kind, name)]
    if found:
        others = [each.source for each in found[1:]]
        return {**description(state, found[0], resources), "also_in": others}
    made = _MADE_BY_RUNS.get(kind, _nothing)(state, name)
    if made is None:
        near = did_you_mean(name, _names(state, kind, resources), f"see `reconciler get {kind}`")
        raise UnknownError(f"there is no {kind} `{name}`", hint=near)
    return {**made, "also_in": []}


def _nothing(_: State, __: str) -> dict[str, Any] | None:
    return None


_MADE_BY_RUNS: Mapping[str, Callable[[State, str], dict[str, Any] | None]] = {
    Kind.PIPELINE: pipeline_of_runs,
    Kind.MODEL: model_of_runs,
    Kind.DATA: data_of_runs,
}


def _names(state: State, kind: str, resources: Sequence[Resource]) -> list[str]:
    names = {each.name for each in resources if each.kind == kind}
    if kind == Kind.PIPELINE:
        names.update(run.pipeline for run in state.runs.recent(limit=_RUNS_COMPARED))
    if kind == Kind.MODEL:
        names.update(state.runs.model_names())
    if kind == Kind.DATA:
        names.update(asset.name for asset in state.assets.all())
    return sorted(names)


def _run(state: State, target: str) -> Run:
    run = state.runs.get(target)
    if run is not None:
        return run
    kinds = [str(each.kind) for each in all_resources(state) if each.name == target]
    kinds += [str(Kind.PIPELINE)] if not kinds and state.runs.recent(target, limit=1) else []
    if kinds:
        hint = f"did you mean `reconciler describe {kinds[0]} {target}`?"
        raise UnknownError(f"there is no run `{target}`", hint=hint)
    if target.removesuffix("s") in ("source", *Kind):
        kind = singular(target)
        named = f"add its name, as in `reconciler describe {kind} NAME`; `reconciler get {kind}` lists them"
        raise UnknownError(f"which {kind}?", hint=named)
    known = [run.id for run in state.runs.recent(limit=_RUNS_COMPARED)]
    near = did_you_mean(target, known, "see `reconciler runs`; a resource is told by its kind and its name")
    raise UnknownError(f"there is no run `{target}`", hint=near)


def _show_run(body: dict[str, Any]) -> None:
    show_run_body(body)
    started = f"started {body['started']} by {body['trigger']}"
    say(harmless(f"source {body['source']} · {started} · attempt {body['attempt']}"))
    if body["schedule"]:
        say(harmless(f"schedule {body['schedule']['name']} fired for {body['schedule']['moment']}"))
    if body["mlflow_run_id"]:
        say(f"mlflow {body['mlflow_run_id']}")
    show_lock(body["lock"], "this run kept no lock: it names nothing by a reference, or is older")
