"""`get`, `runs` and `logs`: what the state says."""

from __future__ import annotations

import re
import time
from pathlib import Path

from reconciler.cli.contract import resource_json, run_json, single_run_json
from reconciler.cli.output import Format, complain, print_data, print_table, say
from reconciler.cli.run_table import show_run
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.nearest import did_you_mean
from reconciler.model.runs import Run, StepRun
from reconciler.model.status import ConditionType, Resource
from reconciler.state.folder import StateFolder
from reconciler.state.store import State

EVERY = "all"
_STEP = re.compile(r"^(.+?)(?:\[(\d+)\])?$")


def get(kind: str, name: str | None, folder: StateFolder, form: Format) -> int:
    """List sources and resources.

    Raises:
        UsageError: there is no such kind, or no resource of that name.
    """
    wanted = singular(kind, EVERY)
    state = State(folder)
    resources = [
        resource
        for resource in all_resources(state)
        if wanted in (EVERY, resource.kind) and name in (None, resource.name)
    ]
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
        headers = ("KIND", "NAME", "VERSION", "READY", "REASON", "MESSAGE", "REVISION")
        print_table(headers, [_row(resource) for resource in resources])
    return 0


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
    return [*sources, *state.sources.resources()]


def _row(resource: Resource) -> tuple[str, ...]:
    ready = resource.condition(ConditionType.READY)
    branch, _, digest = resource.revision.rpartition("sha1:")
    return (
        str(resource.kind),
        resource.name,
        resource.version or "",
        str(ready.status) if ready else "",
        ready.reason if ready else "",
        ready.message.splitlines()[0] if ready else "",
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


def logs(what: str, step: str | None, folder: StateFolder, tail: int | None) -> int:
    """Print logs of steps, or of an environment's build."""
    state = State(folder)
    try:
        if what in ("environment", "env"):
            return _environment_log(state, step, tail)
        run = state.runs.get(what) or next(iter(state.runs.recent(what, limit=1)), None)
        if run is None:
            raise UsageError(f"there is no run and no pipeline `{what}`", hint="see `reconciler runs`")
        steps = [candidate for candidate in _with_trials(state, run) if step is None or _is_named(candidate, step)]
        if step is not None and not steps:
            raise UsageError(f"{run.id} has no step `{step}`", hint=f"see `reconciler runs {run.id}`")
        for candidate in steps:
            _print_log(state, candidate, tail, with_title=len(steps) > 1)
        return 0
    finally:
        state.close()


def _with_trials(state: State, run: Run) -> list[StepRun]:
    """The steps of a run; a sweep that was reused is followed by the trials of the run that made it."""
    steps = state.runs.steps(run.id)
    with_trials = {step.name for step in steps if step.trial}
    found = []
    for step in steps:
        found.append(step)
        if step.reused_from and step.name not in with_trials:
            made_by = state.runs.steps(step.reused_from)
            found.extend(trial for trial in made_by if trial.name == step.name and trial.trial)
    return found


def _is_named(step: StepRun, wanted: str) -> bool:
    matched = _STEP.match(wanted)
    return matched is not None and step.name == matched[1] and matched[2] in (None, step.trial)


def _print_log(state: State, step: StepRun, tail: int | None, with_title: bool) -> None:
    label = f"{step.name}[{step.trial}]" if step.trial else step.name
    path = step.log or _log_of_origin(state, step)
    if not path:
        if not with_title:
            complain(f"{label} printed nothing: it is {step.status}")
        return
    if with_title:
        say(f"==> {label} <==")
    _print_file(Path(path), tail)


def _log_of_origin(state: State, step: StepRun) -> str:
    """The log of the run that made a reused result."""
    if not step.reused_from:
        return ""
    origin = {(known.name, known.trial): known for known in state.runs.steps(step.reused_from)}
    found = origin.get((step.name, step.trial))
    return found.log if found else ""


def _environment_log(state: State, name: str | None, tail: int | None) -> int:
    found = [item for item in state.environments.all() if item.name == name and item.log]
    if not found:
        known = ", ".join(sorted({item.name for item in state.environments.all()})) or "none was built yet"
        message = f"there is no environment `{name}`" if name else "the environment has to be named"
        raise UsageError(message, hint=f"built: {known}")
    _print_file(Path(found[-1].log), tail)
    return 0


def _print_file(path: Path, tail: int | None) -> None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        complain(f"the log {path} is gone")
        return
    for line in lines[-tail:] if tail else lines:
        say(line)
