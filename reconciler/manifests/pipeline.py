"""Pipelines from their documents, and standalone jobs, which are pipelines of one step."""

from __future__ import annotations

import math
import re
from typing import Any

from reconciler.manifests.bindings import outputs_of, pipeline_inputs
from reconciler.manifests.fields import Reading, reference_at, shared_fields
from reconciler.manifests.jobs import check_parent_outputs, job, jobs_of, pipeline_component
from reconciler.manifests.run_settings import no_effect
from reconciler.manifests.suspended import is_suspended
from reconciler.model.manifests import Component
from reconciler.model.pipelines import (
    CHAMPION,
    FromPipelineInput,
    Goal,
    Job,
    OnNewRevision,
    Pipeline,
    PipelineComponent,
    Promotion,
)
from reconciler.model.problems import Code
from reconciler.model.references import Reference

_ON_NEW_REVISION = "reconciler.on_new_revision"
_OF_VERSIONS = re.compile(r"latest|v\d[\w-]*", re.IGNORECASE)


def pipeline(document: dict[str, Any], reading: Reading, default_name: str) -> Pipeline:
    """A pipeline with its jobs as written; whether its references lead anywhere is planning's question."""
    settings = document.get("settings") or {}
    name = str(document.get("name") or default_name)
    no_effect(document, reading, ())
    inputs = pipeline_inputs(document.get("inputs") or {}, reading)
    read = Pipeline(
        **shared_fields(document, reading, default_name),
        experiment=document.get("experiment_name") or name,
        inputs=inputs,
        outputs=outputs_of(document.get("outputs") or {}, reading, ("outputs",)),
        jobs=jobs_of(document, reading) if "jobs" in document else (_only_job(document, reading, name),),
        continue_on_step_failure=settings.get("continue_on_step_failure", False),
        force_rerun=settings.get("force_rerun", False),
        on_new_revision=_on_new_revision(document, reading),
        promotion=_promotion(document, reading),
        is_suspended=is_suspended(document, reading),
    )
    check_parent_outputs(read.jobs, (output.name for output in read.outputs), "pipeline", reading)
    return read


def standalone_job(document: dict[str, Any], reading: Reading, default_name: str) -> Pipeline:
    """A command job or a sweep job as a pipeline of one step, which goes by the same name."""
    name = str(document.get("name") or default_name)
    single = job(name, document, reading, ())
    return Pipeline(
        **shared_fields(document, reading, default_name),
        experiment=document.get("experiment_name") or name,
        jobs=(single,),
        on_new_revision=_on_new_revision(document, reading),
        is_suspended=is_suspended(document, reading),
    )


def _only_job(document: dict[str, Any], reading: Reading, name: str) -> Job:
    """The node of a pipeline that only names a component: it passes its inputs and outputs on."""
    written = document["component"]
    component: Reference | Component | PipelineComponent
    if isinstance(written, dict):
        component = pipeline_component(written, reading.within(("component",)), name)
    else:
        component = reference_at(written, reading, ("component",)) or Reference(written, path=written)
    return Job(
        "",
        component,
        inputs=tuple((given, FromPipelineInput(given)) for given in document.get("inputs") or {}),
        outputs=tuple(
            outputs_of({name: f"${{{{parent.outputs.{name}}}}}" for name in document.get("outputs") or {}}, reading, ())
        ),
        file=reading.file,
        place=reading.place,
    )


def _on_new_revision(document: dict[str, Any], reading: Reading) -> OnNewRevision:
    """`on_new_revision`, or `properties: {reconciler.on_new_revision: …}`, which Azure ML accepts too."""
    named = document.get("on_new_revision", (document.get("properties") or {}).get(_ON_NEW_REVISION))
    if named is None:
        return OnNewRevision.FINISH
    try:
        return OnNewRevision(named)
    except ValueError:
        message, hint = f"`{_ON_NEW_REVISION}` is {named!r}", "write finish, cancel or queue"
        reading.error(Code.INVALID_VALUE, message, hint, ("properties", _ON_NEW_REVISION))
        return OnNewRevision.FINISH


def _promotion(document: dict[str, Any], reading: Reading) -> Promotion | None:
    """The gate that a registered model has to pass to become champion."""
    written = document.get("promotion")
    if not written:
        return None
    min_delta = written.get("min_delta", 0.0)
    if not math.isfinite(min_delta):
        hint = "write how much better it has to be, such as 0.005"
        reading.error(Code.INVALID_VALUE, f"`min_delta` is {min_delta}", hint, ("promotion", "min_delta"))
        return None
    alias = written.get("alias", CHAMPION)
    if _OF_VERSIONS.fullmatch(alias):
        message, hint = f"the alias `{alias}` stands for a version", f"write another name, such as `{CHAMPION}`"
        reading.error(Code.INVALID_VALUE, message, hint, ("promotion", "alias"))
        return None
    goal = Goal(written.get("goal", Goal.MAXIMIZE))
    return Promotion(written["metric"], goal, float(min_delta), alias, written.get("model") or "")
