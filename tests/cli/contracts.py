"""The JSON that other programs rely on, as DESIGN.md promises it."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

TEXT: dict[str, Any] = {"type": "string"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
TIME: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_OR_NONE: dict[str, Any] = {"type": ["string", "null"]}
_SECONDS: dict[str, Any] = {"type": ["number", "null"], "minimum": 0}


def _choice(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


def _record(is_exact: bool = True, /, **properties: Any) -> dict[str, Any]:
    """An object with these keys, all of them; with no others where it is exact."""
    record = {"type": "object", "properties": properties, "required": list(properties)}
    return {**record, "additionalProperties": False} if is_exact else record


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_PROBLEM = _record(
    file=TEXT,
    line={"type": "integer", "minimum": 1},
    column={"type": "integer", "minimum": 1},
    code={"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
    severity=_choice("error", "warning"),
    message=TEXT,
    hint=TEXT,
)
_VERSION = _record(
    **{
        "kind": _choice("component", "environment", "data", "pipeline"),
        "name": TEXT,
        "from": {"type": ["string", "null"]},
        "to": {"type": ["string", "null"]},
        "required": _choice("major", "minor", "patch", "none"),
        "ok": {"type": "boolean"},
        "why": TEXTS,
        "wanted": {"type": ["string", "null"]},
        "note": {"type": ["string", "null"]},
    }
)
_RESOLUTION: dict[str, Any] = {
    "kind": _choice("component", "environment", "data", "pipeline", "model"),
    "reference": TEXT,
    "name": TEXT,
    "version": _OR_NONE,
    "tag": _OR_NONE,
    "commit": _OR_NONE,
    "digest": TEXT,
    "skipped": _list(_record(version=TEXT, why=TEXT)),
}
LOCK = _list(_record(**_RESOLUTION))
EXPLAINED_LOCK = _list(_record(**_RESOLUTION, explained=TEXT))
PLAN = _record(
    revision=TEXT,
    base=TEXT,
    environments=_list(_record(name=TEXT, version=_OR_NONE, action=_choice("build", "none"), reasons=TEXTS)),
    pipelines=_list(
        _record(
            name=TEXT,
            action=_choice("run", "restore", "none"),
            reasons=TEXTS,
            steps=_list(
                _record(
                    name=TEXT,
                    kind=_choice("command", "sweep", "pipeline"),
                    action=_choice("run", "reuse", "maybe"),
                    reasons=TEXTS,
                )
            ),
            lock=LOCK,
        )
    ),
    versions=_list(_VERSION),
    prune=_list(_record(kind=TEXT, name=TEXT)),
    schedules=_list(_record(name=TEXT, pipeline=TEXT, next={"anyOf": [TIME, {"type": "null"}]})),
    errors=_list(_PROBLEM),
)
VALIDATION = _record(
    files={"type": "integer", "minimum": 0}, manifests={"type": "integer", "minimum": 0}, errors=_list(_PROBLEM)
)
RUNS = _list(
    _record(
        False,
        id=TEXT,
        pipeline=TEXT,
        revision={"type": "string", "pattern": "^[^@]+@sha1:[0-9a-f]{40}$"},
        status=_choice("running", "succeeded", "failed", "cancelled", "restored"),
        started=TIME,
        seconds=_SECONDS,
        mlflow_run_id=TEXT,
        steps=_list(
            _record(
                False,
                name=TEXT,
                status=_choice("succeeded", "reused", "failed", "skipped", "running", "cancelled"),
                fingerprint=TEXT,
                seconds=_SECONDS,
                mlflow_run_id=TEXT,
                reasons=TEXTS,
            )
        ),
    )
)
RESOURCES = _list(
    _record(
        False,
        kind=_choice("source", "component", "environment", "data", "pipeline"),
        name=TEXT,
        version=_OR_NONE,
        source=TEXT,
        revision=TEXT,
        suspended={"type": "boolean"},
        conditions={
            **_list(
                _record(
                    type=_choice("Ready", "Reconciling", "Stalled"),
                    status={"type": "boolean"},
                    reason={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
                    message=TEXT,
                    since=TIME,
                    **{"class": {"enum": ["stalling", "waiting", "transient", None]}},
                    tries={"type": "integer", "minimum": 0},
                    next_try={"anyOf": [TIME, {"type": "null"}]},
                )
            ),
            "minItems": 1,
        },
    )
)

_USED_BY = _list(
    _record(
        pipeline=TEXT,
        run=TEXT,
        version=_OR_NONE,
        references=TEXTS,
        tag=_OR_NONE,
        commit=_OR_NONE,
        steps=TEXTS,
    )
)
PIPELINE_DESCRIPTION = _record(
    False,
    kind=_choice("pipeline"),
    name=TEXT,
    conditions={"type": "array"},
    schedules=_list(_record(False, name=TEXT, source=TEXT, fired=_OR_NONE, run=_OR_NONE, says=TEXT)),
    waiting=_list(_record(revision=TEXT, since=TIME, trigger=TEXT, source=TEXT)),
    runs=_list(
        _record(False, id=TEXT, status=TEXT, trigger=TEXT, revision=TEXT, started=TIME, seconds=_SECONDS),
    ),
    current=_OR_NONE,
    lock=EXPLAINED_LOCK,
    models=_list(_record(False, name=TEXT, version=TEXT, aliases=TEXTS, run=TEXT)),
)
USED_DESCRIPTION = _record(False, kind=TEXT, name=TEXT, conditions={"type": "array"}, used_by=_USED_BY)

TREE = _record(
    run=TEXT,
    pipeline=TEXT,
    source=TEXT,
    revision=TEXT,
    status=TEXT,
    trigger=TEXT,
    started=TIME,
    seconds=_SECONDS,
    restored_from=_OR_NONE,
    steps=_list(
        _record(
            name=TEXT,
            node=_OR_NONE,
            kind=_choice("command", "sweep"),
            status=TEXT,
            reused_from=_OR_NONE,
            seconds=_SECONDS,
            component=_OR_NONE,
            component_version=_OR_NONE,
            environment=_OR_NONE,
            environment_version=_OR_NONE,
            after=TEXTS,
            before=TEXTS,
            inputs=_list(_record(name=TEXT, digest=_OR_NONE, step=_OR_NONE, output=_OR_NONE, data=_OR_NONE)),
            reasons=TEXTS,
            trials=_list(
                _record(
                    name=TEXT,
                    status=TEXT,
                    seconds=_SECONDS,
                    hyperparameters={"type": "object"},
                    metrics={"type": "object"},
                )
            ),
        )
    ),
)
HISTORY = _list(
    _record(
        what=TEXT,
        status=TEXT,
        first=_OR_NONE,
        last=_OR_NONE,
        count={"type": "integer", "minimum": 1},
        digest=_OR_NONE,
        revision=_OR_NONE,
        run=_OR_NONE,
        trigger=_OR_NONE,
        message=_OR_NONE,
    )
)
EVENTS = _list(
    _record(
        id={"type": "integer"},
        source=_OR_NONE,
        kind=TEXT,
        name=TEXT,
        type=_choice("Normal", "Warning"),
        reason={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
        message=TEXT,
        revision=_OR_NONE,
        run=_OR_NONE,
        count={"type": "integer", "minimum": 1},
        first=TIME,
        last=TIME,
    )
)


def keeps(contract: dict[str, Any], data: Any) -> bool:
    """Whether data are as a contract says; the first breach is raised."""
    Draft202012Validator(contract).validate(data)
    return True
