"""The bodies of answers as OpenAPI describes them; they are those of the command line's `-o json`."""

from __future__ import annotations

import http
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
NUMBER_OR_NONE: Schema = {"type": ["number", "null"]}
TEXTS: Schema = {"type": "array", "items": TEXT}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def a_list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def an_object(description: str, **properties: Schema) -> Schema:
    """An object with these keys; more of them may come."""
    return {"type": "object", "description": description, "properties": properties, "required": [*properties]}


def told(schema: Schema, description: str = "As `-o json` of the command line has it.") -> dict[int | str, Any]:
    """A good answer with such a body."""
    return {200: {"description": description, "content": {"application/json": {"schema": schema}}}}


def refusals_of(*statuses: int) -> dict[int | str, Any]:
    """Refusals, each a problem detail."""
    content = {"application/problem+json": {"schema": PROBLEM}}
    return {status: {"description": http.HTTPStatus(status).phrase, "content": content} for status in statuses}


PROBLEM = an_object(
    "A problem detail as RFC 9457 has it: what is wrong, and how to mend it.",
    type=TEXT,
    title=TEXT,
    status={"type": "integer"},
    detail=TEXT,
    hint=TEXT,
)
CONDITION = an_object(
    "One statement about a resource.",
    type={"enum": ["Ready", "Reconciling", "Stalled"]},
    status={"type": "boolean"},
    reason=TEXT,
    message=TEXT,
    since=MOMENT,
)
RESOURCE = an_object(
    "A source, or a manifest of its applied revision, and how it stands.",
    kind=TEXT,
    name=TEXT,
    version=TEXT_OR_NONE,
    source=TEXT,
    revision=TEXT,
    suspended={"type": "boolean"},
    conditions=a_list(CONDITION),
)
STEP = an_object(
    "One step of a run; `trials` are those of a sweep.",
    name=TEXT,
    kind=TEXT,
    status={"enum": ["pending", "running", "succeeded", "reused", "failed", "skipped", "cancelled"]},
    fingerprint=TEXT,
    seconds=NUMBER_OR_NONE,
    reasons=TEXTS,
    metrics={"type": "object"},
    outputs={"type": "object"},
    error=TEXT_OR_NONE,
)
RUN = an_object(
    "One execution of a pipeline.",
    id=TEXT,
    pipeline=TEXT,
    source=TEXT,
    revision=TEXT,
    status={"enum": ["running", "succeeded", "failed", "cancelled", "restored"]},
    trigger=TEXT,
    started=MOMENT,
    seconds=NUMBER_OR_NONE,
    mlflow_run_id=TEXT,
    reasons=TEXTS,
    error=TEXT_OR_NONE,
    steps=a_list(STEP),
)
EVENT = an_object(
    "What happened to a resource; the same again is counted.",
    id={"type": "integer"},
    source=TEXT_OR_NONE,
    kind=TEXT,
    name=TEXT,
    type={"enum": ["Normal", "Warning"]},
    reason=TEXT,
    message=TEXT,
    revision=TEXT_OR_NONE,
    run=TEXT_OR_NONE,
    count={"type": "integer"},
    first=MOMENT,
    last=MOMENT,
)
HISTORY = an_object(
    "A content of a resource, with what came of it.",
    what=TEXT,
    status=TEXT,
    first={"type": ["string", "null"], "format": "date-time"},
    last={"type": ["string", "null"], "format": "date-time"},
    count={"type": "integer"},
    digest=TEXT_OR_NONE,
    revision=TEXT_OR_NONE,
    run=TEXT_OR_NONE,
    trigger=TEXT_OR_NONE,
    message=TEXT_OR_NONE,
)
DESCRIPTION = an_object(
    "A resource with its history and its events; each kind has more of its own.",
    **RESOURCE["properties"],
    also_in=TEXTS,
    history=a_list(HISTORY),
    events=a_list(EVENT),
)
RUN_DESCRIPTION = an_object(
    "A run with its lock, its models and the schedule that fired it.",
    **RUN["properties"],
    attempt={"type": "integer"},
    lock={"type": "array"},
    models={"type": "array"},
    registered={"type": "array"},
    schedule={"type": ["object", "null"]},
)
TREE = an_object(
    "A run, its steps in order, each with what it reads, what it comes after and what comes after it.",
    run=TEXT,
    pipeline=TEXT,
    status=TEXT,
    steps={"type": "array"},
)
TRACE = an_object(
    "Where something comes from; of a step, what it reads and who made that.",
    target=TEXT,
    run=TEXT,
    source=TEXT,
    revision=TEXT,
    commit={"type": ["object", "null"]},
)
MODEL = an_object(
    "A version of a registered model.", name=TEXT, semver=TEXT_OR_NONE, version=TEXT, run=TEXT, aliases=TEXTS
)
PLAN = an_object(
    "What was to be done when a revision was taken up.",
    revision=TEXT,
    base=TEXT,
    environments={"type": "array"},
    pipelines={"type": "array"},
    versions={"type": "array"},
    prune={"type": "array"},
    errors={"type": "array"},
)
DONE = an_object("What came of it.", source=TEXT, message=TEXT)
BEGUN = an_object("What came of it; `run` is null where there was nothing to do.", run=TEXT_OR_NONE, message=TEXT)
ACT = an_object(
    "What came of it; where `ok` is false, `warnings` say what is left to be done.",
    message=TEXT,
    told=TEXTS,
    warnings=TEXTS,
    ok={"type": "boolean"},
    resources=a_list(RESOURCE),
)
