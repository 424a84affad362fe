"""The JSON Schemas themselves, as an editor reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests.schema import check
from reconciler.model.manifests import Kind
from reconciler.shipped import shipped_folder

KINDS = [Kind.COMPONENT, Kind.ENVIRONMENT, Kind.DATA, Kind.PIPELINE]


def schema_of(kind: Kind) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((shipped_folder("schemas") / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return schema


def schema_named(uri: str) -> dict[str, Any]:
    return schema_of(Kind(uri.rpartition("/")[2].removesuffix(".schema.json")))


def properties(schema: dict[str, Any], way: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, described in schema.get("properties", {}).items():
        if way.endswith(("if", "then")) and "description" not in described and "type" not in described:
            continue  # a condition on a property that is described elsewhere
        yield f"{way}/{name}", described
        yield from properties(described, f"{way}/{name}")
    for key in ("additionalProperties", "then", "else", "items"):
        if isinstance(schema.get(key), dict):
            yield from properties(schema[key], f"{way}/{key}")


DESCRIBED = [(kind, way, described) for kind in KINDS for way, described in properties(schema_of(kind))]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_keeps_the_rules_of_its_draft(kind: Kind) -> None:
    Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_each_kind_is_a_right_manifest(kind: Kind) -> None:
    examples = schema_of(kind)["examples"]
    assert [check(kind, example, "a.yaml") for example in examples] == [[]] * len(examples)


def test_every_property_says_what_it_is_and_shows_an_example() -> None:
    assert [
        (kind, way) for kind, way, said in DESCRIBED if not said.get("description") or not said.get("examples")
    ] == []


def test_every_example_of_a_property_is_allowed_there() -> None:
    wrong = []
    for kind, way, described in DESCRIBED:
        validator = jsonschema_rs.validator_for(described, retriever=schema_named)
        wrong += [(kind, way, example) for example in described["examples"] if not validator.is_valid(example)]
    assert wrong == []
