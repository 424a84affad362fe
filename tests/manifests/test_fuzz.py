"""Whatever stands in a file, loading gives manifests or problems and never an exception."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.manifests import yaml_reader
from reconciler.manifests.kinds import Form, form_of_document
from reconciler.manifests.loader import Loader
from reconciler.model.desired import Desired
from reconciler.model.problems import Pointer
from reconciler.shipped import shipped_folder

from .documents import SCHEMAS, component, data, environment, pipeline, sweep
from .repository import Documents, Repository

PATHS = st.sampled_from(["component.yaml", "pipelines/a.yml", "reconciler.yaml", "a b/é.yaml"])
FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def load_twice(content: bytes, path: str) -> Desired:
    """Load a file, with what must hold for any: told in full, told alike, and told the same from a cache."""
    documents, first, second = Documents(), Repository({path: content}), Repository({path: content})
    desired = Loader(documents).load(first.snapshot, first)
    for problem in desired.problems:
        assert problem.file == path
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.line <= content.count(b"\n") + content.count(b"\r") + 1 or not content.isascii()
        assert problem.message
        assert problem.hint
    again = Loader(documents).load(second.snapshot, second)
    assert again == desired
    return desired


def assert_nothing_vanishes(desired: Desired, document: object) -> None:
    """A document of a supported kind is a manifest, or there is an error that says why not."""
    kind = form_of_document(document) if isinstance(document, dict) else None
    has_error = any(problem.is_error for problem in desired.problems)
    assert (len(desired.manifests) == 1) or has_error or not isinstance(kind, Form)


@FUZZ
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")), PATHS)
@example(b"$schema: a/data.schema.json\nname: !!bool perhaps\n", "a.yaml")
@example(b"[" * 500_000, "a.yaml")
def test_any_bytes_give_manifests_or_problems(content: bytes, path: str) -> None:
    load_twice(content, path)


PIECES = [
    *"-?:,[]{}#&*!|>%@`'\"\n \t",
    "\n",
    "\n  ",
    ": ",
    "- ",
    "<<: *a",
    "&a ",
    "*a",
    "!!int ",
    "!!set ",
    "---\n",
    "...\n",
    f"$schema: {SCHEMAS}/commandComponent.schema.json\n",
    f"$schema: {SCHEMAS}/pipelineJob.schema.json\n",
    "type: pipeline\n",
    "jobs:\n",
    "  a:\n",
    "    component: ",
    "    environment: ",
    "command: ls\n",
    "inputs:\n",
    "${{inputs.x}}",
    "1.10",
    "on",
    "~",
]


@FUZZ
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), PATHS)
def test_any_text_of_pieces_of_yaml_gives_manifests_or_problems(text: str, path: str) -> None:
    load_twice(text.encode(), path)


def keys_in(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from keys_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys_in(value)


WORDS = sorted(
    {
        key
        for path in shipped_folder("schemas").glob("*.schema.json")
        for key in keys_in(json.loads(path.read_text(encoding="utf-8")))
    }
)
ODD_VALUES: st.SearchStrategy[Any] = (
    st.sampled_from(
        [None, True, False, 0, 1, -1, 10**400, 0.5, float("nan"), float("inf"), "", "x", [], {}, [None], {"": None}]
    )
    | st.sampled_from(["pipeline", "command", "sweep", "uri_file", "integer", "choice", "random", "grid", "maximize"])
    | st.sampled_from(
        ["${{parent.inputs.x}}", "${{", "}}", "$[[", "azureml:", "azureml:a@b@c", "file:", "../..", "1.0"]
    )
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.dates()
)
STRUCTURES = st.recursive(
    ODD_VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS) | st.text(max_size=3) | st.integers(0, 9) | st.booleans(), inner, max_size=6
        )
    ),
    max_leaves=30,
)
KNOWN_KINDS = st.sampled_from(["commandComponent", "environment", "data", "pipelineJob"])


@FUZZ
@given(
    st.dictionaries(st.sampled_from(WORDS), STRUCTURES, max_size=8) | STRUCTURES, st.none() | KNOWN_KINDS, PATHS
)  # fmt: skip
def test_any_structure_gives_manifests_or_problems(structure: Any, kind: str | None, path: str) -> None:
    if kind and isinstance(structure, dict):
        structure["$schema"] = f"{SCHEMAS}/{kind}.schema.json"
    content = yaml.dump(structure, allow_unicode=True, Dumper=yaml.CSafeDumper).encode()
    desired = load_twice(content, path)
    read = yaml_reader.read(content, path)
    if len(read.values) == 1:
        assert_nothing_vanishes(desired, read.values[0])


INLINE: dict[str, Any] = component(
    inputs={"a": {"type": "integer", "default": 1, "min": 0, "max": 3, "enum": [1, 2], "optional": True}},
    outputs={"o": {"type": "uri_file", "description": "x"}},
    environment=environment(conda_file={"name": "x", "dependencies": ["python"]}, build={"path": "."}),
    environment_variables={"A": 1},
    code="./src",
)
EVERYTHING = pipeline(
    {
        "prepare": {"component": INLINE, "inputs": {"a": {"type": "integer", "value": 1}}, "outputs": {"o": None}},
        "train": sweep(
            trial=INLINE,
            search_space={
                "a": {"type": "choice", "values": [1, 2]},
                "b": {"type": "quniform", "min_value": 0, "max_value": 1, "q": 0.1},
            },
            sampling_algorithm={"type": "random", "seed": 3},
            limits={"max_total_trials": 3, "max_concurrent_trials": 1, "timeout": 60, "trial_timeout": 10},
        ),
        "report": {
            "type": "command",
            "command": "ls ${{inputs.x}} ${{outputs.y}}",
            "inputs": {"x": {"type": "uri_file", "path": "azureml:a@latest"}},
            "outputs": {"y": {"type": "uri_folder", "mode": "upload"}},
            "environment": environment(),
            "depends_on": ["train"],
            "properties": {"reconciler.depends_on": "prepare"},
        },
    },
    inputs={"raw": {"type": "uri_folder", "path": "./raw"}, "seed": 1},
    settings={"continue_on_step_failure": True},
)
REAL: list[Any] = [
    *(
        yaml_reader.read(path.read_bytes(), path.name).values[0]
        for folder in ("components", "repo-template")
        for path in sorted(shipped_folder(folder).rglob("*.y*ml"))
        if ".github" not in path.parts
    ),
    EVERYTHING,
    INLINE,
    data(),
]


def pointers(value: object, pointer: Pointer = ()) -> Iterator[Pointer]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in items:
        yield (*pointer, part)
        yield from pointers(inner, (*pointer, part))


def mutated(document: Any, pointer: Pointer, mutation: str, value: object) -> Any:
    changed = copy.deepcopy(document)
    parent = changed
    for part in pointer[:-1]:
        parent = parent[part]
    if mutation == "drop":
        del parent[pointer[-1]]
    elif mutation == "rename" and isinstance(parent, dict):
        parent[f"{pointer[-1]}s"] = parent.pop(pointer[-1])
    elif mutation == "wrap":
        parent[pointer[-1]] = [parent[pointer[-1]]]
    else:
        parent[pointer[-1]] = value
    return changed


@FUZZ
@given(st.data(), st.sampled_from(REAL), st.integers(1, 3), PATHS)
def test_a_real_manifest_with_some_mistakes_gives_manifests_or_problems(
    draw: st.DataObject, document: Any, mistakes: int, path: str
) -> None:
    for _ in range(mistakes):
        places = list(pointers(document))
        if not places:
            break
        pointer = draw.draw(st.sampled_from(places))
        mutation = draw.draw(st.sampled_from(["drop", "rename", "wrap", "replace"]))
        document = mutated(document, pointer, mutation, draw.draw(STRUCTURES))
    content = yaml.dump(document, sort_keys=False, allow_unicode=True, Dumper=yaml.CSafeDumper).encode()
    read = yaml_reader.read(content, path)
    assert_nothing_vanishes(load_twice(content, path), read.values[0] if len(read.values) == 1 else None)


@pytest.mark.parametrize(
    "mutation", ["drop", "replace with nothing", "replace with text", "replace with a list", "wrap"]
)
def test_every_single_mistake_in_a_pipeline_that_uses_everything_is_survived(mutation: str) -> None:
    value = {"replace with text": "x", "replace with a list": [1]}.get(mutation)
    for pointer in pointers(EVERYTHING):
        changed = mutated(EVERYTHING, pointer, mutation, value)
        content = yaml.dump(changed, sort_keys=False, Dumper=yaml.CSafeDumper).encode()
        assert_nothing_vanishes(load_twice(content, "a.yaml"), changed)
