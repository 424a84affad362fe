"""Schedules from their documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.manifests.bindings import outputs_of
from reconciler.manifests.fields import Reading, reference_at, shared_fields
from reconciler.manifests.kinds import Form, unsupported_job
from reconciler.manifests.lateness import lateness
from reconciler.manifests.pipeline import pipeline, standalone_job
from reconciler.manifests.schema import check
from reconciler.manifests.suspended import is_suspended
from reconciler.manifests.trigger import trigger
from reconciler.manifests.trigger_time import overridden_inputs, own_inputs
from reconciler.model.nearest import did_you_mean
from reconciler.model.pipelines import Pipeline
from reconciler.model.problems import Code, Pointer
from reconciler.model.schedules import Overrides, Schedule, Trigger

_JOB = "create_job"
_OVERRIDES = ("inputs", "outputs", "settings", "experiment_name")
_ACCEPTED = {
    *("$schema", "type", "job", "name", "display_name", "description", "tags", "properties", "compute", "identity"),
    *_OVERRIDES,
}
_RUNNABLE = ("pipeline", "command", "sweep")
_INLINE_KEYS = {"jobs", "command", "component", "trial"}
_UNNAMED = "job"
_ENABLED = "reconciler.is_enabled"


def schedule(document: dict[str, Any], reading: Reading, default_name: str) -> Schedule:
    """A schedule; whether its job is there, planning asks at every revision, and again when it fires."""
    read = Schedule(
        **shared_fields(document, reading, default_name),
        is_enabled=_is_enabled(document, reading),
        is_suspended=is_suspended(document, reading),
        lateness=lateness(document, reading),
    )
    when = trigger(document["trigger"], reading)
    read = replace(read, trigger=when or Trigger(read.trigger.when))
    written = document[_JOB]
    if isinstance(written, str):
        return replace(read, job=reference_at(written, reading, (_JOB,)))
    kind = str(written.get("type") or "pipeline")
    if kind not in _RUNNABLE:
        said = unsupported_job(kind)
        message = f"{said.name} are not supported: this schedule does not fire"
        reading.warning(Code.UNSUPPORTED_KIND, message, said.why, (_JOB, "type"))
        return replace(read, unsupported=f"{said.name} are not supported")
    return _with_job(read, written, reading)


def _is_enabled(document: Mapping[str, Any], reading: Reading) -> bool:
    """`is_enabled`, or `properties: {reconciler.is_enabled: "false"}`, which Azure ML accepts in a file too."""
    written = document.get("is_enabled", (document.get("properties") or {}).get(_ENABLED, True))
    said = str(written).lower()
    if said not in ("true", "false"):
        message = f"`{_ENABLED}` is {written!r}"
        reading.error(Code.INVALID_VALUE, message, 'write "true" or "false"', ("properties", _ENABLED))
    return said != "false"


def _with_job(read: Schedule, written: dict[str, Any], reading: Reading) -> Schedule:
    """The schedule with its job, which is named or stands inside of it, and what is said otherwise of that."""
    named = written.get("job")
    if named is None:
        given, own = own_inputs(written, reading.within((_JOB,)))
        job = _inline(own, reading.within((_JOB,)), read.name)
        return replace(read, job=job, overrides=Overrides(inputs=given))
    _note_unknown(written, reading)
    overrides = _overrides(written, reading.within((_JOB,)))
    place: Pointer = (_JOB, "job")
    if isinstance(named, str):
        return replace(read, job=reference_at(named, reading, place), job_place=place, overrides=overrides)
    given, own = own_inputs(named, reading.within(place))
    inputs = {**dict(given), **dict(overrides.inputs)}
    return replace(
        read,
        job=_inline(own, reading.within(place), read.name),
        job_place=place,
        overrides=replace(overrides, inputs=tuple(inputs.items())),
    )


def _overrides(written: Mapping[str, Any], reading: Reading) -> Overrides:
    settings = written.get("settings") or {}
    return Overrides(
        inputs=overridden_inputs(written.get("inputs") or {}, reading, ("inputs",)),
        outputs=outputs_of(written.get("outputs") or {}, reading, ("outputs",)),
        experiment=written.get("experiment_name"),
        continue_on_step_failure=settings.get("continue_on_step_failure"),
        force_rerun=settings.get("force_rerun"),
    )


def _inline(document: dict[str, Any], reading: Reading, owner: str) -> Pipeline | None:
    """The job that a schedule holds itself; None with its problems noted."""
    form = _form_of(document)
    problems = check(form, document, reading.file)
    reading.problems.extend(replace(problem, pointer=(*reading.place, *problem.pointer)) for problem in problems)
    if any(problem.is_error for problem in problems):
        return None
    read = (pipeline if form is Form.PIPELINE else standalone_job)(document, reading, _UNNAMED)
    return read if document.get("experiment_name") else replace(read, experiment=owner)


def _form_of(document: Mapping[str, Any]) -> Form:
    kind = document.get("type")
    if "jobs" in document or kind == "pipeline":
        return Form.PIPELINE
    if "trial" in document or kind == "sweep":
        return Form.SWEEP_JOB
    return Form.COMMAND_JOB if "command" in document or kind == "command" else Form.PIPELINE


def _note_unknown(written: Mapping[str, Any], reading: Reading) -> None:
    """Warn of what is neither known nor done of a mapping that names its job."""
    for key in written:
        if key in _ACCEPTED:
            continue
        hint = did_you_mean(str(key), sorted(_ACCEPTED), "write it in the job itself")
        if key in _INLINE_KEYS:
            hint = "take out `job:`, or this"
        message = f"`{key}` is not known here and has no effect"
        reading.warning(Code.UNKNOWN_PROPERTY, message, hint, (_JOB, str(key)))
