"""The JSON Schema of the configuration, as an editor reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.configuration.read import read_configuration
from reconciler.model.configuration import Configuration
from reconciler.shipped import shipped_folder

SCHEMA: dict[str, Any] = json.loads(
    (shipped_folder("schemas") / "configuration.schema.json").read_text(encoding="utf-8")
)


def properties(schema: dict[str, Any], way: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, described in schema.get("properties", {}).items():
        yield f"{way}/{name}", described
        yield from properties(described, f"{way}/{name}")
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            yield from properties(schema[key], f"{way}/{key}")


DESCRIBED = dict(properties(SCHEMA, ""))
for _name, _definition in SCHEMA["$defs"].items():
    DESCRIBED.update(properties(_definition, f"$defs/{_name}"))


def test_it_keeps_the_rules_of_its_draft() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", SCHEMA["examples"])
def test_its_example_is_a_right_configuration(tmp_path: Path, example: dict[str, Any]) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(example))
    assert read_configuration(file, {}) != Configuration(str(file))


@pytest.mark.parametrize("way", sorted(DESCRIBED))
def test_every_property_says_what_it_is(way: str) -> None:
    assert DESCRIBED[way].get("description")


@pytest.mark.parametrize("way", sorted(DESCRIBED))
def test_every_property_shows_examples_that_are_allowed_there(way: str) -> None:
    described = DESCRIBED[way]
    assert described.get("examples")
    validator = jsonschema_rs.validator_for({**described, "$defs": SCHEMA["$defs"]})
    assert [example for example in described["examples"] if not validator.is_valid(example)] == []


def test_no_mapping_lets_an_unknown_key_pass() -> None:
    mappings = {way: described for way, described in DESCRIBED.items() if described.get("type") == "object"}
    assert [way for way, described in mappings.items() if "additionalProperties" not in described] == []
    assert SCHEMA["additionalProperties"] is False


@pytest.mark.parametrize("way", sorted(way for way, described in DESCRIBED.items() if "$ref" in described))
def test_what_it_refers_to_stands_in_it(way: str) -> None:
    assert DESCRIBED[way]["$ref"].removeprefix("#/$defs/") in SCHEMA["$defs"]
