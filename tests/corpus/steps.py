"""The steps that a plan would run, in words: what each is given and what becomes of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from reconciler.model.pipelines import JobOutput
from reconciler.model.steps import CodeFolder, DataSource, Graph, InputSource, Step
from reconciler.model.sweeps import Sweep


def steps_json(graphs: Sequence[Graph]) -> dict[str, Any]:
    """By pipeline and step; what is not said is left out, and so is every digest."""
    return {graph.pipeline: {step.name: _step(step) for step in graph.steps} for graph in graphs}


def _step(step: Step) -> dict[str, Any]:
    definition = step.definition
    told: dict[str, Any] = {
        "component": " ".join(filter(None, [definition.component, definition.version])),
        "environment": " ".join(filter(None, [step.environment.name, step.environment.version])),
        "code": _code(definition.code),
        "literals": dict(definition.literals),
        "inputs": {name: _source(source) for name, source in step.sources},
        "outputs": dict(definition.outputs),
        "to": [_output(output) for output in step.outputs if output.asset_name or output.path],
        "variables": dict(definition.variables),
        "after": list(step.after),
        "sweep": _sweep(definition.sweep) if definition.sweep else None,
        "processes": str(definition.distribution) if definition.distribution else "",
        "resources": {
            field.name: value
            for field in fields(step.resources)
            if (value := getattr(step.resources, field.name)) != field.default
        },
        "timeout_seconds": step.timeout_seconds,
        "retries": step.retries,
        "is_deterministic": None if step.is_deterministic else False,
    }
    return {key: value for key, value in told.items() if value is False or value}


def _code(code: CodeFolder | None) -> list[str]:
    return sorted(code.files) if code else []


def _source(source: InputSource) -> str:
    if isinstance(source, DataSource):
        return f"{source.type} {source.label} at {source.path}"
    return f"{source.step}: {source.output}"


def _output(output: JobOutput) -> str:
    asset = f"{output.asset_name} {output.asset_version or 'next'}" if output.asset_name else ""
    return " ".join(filter(None, [output.name, "to", asset, output.path]))


def _sweep(sweep: Sweep) -> dict[str, Any]:
    told: dict[str, Any] = {
        "algorithm": sweep.algorithm,
        "seed": sweep.seed,
        "goal": f"{'maximize' if sweep.maximize else 'minimize'} {sweep.metric}",
        "trials": f"{sweep.max_total_trials}, {sweep.max_concurrent_trials} at once",
        "space": {
            name: " ".join([each.type, *map(str, each.values), *(f"{key}={value}" for key, value in each.arguments)])
            for name, each in sweep.search_space
        },
    }
    if sweep.early_termination is not None:
        policy = sweep.early_termination
        told["early_termination"] = {
            field.name: value for field in fields(policy) if (value := getattr(policy, field.name)) is not None
        }
    return told
