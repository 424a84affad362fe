"""The JSON Schemas themselves, as an editor reads them; what they allow and what the code knows are the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests.kinds import Form, form_of_document
from reconciler.manifests.schema import check
from reconciler.model.manifests import DATA_TYPES, LITERAL_TYPES, MODEL_TYPES
from reconciler.model.pipelines import OnNewRevision
from reconciler.model.schedules import Frequency
from reconciler.model.sweeps import EarlyTerminationPolicy, SamplingAlgorithm, SamplingRule
from reconciler.shipped import shipped_folder

from .documents import pipeline

DEFINITIONS = "definitions"
OF_PARTS = ["job", "trial"]  # of what stands inside of a manifest
OF_OPERATORS = ["configuration", "reconciler"]
NAMES = [*map(str, Form), *OF_PARTS, *OF_OPERATORS]
OLD = {"path"}  # what a `uri_folder` was called before
Way = tuple[str, ...]


def schema_named(name: str) -> dict[str, Any]:
    file = shipped_folder("schemas") / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def validator_of(schema: dict[str, Any]) -> Any:
    """Of a part of a schema; the other schemas that it refers to are found by their file names."""
    based = {"$id": "https://schemas.invalid/part", **schema}
    return jsonschema_rs.validator_for(
        based, retriever=lambda uri: schema_named(uri.rpartition("/")[2].removesuffix(".schema.json"))
    )


def meant(schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema says together with the definition that it refers to."""
    file, _, way = str(schema.get("$ref", "")).partition("#/$defs/")
    return {**schema_named(DEFINITIONS)["$defs"][way], **schema} if file and way else schema


def described(schema: dict[str, Any], way: Way = ()) -> Iterator[tuple[Way, dict[str, Any]]]:
    """The properties of a schema and of the mappings in it; `*` stands for any name."""
    for name, said in schema.get("properties", {}).items():
        if way[-1:] in (("if",), ("then",), ("else",)) and "description" not in said:
            continue  # a condition on a property that is described elsewhere
        place = tuple(part for part in way if part not in ("if", "then", "else"))
        yield (*place, name), said
        yield from described(said, (*place, name))
    for key in ("then", "else", "items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from described(schema[key], (*way, "*" if key in ("items", "additionalProperties") else key))


def of_everything() -> list[tuple[str, Way, dict[str, Any]]]:
    found = [(name, way, said) for name in NAMES for way, said in described(schema_named(name))]
    for name, definition in schema_named(DEFINITIONS)["$defs"].items():
        found.append((DEFINITIONS, (name,), definition))
        found += [(DEFINITIONS, (name, *way), said) for way, said in described(definition)]
    return found


def test_every_schema_is_known_to_these_tests() -> None:
    files = {path.name.removesuffix(".schema.json") for path in shipped_folder("schemas").glob("*.json")}
    assert files == {*NAMES, DEFINITIONS}


@pytest.mark.parametrize("name", [*NAMES, DEFINITIONS])
def test_a_schema_keeps_the_rules_of_its_draft(name: str) -> None:
    Draft202012Validator.check_schema(schema_named(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_each_schema_are_right(name: str) -> None:
    examples = schema_named(name)["examples"]
    assert [check(name, example, "a.yaml") for example in examples] == [[]] * len(examples)


@pytest.mark.parametrize("form", Form)
def test_the_examples_of_each_form_are_recognised_as_that(form: Form) -> None:
    assert {form_of_document(example) for example in schema_named(str(form))["examples"]} == {form}


def test_every_property_says_what_it_is_and_shows_an_example() -> None:
    assert [
        (name, way) for name, way, said in of_everything() if not said.get("description") or not said.get("examples")
    ] == []


def test_every_example_of_a_property_is_allowed_there() -> None:
    wrong = []
    for name, way, said in of_everything():
        validator = validator_of({"$defs": schema_named(name).get("$defs", {}), **said})
        wrong += [(name, way, example) for example in said["examples"] if not validator.is_valid(example)]
    assert wrong == []


def test_every_reference_between_schemas_leads_to_one() -> None:
    for name in [*NAMES, DEFINITIONS]:
        for reference in references_in(schema_named(name)):
            file, _, way = reference.partition("#/$defs/")
            target = schema_named(file.removesuffix(".schema.json") or name)
            assert not way or way in target["$defs"], (name, reference)


def references_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)


def allowed(*way: str) -> list[Any]:
    """The values that a property of the definitions may have."""
    values: list[Any] = {place: said for name, place, said in of_everything() if name == DEFINITIONS}[way]["enum"]
    return values


def property_of(name: str, *way: str) -> dict[str, Any]:
    return meant(dict(described(schema_named(name)))[way])


class TestWhatTheCodeKnows:
    """A value that the schema allows and the code does not know, or the other way round, would be a trap."""

    @pytest.mark.parametrize("port", ["inputPort", "binding"])
    def test_types_of_inputs(self, port: str) -> None:
        assert {*allowed(port, "type")} - OLD == {*DATA_TYPES, *LITERAL_TYPES}

    @pytest.mark.parametrize("port", ["outputPort", "output"])
    def test_types_of_outputs(self, port: str) -> None:
        assert {*allowed(port, "type")} - OLD == {*DATA_TYPES}

    def test_types_of_assets(self) -> None:
        of_data, of_models = property_of("data", "type")["enum"], property_of("model", "type")["enum"]
        assert {*of_models} == {*MODEL_TYPES}
        assert {*of_data} == {*DATA_TYPES} - {*MODEL_TYPES}

    def test_sampling(self) -> None:
        assert {*allowed("samplingAlgorithm", "type")} == {*SamplingAlgorithm}
        assert {*schema_named(DEFINITIONS)["$defs"]["samplingAlgorithm"]["else"]["enum"]} == {*SamplingAlgorithm}
        assert {*allowed("samplingAlgorithm", "rule")} == {*SamplingRule}

    def test_early_termination(self) -> None:
        assert {*allowed("earlyTermination", "type")} == {*EarlyTerminationPolicy}

    @pytest.mark.parametrize("name", ["pipeline", "command-job", "sweep-job"])
    def test_what_becomes_of_a_run_when_a_newer_revision_comes(self, name: str) -> None:
        assert property_of(name, "on_new_revision")["enum"] == [*OnNewRevision]

    def test_frequencies(self) -> None:
        assert {value.lower() for value in property_of("schedule", "trigger", "frequency")["enum"]} == {*Frequency}

    @pytest.mark.parametrize("kind", allowed("searchSpace", "*", "type"))
    def test_distributions_can_be_swept(self, kind: str) -> None:
        arguments = {"values": [1], "upper": 2, "min_value": 0, "max_value": 1, "mu": 0, "sigma": 1, "q": 1}
        space = {"x": {"type": kind, **arguments}}
        job = {"trial": "./a.yaml", "search_space": space, "objective": {"goal": "maximize", "primary_metric": "x"}}
        document = pipeline({"a": {"type": "sweep", "limits": {"max_total_trials": 1}, **job}})
        assert check("pipeline", document, "a.yaml") == []
