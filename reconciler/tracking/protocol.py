"""What the daemon and the worker say to each other: one JSON object a line, one answer to each request, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reconciler.model.errors import TrackingAwayError, TrackingError
from reconciler.tracking.base import ModelDetails, ModelMark, ModelRequest, ModelVersion, RunData, RunRequest


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do.

    Attributes:
        number: counts up; the answer bears the same.
        started: milliseconds since the epoch, different for each request. A run is started at that time, which tells
            whether a worker that died had made it already.
        repeated: a worker died over it; what that one did must not be done twice.
    """

    number: int
    do: str
    arguments: Mapping[str, Any]
    started: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a request, or the error that came of it (then `result` means nothing)."""

    number: int
    result: Any = None
    error: Mapping[str, Any] | None = None


def write_request(request: Request) -> bytes:
    return _line(
        {"number": request.number, "do": request.do, "with": dict(request.arguments), "started": request.started}
        | ({"repeated": True} if request.repeated else {})
    )


def read_request(line: bytes) -> Request:
    said = json.loads(line)
    return Request(said["number"], said["do"], said["with"], said["started"], said.get("repeated", False))


def write_answer(answer: Answer) -> bytes:
    said = {"result": answer.result} if answer.error is None else {"error": answer.error}
    return _line({"number": answer.number} | said)


def read_answer(line: bytes) -> Answer:
    said = json.loads(line)
    return Answer(said["number"], said.get("result"), said.get("error"))


def error_as_json(error: TrackingError) -> dict[str, Any]:
    is_away = isinstance(error, TrackingAwayError)
    return {"message": error.message, "place": error.place, "hint": error.hint, "is_away": is_away}


def error_from_json(said: Mapping[str, Any]) -> TrackingError:
    kind = TrackingAwayError if said.get("is_away") else TrackingError
    return kind(said["message"] or "MLflow refuses", place=said["place"], hint=said["hint"])


def run_request_as_json(request: RunRequest) -> dict[str, Any]:
    return {
        "experiment": request.experiment,
        "name": request.name,
        "parent": request.parent,
        "root": request.root,
        "tags": dict(request.tags),
        "params": dict(request.params),
        "is_again": request.is_again,
        "is_urgent": request.is_urgent,
    }


def run_request_from_json(said: Mapping[str, Any]) -> RunRequest:
    return RunRequest(**said)


def run_data_as_json(data: RunData) -> dict[str, Any]:
    return asdict(data)


def run_data_from_json(said: Mapping[str, Any]) -> RunData:
    return RunData(**{**said, "models": tuple(said["models"]), "strays": tuple(said["strays"])})


def histories_from_json(said: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
    return {run_id: tuple(values) for run_id, values in said.items()}


def model_request_as_json(request: ModelRequest) -> dict[str, Any]:
    return {**asdict(request), "path": str(request.path), "tags": dict(request.tags)}


def model_request_from_json(said: Mapping[str, Any]) -> ModelRequest:
    return ModelRequest(**{**said, "path": Path(said["path"])})


def versions_as_json(versions: Sequence[ModelVersion]) -> list[dict[str, Any]]:
    return [
        {
            "name": version.name,
            "version": version.version,
            "aliases": list(version.aliases),
            "run_id": version.run_id,
            "tags": dict(version.tags),
        }
        for version in versions
    ]


def versions_from_json(said: Sequence[Mapping[str, Any]]) -> tuple[ModelVersion, ...]:
    return tuple(ModelVersion(**{**each, "aliases": tuple(each["aliases"])}) for each in said)


def details_as_json(details: Sequence[ModelDetails]) -> list[dict[str, Any]]:
    return [asdict(each) for each in details]


def details_from_json(said: Sequence[Mapping[str, Any]]) -> tuple[ModelDetails, ...]:
    return tuple(ModelDetails(**each) for each in said)


def marks_as_json(marks: Sequence[ModelMark]) -> list[dict[str, Any]]:
    return [{**asdict(mark), "tags": dict(mark.tags)} for mark in marks]


def marks_from_json(said: Sequence[Mapping[str, Any]]) -> tuple[ModelMark, ...]:
    return tuple(ModelMark(**{**each, "aliases": tuple(each["aliases"]), "lost": tuple(each["lost"])}) for each in said)


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
