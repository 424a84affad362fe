"""The lock of a pipeline: what each reference in it was resolved to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution
from reconciler.model.steps import Graph
from reconciler.planning.content_digests import content_digest
from reconciler.planning.graph import GraphBuilder
from tests.manifests.documents import component, data, environment, pipeline

from .history import Content, Files, History, desired_of
from .nested import LEARN, nested

SPLIT = "components/split/component.yaml"
IMAGE = {"image": "python:3"}


def _files(*references: str, **more: Content) -> dict[str, Content]:
    jobs = {f"step_{number}": {"component": reference} for number, reference in enumerate(references)}
    return {
        SPLIT: component(environment="azureml:sklearn@^1.0"),
        "environments/sklearn.yaml": environment(),
        "pipeline.yaml": pipeline(jobs),
        **more,
    }


def _graph(desired: Desired) -> Graph:
    graphs, problems = GraphBuilder().build(desired)
    assert problems == []
    return next(graph for graph in graphs if graph.pipeline == "lending")


def _told(lock: tuple[Resolution, ...]) -> list[tuple[str, str | None, str]]:
    return [(each.reference, each.version, each.tag or each.file) for each in lock]


def test_every_reference_of_a_pipeline_and_of_its_components_is_in_it() -> None:
    desired = desired_of(_files("azureml:split@^1.0", f"./{SPLIT}"))
    assert _told(_graph(desired).lock) == [
        ("split@^1.0", "1.0.0", SPLIT),
        (f"./{SPLIT}", "1.0.0", SPLIT),
        ("sklearn@^1.0", "1.0.0", "environments/sklearn.yaml"),
    ]


def test_what_is_meant_alike_is_in_it_once() -> None:
    desired = desired_of(_files("azureml:split@^1.0", "split@^1.0", "azureml:split@^1.0", "split:1.0.0"))
    assert [each.reference for each in _graph(desired).lock] == ["split@^1.0", "split:1.0.0", "sklearn@^1.0"]


def test_an_environment_that_the_job_replaces_is_not_in_it() -> None:
    jobs = {"step": {"component": "azureml:split@latest", "environment": IMAGE}}
    files = {**_files(), "pipeline.yaml": pipeline(jobs), "environments/sklearn.yaml": environment(name="other")}
    graphs, _ = GraphBuilder().build(desired_of(files))
    assert [each.reference for each in graphs[0].lock] == ["split@latest"]


def test_data_of_inputs_and_models_among_them_are_in_it() -> None:
    model: Content = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/model.schema.json",
        "name": "risk",
        "version": "2.0.0",
        "type": "mlflow_model",
        "path": "risk",
    }
    inputs = {
        "loans": {"type": "uri_file", "path": "azureml:loans@latest"},
        "risk": {"type": "mlflow_model", "path": "azureml:risk:2.0.0"},
    }
    ports = {"loans": {"type": "uri_file"}, "risk": {"type": "mlflow_model"}}
    step = component(environment=IMAGE, inputs=ports, command="run ${{inputs.loans}} ${{inputs.risk}}")
    bound = {name: f"${{{{parent.inputs.{name}}}}}" for name in inputs}
    files: dict[str, Content] = {
        SPLIT: step,
        "data/loans.yaml": data(),
        "data/loans.csv": "1",
        "models/risk.yaml": model,
        "models/risk/MLmodel": "",
        "pipeline.yaml": pipeline({"step": {"component": "azureml:split@1.0.0", "inputs": bound}}, inputs=inputs),
    }
    lock = _graph(desired_of(files)).lock
    assert [(each.kind, each.reference, each.version) for each in lock] == [
        (Kind.DATA, "loans@latest", "1.0.0"),
        (Kind.MODEL, "risk:2.0.0", "2.0.0"),
        (Kind.COMPONENT, "split@1.0.0", "1.0.0"),
    ]


def test_a_version_of_a_tag_is_in_it_with_tag_and_commit_and_what_it_stands_for() -> None:
    tag = "component/split/v1.0.0"
    old: Files = {SPLIT: component(command="old", environment=IMAGE)}
    files = _files("azureml:split@~1.0", **{SPLIT: component(version="1.1.0", environment=IMAGE)})
    desired = desired_of(files, tags={tag: old})
    (locked,) = _graph(desired).lock
    [release] = desired.releases[Kind.COMPONENT, "split"]
    assert (locked.file, locked.tag, locked.commit) == (f"{tag}//{SPLIT}", tag, release.commit)
    assert locked.digest == content_digest(desired.released[locked.file], desired)
    assert locked.explained() == "split@~1.0 → 1.0.0 (1.1.0 outside the range)"
    assert locked.digest == content_digest(desired_of(old).components[0], desired_of(old))


def test_a_curated_environment_is_in_it_as_ours() -> None:
    files = _files("azureml:split@latest", **{"reconciler.yaml": "environments: {'AzureML-*': sklearn}"})
    files[SPLIT] = component(environment="azureml:AzureML-sklearn-1.5@latest")
    assert _told(_graph(desired_of(files)).lock)[1:] == [
        ("AzureML-sklearn-1.5@latest", "1.0.0", "environments/sklearn.yaml")
    ]


def test_the_lock_of_a_graph_that_is_kept_follows_the_tags() -> None:
    """Nothing of the steps changes when what the revision holds is tagged, or a pre-release comes."""
    files = _files("azureml:split@^1.0", **{"reconciler.yaml": "environments: {'AzureML-*': sklearn}"})
    files[SPLIT] = component(environment="azureml:AzureML-sklearn-1.5@latest")
    history, builder = History(), GraphBuilder()
    before = builder.build(history.revision(files))[0][0]
    history.tag("environment/sklearn/v1.0.0", files)
    tagged = builder.build(history.revision(files))[0][0]
    assert tagged.lock[1].tag == "environment/sklearn/v1.0.0"
    history.tag("component/split/v1.1.0-rc.1", files)
    desired = history.revision(files)
    now = builder.build(desired)[0][0]
    assert now.lock == GraphBuilder().build(desired)[0][0].lock
    assert [each.explained() for each in now.lock] == [
        "split@^1.0 → 1.0.0 (1.1.0-rc.1 skipped: pre-release)",
        "AzureML-sklearn-1.5@latest → 1.0.0",
    ]
    assert replace(now, lock=before.lock) == before
    assert all(mine is theirs for mine, theirs in zip(now.steps, before.steps, strict=True))


@pytest.mark.parametrize("meant", ["1.0.0", "1.2.0", None])
def test_a_reference_is_resolved_to_what_it_is_pinned_to_whatever_came_meanwhile(meant: str | None) -> None:
    files = _files("azureml:split@latest")
    files[SPLIT] = component(environment=IMAGE, version=meant or ...)
    lock = _graph(desired_of(files)).lock
    released = {
        f"component/split/v{each}": {SPLIT: component(version=each, environment=IMAGE)} for each in ("2.0.0", "1.3.0")
    }
    later = desired_of(files, tags=released)
    assert _graph(later).lock[0].version == "2.0.0"
    pinned = {(each.kind, each.reference): each.version or "" for each in lock}
    [again] = _graph(replace(later, pinned=pinned)).lock
    assert (again.version, again.file, again.digest) == (meant, SPLIT, lock[0].digest)


def test_references_of_nested_pipelines_are_in_it() -> None:
    assert [each.reference for each in _graph(desired_of(nested())).lock] == [
        "loans@latest",
        "prepare@latest",
        f"../{LEARN}",
        "split@^1.0",
        "train/component.yaml",
        "sklearn@latest",
    ]
