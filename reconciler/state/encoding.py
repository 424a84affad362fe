"""Values of the model to rows and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.manifests import Kind
from reconciler.model.plan import ReleasedVersion
from reconciler.model.releases import Resolution, Skipped
from reconciler.model.resources import Processes
from reconciler.model.runs import RegisteredModel, Result, Run, RunStatus, StepRun, StepStatus
from reconciler.model.status import Condition, ConditionType, Trouble
from reconciler.model.steps import CodeFolder, Definition
from reconciler.model.sweeps import (
    Distribution,
    EarlyTermination,
    EarlyTerminationPolicy,
    SamplingAlgorithm,
    SamplingRule,
    Sweep,
)
from reconciler.state.database import Row

_ENCODER = json.JSONEncoder(separators=(",", ":"))


def text(value: object) -> str:
    """A list or mapping as JSON; insertion order is kept.

    In ASCII, for names of files may hold bytes that are no text, which SQLite would not take.
    """
    return _ENCODER.encode(value)


def _mapping(body: str) -> dict[str, Any]:
    """The mapping again; most are empty, and need no parser."""
    if body == "{}":
        return {}
    read: dict[str, Any] = json.loads(body)
    return read


def _items(body: str) -> tuple[Any, ...]:
    return () if body == "[]" else tuple(json.loads(body))


def run_of(row: Row, lock: str = "[]") -> Run:
    """The run again; its lock is read only where it is asked for, as it may be long."""
    return Run(
        id=row["id"],
        pipeline=row["pipeline"],
        source=row["source"],
        revision=row["revision"],
        closure=row["closure"],
        status=RunStatus(row["status"]),
        trigger=row["trigger_name"],
        started=row["started"],
        ended=row["ended"],
        experiment=row["experiment"],
        mlflow_run_id=row["mlflow_run_id"],
        reasons=_items(row["reasons"]),
        error=row["error"],
        restored_from=row["restored_from"],
        attempt=row["attempt"],
        lock=lock_of(lock),
    )


def lock_text(lock: Iterable[Resolution]) -> str:
    """A lock as JSON, without what is empty."""
    return text([_resolution_body(resolution) for resolution in lock])


def _resolution_body(resolution: Resolution) -> dict[str, object]:
    body: dict[str, object] = {
        "kind": resolution.kind,
        "reference": resolution.reference,
        "name": resolution.name,
        "version": resolution.version,
        "file": resolution.file,
    }
    if resolution.tag:
        body["tag"] = resolution.tag
    if resolution.commit:
        body["commit"] = resolution.commit
    if resolution.digest:
        body["digest"] = resolution.digest
    if resolution.skipped:
        body["skipped"] = [[each.version, each.why] for each in resolution.skipped]
    return body


def lock_of(body: str) -> tuple[Resolution, ...]:
    return tuple(_resolution_of(read) for read in _items(body))


def _resolution_of(read: dict[str, Any]) -> Resolution:
    return Resolution(
        Kind(read["kind"]),
        read["reference"],
        read["name"],
        read["version"],
        read["file"],
        read.get("tag", ""),
        read.get("commit", ""),
        read.get("digest", ""),
        tuple(Skipped(version, why) for version, why in read.get("skipped", ())),
    )


def step_of(row: Row) -> StepRun:
    return StepRun(
        run_id=row["run_id"],
        name=row["name"],
        trial=row["trial"],
        kind=row["kind"],
        status=StepStatus(row["status"]),
        fingerprint=row["fingerprint"],
        definition=row["definition"],
        inputs=_mapping(row["inputs"]),
        outputs=_mapping(row["outputs"]),
        reasons=_items(row["reasons"]),
        started=row["started"],
        ended=row["ended"],
        mlflow_run_id=row["mlflow_run_id"],
        metrics=_mapping(row["metrics"]),
        hyperparameters=_mapping(row["hyperparameters"]),
        reused_from=row["reused_from"],
        handle=row["handle"],
        log=row["log"],
        error=row["error"],
        failure=row["failure"],
        attempt=row["attempt"],
    )


def step_row(step: StepRun, position: int) -> dict[str, object]:
    return {
        "run_id": step.run_id,
        "name": step.name,
        "trial": step.trial,
        "position": position,
        "kind": step.kind,
        "status": step.status,
        "fingerprint": step.fingerprint,
        "definition": step.definition,
        "inputs": text(dict(step.inputs)),
        "outputs": text(dict(step.outputs)),
        "reasons": text(list(step.reasons)),
        "started": step.started,
        "ended": step.ended,
        "mlflow_run_id": step.mlflow_run_id,
        "metrics": text(dict(step.metrics)),
        "hyperparameters": text(dict(step.hyperparameters)),
        "reused_from": step.reused_from,
        "handle": step.handle,
        "log": step.log,
        "error": step.error,
        "failure": step.failure,
        "attempt": step.attempt,
    }


def result_of(row: Row) -> Result:
    return Result(
        fingerprint=row["fingerprint"],
        definition=row["definition"],
        outputs=_mapping(row["outputs"]),
        run_id=row["run_id"],
        step=row["step"],
        mlflow_run_id=row["mlflow_run_id"],
        metrics=_mapping(row["metrics"]),
        trials=_items(row["trials"]),
        hyperparameters=_mapping(row["hyperparameters"]),
        seconds=row["seconds"],
        apart=row["apart"],
    )


def model_of(row: Row) -> RegisteredModel:
    return RegisteredModel(
        row["run_id"],
        row["name"],
        row["version"],
        tuple(json.loads(row["aliases"])),
        row["mlflow_run_id"],
        row["semver"],
        row["metric_name"],
        row["metric"],
        row["commit_id"],
    )


def model_row(model: RegisteredModel) -> tuple[object, ...]:
    return (
        model.run_id,
        model.name,
        model.version,
        text(model.aliases),
        model.mlflow_run_id,
        model.semver,
        model.metric_name,
        model.metric,
        model.commit,
    )


def version_of(row: Row) -> ReleasedVersion:
    return ReleasedVersion(
        Kind(row["kind"]),
        row["name"],
        row["version"],
        row["digest"],
        row["revision"],
        row["interface"],
        row["description"],
    )


def conditions_text(conditions: tuple[Condition, ...]) -> str:
    return text([dataclasses.asdict(condition) for condition in conditions])


def conditions_of(body: str) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            ConditionType(item["type"]),
            item["status"],
            item["reason"],
            item["message"],
            item["since"],
            Trouble(item["trouble"]) if item.get("trouble") else None,
            item.get("tries", 0),
            item.get("next_try"),
        )
        for item in json.loads(body)
    )


def definition_text(definition: Definition) -> str:
    """A definition without the list of its code's files, which is kept once per tree."""
    body = {
        field.name: getattr(definition, field.name)
        for field in dataclasses.fields(definition)
        if field.name not in ("code", "sweep", "distribution")
    }
    body["code"] = [definition.code.path, definition.code.tree] if definition.code else None
    body["sweep"] = dataclasses.asdict(definition.sweep) if definition.sweep else None
    body["distribution"] = dataclasses.asdict(definition.distribution) if definition.distribution else None
    return text(body)


