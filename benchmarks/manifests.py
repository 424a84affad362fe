"""Manifests of forty lines by the thousand: one cold `validate`, and what readers and validators take for each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from benchmarks.measure import Measure, once_ms
from reconciler.manifests import yaml_reader
from reconciler.manifests.schema import schema_named

_PROGRAM = str(Path(sys.executable).parent / "reconciler")
_PERSON = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
_SAMPLES = 200
_INPUTS = "".join(
    f"  feature_{number}:\n    type: number\n    default: 0.{number}\n    description: Weight of feature {number}.\n"
    for number in range(1, 6)
)
_COMPONENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: train_{number}
version: 1.0.0
display_name: Train {number}
description: Trains the model of one region.
inputs:
  table:
    type: uri_file
    description: One row per loan.
{inputs}outputs:
  model:
    type: uri_folder
    description: The trained model.
environment: azureml:plain@^1
environment_variables:
  OMP_NUM_THREADS: "1"
command: >-
  python train.py --table ${{{{inputs.table}}}} --one ${{{{inputs.feature_1}}}}
  --model ${{{{outputs.model}}}}
"""
_ENVIRONMENT = "name: plain\nversion: 1.0.0\nimage: python:3.11-slim\n"


def measure_manifests(folder: Path, count: int) -> Iterator[Measure]:
    """What a repository of so many manifests takes when nothing of it is known yet."""
    work_tree = folder / "manifests"
    (work_tree / "components").mkdir(parents=True)
    (work_tree / "environment.yaml").write_text(_ENVIRONMENT)
    texts = [_COMPONENT.format(number=number, inputs=_INPUTS) for number in range(count)]
    for number, text in enumerate(texts):
        (work_tree / "components" / f"train_{number}.yaml").write_text(text)
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        subprocess.run(["git", "-C", str(work_tree), *_PERSON, *command], check=True)
    is_promised = count == 10_000
    arguments = ("validate", str(work_tree), "--state", str(folder / "state-manifests"))
    memory: list[float] = []
    cold = once_ms(lambda: memory.append(_peak_megabytes(_PROGRAM, *arguments)))
    yield Measure("cold `validate` of manifests of 40 lines", count, cold, "ms", 5000 if is_promised else None)
    yield Measure("its peak memory", count, memory[0], "MB", 400 if is_promised else None)
    samples = [text.encode() for text in texts[:_SAMPLES]]
    yield from _readers(samples)
    yield from _validators([yaml_reader.read(sample, "a.yaml").values[0] for sample in samples])


def _readers(samples: list[bytes]) -> Iterator[Measure]:
    readers: dict[str, Callable[[bytes], object]] = {
        "ours, on libyaml's nodes": lambda content: yaml_reader.read(content, "a.yaml"),
        "PyYAML with libyaml": lambda content: yaml.load(content, Loader=yaml.CSafeLoader),
        "PyYAML in Python": lambda content: yaml.load(content, Loader=yaml.SafeLoader),
    }
    for name, read in readers.items():
        yield Measure(f"reading a manifest: {name}", 0, _mean_ms(read, samples), "ms")


def _validators(documents: list[Any]) -> Iterator[Measure]:
    schema = schema_named("component.schema.json")
    gate = jsonschema_rs.validator_for(schema, retriever=lambda uri: schema_named(uri.rpartition("/")[2]))
    registry: Registry[Any] = Registry(
        retrieve=lambda uri: DRAFT202012.create_resource(schema_named(uri))  # type: ignore[call-arg]
    )
    explainer = jsonschema.Draft202012Validator(schema, registry=registry)
    yield Measure("checking a manifest: jsonschema-rs", 0, _mean_ms(gate.is_valid, documents), "ms")
    yield Measure("checking a manifest: jsonschema", 0, _mean_ms(explainer.is_valid, documents), "ms")


def _mean_ms(action: Callable[[Any], object], items: list[Any]) -> float:
    def all_of_them() -> None:
        for item in items:
            action(item)

    all_of_them()
    return once_ms(all_of_them) / len(items)


def _peak_megabytes(*command: str) -> float:
    """Run a command to its end; the most memory that it held."""
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, 1, 0)])
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_maxrss / 1024
