"""Any manifest that is right stays the same when it is loaded, written anew in another form and loaded again."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifests import yaml_reader
from reconciler.model.desired import Desired

from .documents import SCHEMAS
from .repository import load

PATH = "folder/manifest.yaml"
GENERATED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Documents = st.SearchStrategy[dict[str, Any]]

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
VERSIONS = st.tuples(*[st.integers(0, 99)] * 3).map(lambda parts: ".".join(map(str, parts)))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = TEXTS.filter(lambda text: "${{" not in text and "azureml:" not in text) | NUMBERS | st.booleans()
DATA_TYPES = st.sampled_from(["uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model"])
MODES = st.sampled_from(["ro_mount", "rw_mount", "download", "upload", "direct", "eval_mount"])
ENVIRONMENTS: st.SearchStrategy[Any] = (
    st.just("azureml:python@^1.0") | st.just("azureml:python:3") | st.just({"image": "python:3.11-slim"})
)


def some(**optional: st.SearchStrategy[Any]) -> Documents:
    """A mapping with any of the keys."""
    return st.fixed_dictionaries({}, optional=optional)


def joined(*parts: Documents) -> Documents:
    return st.tuples(*parts).map(lambda several: {key: value for part in several for key, value in part.items()})


DESCRIBED = some(
    display_name=TEXTS,
    description=TEXTS,
    tags=st.dictionaries(NAMES, TEXTS, max_size=3),
    properties=st.dictionaries(NAMES, TEXTS, max_size=2),
)
NAMED = joined(DESCRIBED, some(name=NAMES, version=VERSIONS))
DATA_PORTS = joined(DATA_TYPES.map(lambda kind: {"type": kind}), some(description=TEXTS, mode=MODES))
LITERAL_PORTS = st.one_of(
    joined(st.just({"type": "string"}), some(default=TEXTS)),
    joined(st.just({"type": "integer"}), some(default=st.integers(-9, 9), min=st.integers(-99, -9))),
    joined(st.just({"type": "number"}), some(default=st.floats(-1, 1), max=st.integers(1, 9))),
    joined(st.just({"type": "boolean"}), some(default=st.booleans())),
    st.lists(NAMES, min_size=1, max_size=3).map(lambda values: {"type": "string", "enum": values}),
)
VARIABLES = st.dictionaries(NAMES.map(str.upper), TEXTS | st.integers(0, 9), max_size=3)
RUNS = some(
    environment_variables=VARIABLES,
    resources=some(memory=st.sampled_from(["1Gi", "512m"]), cpus=st.sampled_from([0.5, 2]), instance_count=st.just(1)),
    distribution=st.just({"type": "mpi", "process_count_per_instance": 2}),
    retry_settings=st.just({"max_retries": 2}),
)


@st.composite
def components(draw: st.DrawFn) -> dict[str, Any]:
    inputs = draw(st.dictionaries(NAMES, DATA_PORTS | LITERAL_PORTS, max_size=4))
    outputs = draw(st.dictionaries(NAMES.filter(lambda name: name not in inputs), DATA_PORTS, max_size=2))
    used = [*(f"${{{{inputs.{name}}}}}" for name in inputs), *(f"${{{{outputs.{name}}}}}" for name in outputs)]
    command = " ".join(["python", "run.py", *used])
    required = {"command": command, "environment": draw(ENVIRONMENTS), "inputs": inputs, "outputs": outputs}
    return {"$schema": f"{SCHEMAS}/commandComponent.schema.json", **draw(NAMED), **required, **draw(RUNS)}


def of_kind(schema: str, *parts: Documents) -> Documents:
    return joined(st.just({"$schema": f"{SCHEMAS}/{schema}.schema.json"}), NAMED, *parts)


ENVIRONMENT = of_kind("environment", st.just({"image": "python:3.11"}), some(conda_file=st.just("./conda.yaml")))
DATA = of_kind("data", st.sampled_from(["uri_file", "uri_folder"]).map(lambda kind: {"type": kind, "path": "./x"}))
MODEL = of_kind(
    "model", st.sampled_from(["mlflow_model", "custom_model"]).map(lambda kind: {"type": kind, "path": "./x"})
)
BINDINGS: st.SearchStrategy[Any] = (
    LITERALS
    | st.just("${{parent.inputs.given}}")
    | st.just("${{parent.jobs.first.outputs.made}}")
    | DATA_TYPES.flatmap(
        lambda kind: st.just({"type": kind, "path": "./x"}) | st.just({"type": kind, "path": "azureml:x:1"})
    )
)
OUTPUTS = st.none() | joined(DATA_TYPES.map(lambda kind: {"type": kind}), some(mode=MODES, name=NAMES))
NODES = joined(
    st.just({"component": "azureml:split@^1.2"}) | st.just({"component": "../split.yaml", "type": "command"}),
    some(inputs=st.dictionaries(NAMES, BINDINGS, max_size=3), outputs=st.dictionaries(NAMES, OUTPUTS, max_size=2)),
    some(
        depends_on=st.just(["first"]), limits=st.just({"timeout": 60}), tags=st.dictionaries(NAMES, TEXTS, max_size=2)
    ),
    RUNS,
)
DISTRIBUTIONS = st.one_of(
    st.lists(st.integers(0, 9) | NAMES, min_size=1, max_size=4).map(
        lambda values: {"type": "choice", "values": values}
    ),
    st.integers(1, 9).map(lambda upper: {"type": "randint", "upper": upper}),
    st.integers(1, 9).map(lambda most: {"type": "uniform", "min_value": 0, "max_value": most}),
    st.integers(1, 9).map(lambda sigma: {"type": "qnormal", "mu": 0, "sigma": sigma, "q": 1}),
)
SWEEPS = st.fixed_dictionaries(
    {
        "type": st.just("sweep"),
        "trial": st.just("../train.yaml"),
        "search_space": st.dictionaries(NAMES, DISTRIBUTIONS, min_size=1, max_size=3),
        "sampling_algorithm": st.just("random") | st.just({"type": "random", "seed": 3}) | st.just("bayesian"),
        "objective": st.sampled_from(["maximize", "minimize"]).map(lambda goal: {"goal": goal, "primary_metric": "m"}),
        "limits": st.integers(1, 9).map(lambda most: {"max_total_trials": most}),
    },
    optional={"early_termination": st.just({"type": "median_stopping", "evaluation_interval": 1})},
)
PIPELINE = of_kind(
    "pipelineJob",
    st.fixed_dictionaries(
        {
            "type": st.just("pipeline"),
            "inputs": st.fixed_dictionaries({"given": LITERALS}),
            "jobs": st.dictionaries(NAMES, NODES | SWEEPS, min_size=1, max_size=4),
        },
        optional={
            "settings": some(continue_on_step_failure=st.booleans(), force_rerun=st.booleans()),
            "experiment_name": NAMES,
        },
    ),
)
SCHEDULE = of_kind(
    "schedule",
    st.sampled_from(
        [
            {"type": "cron", "expression": "0 3 * * *"},
            {"type": "recurrence", "frequency": "week", "interval": 2, "schedule": {"hours": [3], "minutes": [0, 30]}},
        ]
    ).map(lambda trigger: {"trigger": trigger, "create_job": "./pipeline.yaml"}),
)


def loaded(content: str) -> Desired:
    desired = load({PATH: content})
    assert [problem for problem in desired.problems if problem.is_error] == []
    return desired


@pytest.mark.parametrize(
    "documents",
    [components(), ENVIRONMENT, DATA, MODEL, PIPELINE, SCHEDULE],
    ids=["component", "environment", "data", "model", "pipeline", "schedule"],
)
def test_a_manifest_survives_being_written_anew(documents: Documents) -> None:
    @GENERATED
    @given(documents, st.booleans(), st.sampled_from([1, 80, 1000]), st.sampled_from([None, '"', "'"]))
    def survives(document: dict[str, Any], is_flow: bool, width: int, quotes: Any) -> None:
        first = loaded(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        (read,) = yaml_reader.read(yaml.safe_dump(document, sort_keys=False).encode(), PATH).values
        assert read == document
        style: dict[str, Any] = {
            "default_flow_style": is_flow,
            "width": width,
            "default_style": quotes if _is_text(document) else None,
        }
        again = loaded(yaml.safe_dump(read, sort_keys=False, allow_unicode=not is_flow, **style))
        assert again.manifests[PATH] == first.manifests[PATH]

    survives()


def _is_text(document: object) -> bool:
    """Whether quotes around every scalar leave all of them what they are."""
    if isinstance(document, dict):
        return all(_is_text(value) for value in document.values())
    if isinstance(document, list):
        return all(map(_is_text, document))
    return isinstance(document, str)
