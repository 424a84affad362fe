"""The small repository, with its steps in a pipeline component of their own."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.problems import Pointer, Problem
from reconciler.model.steps import Graph, Step
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import SCHEMAS, pipeline

from .history import Content, desired_of
from .lending import PIPELINE, files

LEARN = "components/learn.yaml"
RAW = {"raw": {"type": "uri_file", "path": "azureml:loans@latest"}}
DATA = "${{parent.jobs.prepare.outputs.data}}"
Changes = dict[str, Content | None]
BARE = {"command": "true", "environment": {"image": "python:3.12"}}
ANOTHER = "components/another.yaml"
SCORE = {"component": "../components/score.yaml", "inputs": {"model": "${{parent.jobs.learn.outputs.model}}"}}
SCORING: Content = {
    "name": "score",
    "type": "command",
    "command": "score ${{inputs.model}}",
    "inputs": {"model": {"type": "mlflow_model"}},
    "environment": "azureml:sklearn@latest",
}


def learning(jobs: Mapping[str, object] | None = None, **changes: object) -> dict[str, object]:
    """A pipeline component that splits a table and learns from one part; a value of ... takes a key away."""
    document: dict[str, object] = {
        "$schema": f"{SCHEMAS}/pipelineComponent.schema.json",
        "type": "pipeline",
        "name": "learn",
        "version": "1.0.0",
        "inputs": {
            "table": {"type": "uri_folder"},
            "seed": {"type": "integer", "default": 42, "min": 0},
            "rate": {"type": "number", "optional": True},
        },
        "outputs": {"model": {"type": "mlflow_model"}},
        "jobs": learning_jobs() if jobs is None else jobs,
        **changes,
    }
    return {key: value for key, value in document.items() if value is not ...}


def learning_jobs(**changes: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, Mapping[str, object]] = {
        "split": {
            "component": "azureml:split@^1.0",
            "inputs": {"data": "${{parent.inputs.table}}", "seed": "${{parent.inputs.seed}}"},
        },
        "train": {
            "component": "train/component.yaml",
            "inputs": {"train": "${{parent.jobs.split.outputs.train}}", "rate": "${{parent.inputs.rate}}"},
            "outputs": {"model": "${{parent.outputs.model}}"},
        },
    }
    return {name: {**plain.get(name, {}), **changes.get(name, {})} for name in {**plain, **changes}}


def outer(
    node: Mapping[str, object] | None = None, more: Mapping[str, Mapping[str, object]] | None = None, **changes: object
) -> Content:
    """A pipeline that prepares a table and hands it to the component; `node` changes how."""
    jobs: dict[str, Mapping[str, object]] = {
        "prepare": {"component": "azureml:prepare@latest", "inputs": {"raw": "${{parent.inputs.raw}}"}},
        "learn": {"type": "pipeline", "component": f"../{LEARN}", "inputs": {"table": DATA}, **(node or {})},
        **(more or {}),
    }
    written = {name: {key: value for key, value in job.items() if value is not ...} for name, job in jobs.items()}
    return pipeline(written, **{"version": "1.0.0", "inputs": RAW, **changes})


def nested(changes: Mapping[str, Content | None] | None = None) -> dict[str, Content]:
    """The repository with some files changed; None takes one away."""
    return files({LEARN: learning(), PIPELINE: outer(), **(changes or {})})


def built(changes: Changes | None = None) -> tuple[list[Graph], list[Problem]]:
    return GraphBuilder().build(desired_of(nested(changes)))


def graph_of(changes: Changes | None = None) -> Graph:
    """The graph of a pipeline without problems."""
    (graph,), problems = built(changes)
    assert problems == []
    return graph


def step_of(graph: Graph, name: str) -> Step:
    return next(step for step in graph.steps if step.name == name)


def literals(graph: Graph, name: str) -> dict[str, object]:
    return dict(step_of(graph, name).definition.literals)


def problem_of(changes: Changes) -> Problem:
    """The only problem of a repository whose pipeline cannot be planned."""
    graphs, (problem,) = built(changes)
    assert graphs == []
    assert problem.is_error
    assert problem.hint
    return problem


def at(problem: Problem) -> tuple[str, Pointer]:
    return problem.file, problem.pointer