def definition_of(body: str, files: Mapping[str, Mapping[str, str]]) -> Definition:
    """The definition again; `files` holds the files of code trees."""
    read: dict[str, Any] = json.loads(body)
    code = read.pop("code")
    sweep = read.pop("sweep")
    processes = read.pop("distribution", None)
    for key in ("ports", "literals", "outputs", "variables"):
        read[key] = tuple((name, value) for name, value in read[key])
    return Definition(
        **read,
        code=CodeFolder(code[0], code[1], files.get(code[1], {})) if code else None,
        sweep=_sweep_of(sweep) if sweep else None,
        distribution=Processes(**processes) if processes else None,
    )


def _sweep_of(read: dict[str, Any]) -> Sweep:
    space = tuple((name, _distribution_of(described)) for name, described in read.pop("search_space"))
    ending = read.pop("early_termination", None)
    return Sweep(
        search_space=space,
        algorithm=SamplingAlgorithm(read.pop("algorithm")),
        rule=SamplingRule(read.pop("rule", SamplingRule.RANDOM)),
        early_termination=_early_termination_of(ending) if ending else None,
        **read,
    )


def _early_termination_of(read: dict[str, Any]) -> EarlyTermination:
    return EarlyTermination(EarlyTerminationPolicy(read.pop("policy")), **read)


def _distribution_of(read: dict[str, Any]) -> Distribution:
    arguments = tuple((name, value) for name, value in read["arguments"])
    return Distribution(read["type"], tuple(read["values"]), arguments)
