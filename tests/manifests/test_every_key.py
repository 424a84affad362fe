"""Every key that a schema allows is read, or its description says that it means nothing here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.manifests.component import component
from reconciler.manifests.fields import Reading
from reconciler.manifests.kinds import Form
from reconciler.manifests.loader import BUILDERS
from reconciler.manifests.pipeline import pipeline
from reconciler.manifests.schema import check
from reconciler.model.kinds import AnyManifest

from . import documents
from .test_schema_files import Way, described, meant, schema_named

READERS: dict[str, Callable[[dict[str, Any], Reading, str], AnyManifest]] = {
    **{str(form): builder for form, builder in BUILDERS.items()},
    "job": lambda job, reading, name: pipeline(documents.pipeline({"a": job}), reading, name),
    "trial": component,  # what a sweep adds to it is no key of it
}
COMMAND = {"command": "ls", "environment": {"image": "python"}}
PROCESSES = {"distribution": {"type": "tensorflow"}}
SWEPT = documents.sweep(sampling_algorithm={"type": "random"}, early_termination={"type": "bandit", "slack_factor": 1})
TRUNCATED = {**SWEPT, "early_termination": {"type": "truncation_selection", "truncation_percentage": 20}}
RECURRENCE = {"type": "recurrence", "frequency": "week", "interval": 1}
# What a key is added to where the examples of its schema do not let it mean anything.
MORE: dict[str, list[dict[str, Any]]] = {
    "job": [{**COMMAND, **PROCESSES}, SWEPT, TRUNCATED, {"type": "pipeline", "jobs": {"b": COMMAND}}],
    "trial": [{**COMMAND, **PROCESSES}],
    Form.COMPONENT: [{**COMMAND, **PROCESSES}],
    Form.COMMAND_JOB: [{**COMMAND, **PROCESSES}, {"component": "./a.yaml"}],
    Form.SWEEP_JOB: [SWEPT, TRUNCATED],
    Form.PIPELINE: [documents.pipeline(inputs={"x": {"type": "integer", "value": 1}}), {"component": "./a.yaml"}],
    Form.SCHEDULE: [
        {"trigger": RECURRENCE, "create_job": "./a.yaml"},
        {"trigger": RECURRENCE, "create_job": {"job": "./a.yaml"}},
    ],
}
MEANS_NOTHING = ("Accepted for compatibility", "Written by Azure ML", "here inputs are read-only", "Tells editors")
DESCRIBES = {"display_name", "tags", "properties", "description", "type"}
ELSEWHERE = {
    ("inputs", "*", "optional"),  # an input of a pipeline is optional where those of its jobs are
    ("create_job", "inputs"),  # as the inputs of a job, once that is known
    ("resources", "instance_count"),  # where processes are distributed, which sweeps leave to their trials
}


class Watched(dict[str, Any]):
    """A mapping that notes which of its keys were asked for; to go through all of them is no question."""

    def __init__(self, written: dict[str, Any], asked: set[Way], way: Way = ()) -> None:
        super().__init__({key: watched(value, asked, (*way, key)) for key, value in written.items()})
        self._asked = asked
        self._way = way

    def __getitem__(self, key: str) -> Any:
        self._asked.add((*self._way, key))
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._asked.add((*self._way, str(key)))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._asked.add((*self._way, key))
        return super().get(key, default)


def watched(value: Any, asked: set[Way], way: Way) -> Any:
    if isinstance(value, dict):
        return Watched(value, asked, way)
    return value


def keys_of(name: str) -> Iterator[tuple[Way, dict[str, Any], Any]]:
    """The keys of a schema, and of the mappings below them, each with what it may look like there."""
    for way, said in described(schema_named(name)):
        yield way, said, said["examples"][0]
        whole = meant(said)
        for deeper, inner in described(meant(whole)) if "$ref" in said else ():
            yield (*way, *deeper), inner, inner["examples"][0]
        each = meant(whole.get("additionalProperties") or {})
        if "$ref" in each:
            for deeper, inner in described(each):
                yield (*way, "*", *deeper), inner, inner["examples"][0]
        if "examples" in each:
            yield (*way, "*"), {"description": MEANS_NOTHING[0]}, each["examples"][-1]


def with_key(base: dict[str, Any], way: Way, examples: dict[Way, Any]) -> dict[str, Any]:
    """A document with one key set to its example, whatever it stands in being there."""
    document: dict[str, Any] = copied(base)
    at = document
    for count, written in enumerate(way[:-1], 1):
        key = "x" if written == "*" else written
        if not isinstance(at.get(key), dict):
            example = examples.get(way[:count])
            at[key] = copied(example) if isinstance(example, dict) else {}
        at = at[key]
    at[way[-1]] = copied(examples[way])
    return document


def copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def is_read(name: str, way: Way, examples: dict[Way, Any]) -> bool:
    for base in (*schema_named(name)["examples"], *MORE.get(name, ())):
        asked: set[Way] = set()
        document = with_key(base, way, examples)
        if any(problem.is_error for problem in check(name, document, "a.yaml")):
            continue
        READERS[name](watched(document, asked, ()), Reading("a.yaml"), "a")
        if tuple("x" if part == "*" else part for part in way) in asked:
            return True
    return False


@pytest.mark.parametrize("name", READERS)
def test_every_key_is_read_or_said_to_mean_nothing(name: str) -> None:
    keys = list(keys_of(name))
    examples = {way: example for way, _, example in keys}
    spared = {way for way, said, _ in keys if any(words in said["description"] for words in MEANS_NOTHING)}
    unread = [
        ".".join(way)
        for way in examples
        if way[-1] not in DESCRIBES | {"*"}
        and not any(way[: len(other)] == other for other in ELSEWHERE)
        and not any(way[:count] in spared for count in range(1, len(way) + 1) if way[count - 1] != "*")
        and not is_read(name, way, examples)
    ]
    assert unread == []
