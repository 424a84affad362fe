"""The JSON that other programs rely on: plans, validations, runs and resources."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.model.desired import Desired
from reconciler.model.pins import Pin
from reconciler.model.plan import PipelinePlan, Plan, SchedulePlan, StepAction
from reconciler.model.problems import Problem
from reconciler.model.releases import Resolution
from reconciler.model.runs import Judgement, Run, StepRun
from reconciler.model.status import Condition, Resource
from reconciler.model.suspensions import Suspension


def plan_json(plan: Plan, now: float | None = None) -> dict[str, Any]:
    """A plan; when schedules fire next is told as of `now`, which is this moment unless given."""
    now = time.time() if now is None else now
    return {
        "revision": plan.revision,
        "base": plan.base,
        "environments": [
            {"name": item.name, "version": item.version, "action": item.action, "reasons": list(item.reasons)}
            for item in plan.environments
        ],
        "pipelines": [
            {
                "name": pipeline.name,
                "action": pipeline.action,
                "reasons": list(pipeline.reasons),
                "steps": _steps_json(pipeline),
                "lock": lock_json(pipeline.graph.lock),
            }
            for pipeline in plan.pipelines
        ],
        "versions": [
            {
                "kind": item.kind,
                "name": item.name,
                "from": item.old,
                "to": item.new,
                "required": item.required,
                "ok": item.is_ok,
                "why": list(item.why),
                "wanted": item.wanted or None,
                "note": item.note or None,
            }
            for item in plan.versions
        ],
        "prune": [{"kind": item.kind, "name": item.name} for item in plan.prune],
        "schedules": [
            {"name": schedule.name, "pipeline": schedule.pipeline, "next": next_firing(schedule, now)}
            for schedule in plan.schedules
        ],
        "errors": [problem_json(problem) for problem in plan.problems],
    }


def _steps_json(pipeline: PipelinePlan) -> list[dict[str, Any]]:
    """The steps, each nested pipeline before the first of its own."""
    listed: list[dict[str, Any]] = []
    told: set[str] = set()
    for step in pipeline.steps:
        for node in pipeline.graph.nested:
            if node not in told and step.name.startswith(f"{node}."):
                told.add(node)
                listed.append({"name": node, "kind": "pipeline", "action": _node_action(pipeline, node), "reasons": []})
        listed.append({"name": step.name, "kind": step.kind, "action": step.action, "reasons": list(step.reasons)})
    return listed


def _node_action(pipeline: PipelinePlan, node: str) -> StepAction:
    """What becomes of a nested pipeline: the most that becomes of any of its steps."""
    actions = {step.action for step in pipeline.steps if step.name.startswith(f"{node}.")}
    return next(action for action in (StepAction.RUN, StepAction.MAYBE, StepAction.REUSE) if action in actions)


def next_firing(schedule: SchedulePlan, now: float) -> str | None:
    """When a schedule fires next, None where it does not."""
    if schedule.trigger is None:
        return None
    from reconciler.schedules.firing_times import next_after  # calendars take time to import

    moment = next_after(schedule.trigger, now)
    return rfc3339(moment) if moment is not None else None


def validation_json(desired: Desired, problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "files": desired.file_count,
        "manifests": len(desired.manifests),
        "errors": [problem_json(problem) for problem in problems],
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
    }


def run_json(run: Run, steps: Sequence[StepRun], judgements: Sequence[Judgement] = ()) -> dict[str, Any]:
    return {
        "id": run.id,
        "pipeline": run.pipeline,
        "source": run.source,
        "revision": run.revision,
        "status": run.status,
        "trigger": run.trigger,
        "started": rfc3339(run.started),
        "seconds": seconds(run.started, run.ended),
        "mlflow_run_id": run.mlflow_run_id,
        "restored_from": run.restored_from or None,
        "reasons": list(run.reasons),
        "error": run.error or None,
        "steps": [
            _step_json(step, [trial for trial in steps if trial.name == step.name and trial.trial])
            for step in steps
            if not step.trial
        ],
        "promotions": [promotion_json(judgement) for judgement in judgements],
    }


def single_run_json(run: Run, steps: Sequence[StepRun], judgements: Sequence[Judgement] = ()) -> dict[str, Any]:
    """A run that was asked for by itself: with what it was made of, which is too long for a list of runs."""
    return {**run_json(run, steps, judgements), "lock": lock_json(run.lock)}


def promotion_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "model": judgement.name,
        "version": judgement.version,
        "semver": judgement.semver,
        "alias": judgement.alias,
        "metric": judgement.metric_name,
        "value": finite(judgement.metric),
        "champion": judgement.champion_semver or None,
        "champion_value": finite(judgement.champion_metric),
        "promoted": judgement.is_promoted,
        "why": judgement.why,
    }


def finite(value: float | None) -> float | None:
    """JSON has no infinities."""
    return value if value is not None and math.isfinite(value) else None


def lock_json(lock: Sequence[Resolution]) -> list[dict[str, Any]]:
    return [
        {
            "kind": resolution.kind,
            "reference": resolution.reference,
            "name": resolution.name,
            "version": resolution.version,
            "tag": resolution.tag or None,
            "commit": resolution.commit or None,
            "digest": resolution.digest,
            "skipped": [{"version": each.version, "why": each.why} for each in resolution.skipped],
        }
        for resolution in lock
    ]


def _step_json(step: StepRun, trials: Sequence[StepRun]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": step.name,
        "kind": step.kind,
        "status": step.status,
        "fingerprint": step.fingerprint,
        "seconds": seconds(step.started, step.ended),
        "mlflow_run_id": step.mlflow_run_id,
        "reasons": list(step.reasons),
        "metrics": dict(step.metrics),
        "outputs": dict(step.outputs),
        "error": step.error or None,
        "failure": step.failure or None,
        "attempt": step.attempt,
    }
    if trials:
        body["trials"] = [
            {**_step_json(trial, []), "name": f"{trial.name}[{trial.trial}]", "hyperparameters": trial.hyperparameters}
            for trial in trials
        ]
    return body


def resource_json(resource: Resource) -> dict[str, Any]:
    return {
        "kind": resource.kind,
        "name": resource.name,
        "version": resource.version,
        "source": resource.source,
        "revision": resource.revision,
        "suspended": resource.is_suspended,
        "suspension": _suspension_json(resource.suspension) if resource.suspension else None,
        "pin": _pin_json(resource.pin) if resource.pin else None,
        "conditions": [
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition_text(condition),
                "since": rfc3339(condition.since),
                "class": condition.trouble,
                "tries": condition.tries,
                "next_try": None if condition.next_try is None else rfc3339(condition.next_try),
            }
            for condition in resource.conditions
        ],
    }


def condition_text(condition: Condition) -> str:
    """The message of a condition, how often it was tried in vain, and when it is again."""
    tried = f"tried {condition.tries} time{'' if condition.tries == 1 else 's'}" if condition.tries else ""
    again = "" if condition.next_try is None else f"next at {rfc3339(condition.next_try)}"
    return "; ".join(filter(None, (condition.message, ", ".join(filter(None, (tried, again))))))


def _pin_json(pin: Pin) -> dict[str, Any]:
    return {"revision": pin.revision, "by": pin.by, "since": pin.since, "reason": pin.reason or None}


def _suspension_json(suspension: Suspension) -> dict[str, Any]:
    return {"by": suspension.by, "since": suspension.since, "reason": suspension.reason or None}


def rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def seconds(started: float | None, ended: float | None) -> float | None:
    return round(ended - started, 3) if started is not None and ended is not None else None
