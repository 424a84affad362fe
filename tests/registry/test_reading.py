"""What is read of the versions that tags hold, and what is left alone."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from reconciler.environments.interfaces import interfaces_of
from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.problems import Problem
from reconciler.model.snapshot import MOUNT
from reconciler.model.steps import Graph
from reconciler.planning.firing import firings, problems_of
from reconciler.planning.graph import GraphBuilder
from reconciler.source.ignores import with_ignores
from tests.manifests.documents import component, data, environment, pipeline
from tests.planning.edits import HISTORIES, files_of, revisions_of, tags_of
from tests.planning.history import Content

from .tagged import Files, Tagged

SPLIT = "components/split/component.yaml"
PIPELINE = "pipelines/lending.yaml"
IMAGE = {"image": "python:3.11-slim"}


def _split(**changes: object) -> Content:
    return component(**{"code": "src", "environment": IMAGE, **changes})


def _lending(*references: str, name: str = "lending", **of_jobs: object) -> Content:
    jobs = {f"step_{number}": {"component": each, **of_jobs} for number, each in enumerate(references)}
    return pipeline(jobs, name=name)


def _files(command: str, **changes: object) -> dict[str, Content]:
    return {SPLIT: _split(command=command, **changes), "components/split/src/run.py": command}


def _built(desired: Desired) -> tuple[dict[str, Graph], list[Problem]]:
    graphs, problems = GraphBuilder().build(desired)
    return {graph.pipeline: graph for graph in graphs}, problems


def _graph(repository: Tagged) -> Graph:
    """The graph of the only pipeline, which has no problems."""
    desired = with_ignores(repository.load(), repository.objects)
    graphs, problems = _built(desired)
    assert problems == []
    (graph,) = graphs.values()
    return graph


def _read(desired: Desired) -> set[str]:
    return set(desired.released)


# --- how much is read ---


def test_without_tags_nothing_is_read_and_the_state_stays_the_same_value(repository: Tagged) -> None:
    repository.commit({**_files("one"), PIPELINE: _lending("azureml:split@latest")}, "v1", "release-7")
    desired = repository.load()
    assert (desired.releases, desired.released, desired.snapshot.mounts) == ({}, {}, {})
    assert repository.tags.looked == []
    assert repository.tags.mounted == []


def test_only_versions_that_a_reference_chooses_are_read(repository: Tagged) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0"):
        repository.commit(_files(version, version=version), f"component/split/v{version}")
        repository.tag(f"component/unused/v{version}", repository.origin.head())
    repository.commit({PIPELINE: _lending("azureml:split@~1.1", "azureml:split:1.0.0")})
    assert _read(repository.load()) == {f"component/split/v{version}//{SPLIT}" for version in ("1.0.0", "1.1.0")}


def test_what_the_revision_holds_itself_is_not_read_from_its_tag(repository: Tagged) -> None:
    files = {**_files("one"), PIPELINE: _lending("azureml:split@^1.0")}
    repository.commit(files, "component/split/v1.0.0")
    desired = repository.load()
    assert _read(desired) == set()
    assert desired.agreeing == {SPLIT}
    assert repository.tags.mounted == []


def test_a_version_that_the_revision_holds_otherwise_than_its_tag_is_read_to_be_compared(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0")
    repository.commit({**_files("one"), "components/split/src/run.py": "other"})
    desired = repository.load()
    assert _read(desired) == {f"component/split/v1.0.0//{SPLIT}"}
    assert desired.agreeing == frozenset()


def test_of_a_new_version_the_one_before_it_is_read_to_be_compared(repository: Tagged) -> None:
    for version in ("1.0.0", "1.1.4", "1.2.0-rc.1", "2.0.0"):
        repository.commit(_files(version, version=version), f"component/split/v{version}")
    repository.commit(_files("new", version="1.1.5"))
    assert _read(repository.load()) == {f"component/split/v1.1.4//{SPLIT}"}


def test_where_the_one_before_cannot_be_read_it_is_the_next_one_below(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0", "component/split/v1.0.1", "component/split/v1.1.0")
    repository.commit(_files("new", version="1.1.0"))
    desired = repository.load()
    assert _read(desired) == {f"component/split/v1.0.0//{SPLIT}"}
    assert {tag for tag, _ in desired.broken_releases} == {"component/split/v1.0.1", "component/split/v1.1.0"}


def test_an_unchanged_revision_asks_git_for_nothing_more(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0")
    repository.commit({**_files("two", version="1.1.0"), PIPELINE: _lending("azureml:split:1.0.0")})
    first = repository.load()
    asked = list(repository.tags.looked), list(repository.tags.mounted)
    again = repository.load()
    assert (repository.tags.looked, repository.tags.mounted) == asked
    assert again.released == first.released
    assert all(again.released[file] is first.released[file] for file in first.released)
    assert all(again.snapshot.mounts[tag] is first.snapshot.mounts[tag] for tag in first.snapshot.mounts)


def test_a_new_tag_costs_a_look_at_that_one_alone(repository: Tagged) -> None:
    for number in range(20):
        repository.commit(_files(f"{number}", version=f"1.{number}.0"), f"component/split/v1.{number}.0")
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    repository.load()
    repository.tags.looked.clear()
    repository.tags.mounted.clear()
    newest = repository.commit(_files("new", version="1.20.0"), "component/split/v1.20.0")
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    repository.load()
    asked = [*(commit for commit, _ in repository.tags.looked), *(commit for commit, _ in repository.tags.mounted)]
    assert set(asked) == {newest}


# --- what belongs to a version ---


def test_an_older_version_runs_from_its_own_tree(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0")
    old = repository.origin.git("rev-parse", "HEAD:components/split/src")
    repository.commit({**_files("two", version="1.1.0"), PIPELINE: _lending("azureml:split:1.0.0")})
    (step,) = _graph(repository).steps
    assert step.definition.command == "one"
    assert step.definition.code is not None
    assert step.definition.code.tree == old


def test_two_versions_at_once_are_two_definitions_with_their_own_code(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0")
    repository.commit(
        {
            **_files("two", version="1.1.0"),
            "a.yaml": _lending("azureml:split@1.0.0", name="a"),
            "b.yaml": _lending("azureml:split@^1.1", name="b"),
            "c.yaml": _lending("azureml:split@1.0.0", "azureml:split@^1.0", name="c"),
        }
    )
    graphs, problems = _built(repository.load())
    assert problems == []
    commands = {name: [step.definition.command for step in graph.steps] for name, graph in graphs.items()}
    assert commands == {"a": ["one"], "b": ["two"], "c": ["one", "two"]}
    codes = {step.definition.code.tree for graph in graphs.values() for step in graph.steps if step.definition.code}
    assert len(codes) == 2
    locked = [(each.version, each.tag) for each in graphs["c"].lock]
    assert locked == [("1.0.0", "component/split/v1.0.0"), ("1.1.0", "")]


def test_the_same_content_at_a_tag_and_in_the_revision_is_the_same_definition(repository: Tagged) -> None:
    repository.commit({**_files("one"), PIPELINE: _lending("azureml:split@1.0.0")}, "component/split/v1.0.0")
    (own,) = _graph(repository).steps
    repository.commit({PIPELINE: _lending("azureml:split@1.0.0")})
    (released,) = _graph(repository).steps
    assert released.file == f"component/split/v1.0.0//{SPLIT}"
    assert (released.closure, released.definition.digest) == (own.closure, own.definition.digest)


def test_a_version_chooses_its_environment_among_all_versions_there_are(repository: Tagged) -> None:
    trainer = "environments/trainer.yaml"
    repository.commit({trainer: environment(name="trainer", image="one")}, "environment/trainer/v1.0.0")
    repository.commit(
        {trainer: environment(name="trainer", image="two", version="1.1.0")}, "environment/trainer/v1.1.0"
    )
    repository.commit(_files("one", environment="azureml:trainer@^1.0"), "component/split/v1.0.0")
    repository.commit({PIPELINE: _lending("azureml:split:1.0.0")})
    graph = _graph(repository)
    assert graph.steps[0].environment.image == "two"
    assert [(each.reference, each.version, each.tag) for each in graph.lock] == [
        ("split:1.0.0", "1.0.0", "component/split/v1.0.0"),
        ("trainer@^1.0", "1.1.0", "environment/trainer/v1.1.0"),
    ]


def test_what_a_version_names_by_path_is_that_of_its_commit(repository: Tagged) -> None:
    def files(word: str) -> dict[str, Content]:
        return {
            SPLIT: _split(
                code="../shared", environment="../../environments/e/e.yaml", additional_includes=["../common/x.py"]
            ),
            "components/shared/run.py": word,
            "components/shared/.amlignore": "*.md",
            "components/shared/README.md": word,
            "components/common/x.py": word,
            "components/common/y.py": word,
            "environments/e/e.yaml": environment(image="base", conda_file="../conda.yaml"),
            "environments/conda.yaml": f"dependencies: [{word}]",
        }

    repository.commit(files("one"), "component/split/v1.0.0")
    repository.commit({**files("one"), PIPELINE: _lending(f"../{SPLIT}")})
    (own,) = _graph(repository).steps
    repository.commit({**files("two"), SPLIT: _split(version="2.0.0"), "components/split/src/run.py": "", PIPELINE: ""})
    repository.commit({**files("two"), SPLIT: "", PIPELINE: _lending("azureml:split:1.0.0")})
    (step,) = _graph(repository).steps
    assert step.definition.digest == own.definition.digest
    assert step.definition.code is not None
    assert set(step.definition.code.files) == {"run.py", "x.py"}
    assert step.environment.conda_blob == repository.origin.blob(b"dependencies: [one]")
    assert step.environment.file.startswith("component/split/v1.0.0//")


def test_a_build_context_is_that_of_the_commit_without_its_manifest(repository: Tagged) -> None:
    def files(word: str, version: str) -> dict[str, Content]:
        return {
            "env/environment.yaml": environment(name="gpu", image=..., build={"path": "."}, version=version),
            "env/Dockerfile": f"FROM {word}",
            "env/requirements.txt": word,
            SPLIT: _split(environment="azureml:gpu:1.0.0", code=...),
            PIPELINE: _lending("azureml:split@latest"),
        }

    repository.commit(files("one", "1.0.0"), "environment/gpu/v1.0.0")
    before = _graph(repository).steps[0].environment
    repository.commit(files("two", "1.1.0"))
    (step,) = _graph(repository).steps
    assert step.environment.digest == before.digest
    assert step.environment.dockerfile_blob == repository.origin.blob(b"FROM one")


def test_a_version_at_the_root_of_the_repository_sees_what_it_names(repository: Tagged) -> None:
    root = {"component.yaml": _split(code="."), "run.py": "one", "README.md": "one"}
    repository.commit(root, "component/split/v1.0.0")
    tree = repository.origin.tree()
    repository.commit({"run.py": "two", PIPELINE: _lending("azureml:split@latest")})
    (step,) = _graph(repository).steps
    assert step.definition.code is not None
    assert step.definition.code.tree == tree


@pytest.mark.parametrize("path", ["loans.csv", "../raw/a b.csv", "../raw"])
def test_data_of_a_version_are_those_of_its_commit(repository: Tagged, path: str) -> None:
    def files(word: str) -> dict[str, Content]:
        kind = "uri_folder" if path == "../raw" else "uri_file"
        return {
            "data/loans.yaml": data(path=path, type=kind),
            "data/loans.csv": word,
            "raw/a b.csv": word,
            SPLIT: _split(command="run ${{inputs.data}}", inputs={"data": {"type": kind}}, code=...),
            PIPELINE: _lending("azureml:split@latest", inputs={"data": {"type": kind, "path": "azureml:loans:1.0.0"}}),
        }

    repository.commit(files("one"), "data/loans/v1.0.0")
    (before,) = _graph(repository).steps
    repository.commit({**files("two"), "data/loans.yaml": data(path=path, type="uri_file", version="2.0.0")})
    (step,) = _graph(repository).steps
    assert [source.digest for _, source in step.sources] == [source.digest for _, source in before.sources]  # type: ignore[union-attr]


def test_a_pipeline_component_at_a_tag_brings_the_components_that_it_names_by_path(repository: Tagged) -> None:
    def files(word: str) -> dict[str, Content]:
        nested = {"inner": {"component": "../split/component.yaml"}, "named": {"component": "azureml:other@latest"}}
        learn = component(name="learn", type="pipeline", command=..., environment=..., jobs=nested)
        learn["$schema"] = str(learn["$schema"]).replace("commandComponent", "pipelineComponent")
        return {
            **_files(word),
            "components/learn/component.yaml": learn,
            "components/other.yaml": component(name="other", command=f"other {word}", environment=IMAGE),
        }

    repository.commit(files("one"), "component/learn/v1.0.0")
    repository.commit(
        {
            **{path: text for path, text in files("two").items() if "learn" not in path},
            PIPELINE: pipeline({"learn": {"type": "pipeline", "component": "azureml:learn@^1.0"}}),
        }
    )
    commands = {step.name: step.definition.command for step in _graph(repository).steps}
    assert commands == {"learn.inner": "one", "learn.named": "other two"}


ENVIRONMENTS: list[tuple[Content, dict[str, Content]]] = [
    (
        environment(conda_file="../deps/conda.yaml"),
        {
            "deps/conda.yaml": "dependencies: [python=3.11, numpy=1.26, {pip: [-r ../deps/more.txt, pandas==2.1]}]",
            "deps/more.txt": "scikit-learn==1.5.0\n-r most.txt\n",
            "deps/most.txt": "scipy==1.11\n",
        },
    ),
    (
        environment(image=..., build={"path": "../context"}),
        {
            "context/Dockerfile": "FROM python:3.11\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
            "context/requirements.txt": "pandas==2.1\n",
        },
    ),
    (
        environment(image=..., build={"path": "."}),
        {"environments/Dockerfile": "FROM python:3.11\nRUN pip install scipy==1.11\n"},
    ),
]
TABLES: list[tuple[Content, dict[str, Content]]] = [
    (data(path="loans.csv"), {"data/loans.csv": "amount,repaid\n1,true\n"}),
    (data(path="../raw", type="uri_folder"), {"raw/a.csv": "amount,repaid\n1,true\n", "raw/b.csv": "amount,repaid\n"}),
    (
        data(path="../table", type="mltable"),
        {
            "table/MLTable": "paths: [{file: ./part/a.csv}]\ntransformations: [{read_delimited: {delimiter: ','}}]\n",
            "table/part/a.csv": "amount,repaid\n1,true\n",
        },
    ),
]


@pytest.mark.parametrize(
    ("file", "manifest", "files"),
    [
        *(("environments/e.yaml", manifest, files) for manifest, files in ENVIRONMENTS),
        *(("data/d.yaml", manifest, files) for manifest, files in TABLES),
    ],
)
def test_the_interface_of_a_version_is_what_it_was_in_the_revision(
    repository: Tagged, file: str, manifest: Content, files: dict[str, Content]
) -> None:
    tag = "environment/sklearn/v1.0.0" if "environments" in file else "data/loans/v1.0.0"
    repository.commit({file: manifest, **files}, tag)
    own = repository.load()
    before = interfaces_of([own.manifests[file]], own, repository.objects)[file]
    name = "sklearn" if "environments" in file else "loans"
    assert isinstance(manifest, dict)
    repository.commit({file: {**manifest, "version": "1.1.0"}, "README.md": name})
    desired = repository.load()
    [released] = desired.released.values()
    assert released.file == f"{tag}//{file}"
    assert interfaces_of([released], desired, repository.objects) == {released.file: before}
    assert before not in ("", '{"columns":{}}')


def test_a_schedule_may_run_a_version_of_a_pipeline(repository: Tagged) -> None:
    def files(word: str, version: str) -> dict[str, Content]:
        lending = {**pipeline({"step": {"component": f"../{SPLIT}"}}), "version": version}
        return {**_files(word), PIPELINE: lending}

    nightly: Content = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/schedule.schema.json",
        "name": "nightly",
        "trigger": {"type": "cron", "expression": "0 3 * * *"},
        "create_job": "azureml:lending@~1.0",
    }
    repository.commit(files("one", "1.0.0"), "pipeline/lending/v1.0.0")
    repository.commit({**files("two", "1.1.0"), "nightly.yaml": nightly})
    desired = repository.load()
    [firing] = firings(desired).values()
    assert problems_of({"nightly.yaml": firing}) == []
    assert firing.graph is not None
    assert [step.definition.command for step in firing.graph.steps] == ["one"]
    assert firing.graph.steps[0].file == f"pipeline/lending/v1.0.0//{SPLIT}"
    assert [graph.steps[0].definition.command for graph in _built(desired)[0].values()] == ["two"]


# --- what cannot be read ---


def _problems(repository: Tagged) -> list[tuple[str, str]]:
    return [(problem.file, problem.message) for problem in _built(repository.load())[1]]


def test_a_tag_that_does_not_hold_its_version_is_told_where_it_is_wanted(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.1.0")
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    message = "the tag `component/split/v1.1.0` cannot be used: the manifest there says `version: 1.0.0`"
    assert _problems(repository) == [(PIPELINE, message)]


def test_a_tag_that_does_not_hold_its_version_and_is_not_wanted_disturbs_nobody(repository: Tagged) -> None:
    repository.commit({"README.md": "nothing"}, "component/split/v0.9.0", "component/other/v1.0.0")
    repository.commit({**_files("one"), PIPELINE: _lending("azureml:split@^1.0")})
    assert _problems(repository) == []


def test_code_that_a_version_does_not_have_is_told_at_the_tag(repository: Tagged) -> None:
    repository.commit({SPLIT: _split(code="nowhere")}, "component/split/v1.0.0")
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    [(file, message)] = _problems(repository)
    assert file == f"component/split/v1.0.0//{SPLIT}"
    assert "nowhere" in message


@pytest.mark.parametrize("environment_path", ["../../../outside.yaml", "none.yaml", "./broken.yaml"])
def test_a_path_of_a_version_that_leads_nowhere_is_told(repository: Tagged, environment_path: str) -> None:
    broken = environment(conda_file=7)
    repository.commit(
        {**_files("one", environment=environment_path), "components/split/broken.yaml": broken},
        "component/split/v1.0.0",
    )
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    problems = _problems(repository)
    assert [file for file, _ in problems] == [f"component/split/v1.0.0//{SPLIT}"]


# --- one revision after the other ---


def test_a_tag_that_moves_is_read_anew(repository: Tagged) -> None:
    first = repository.commit(_files("one"), "component/split/v1.0.0")
    second = repository.commit(_files("two"))
    repository.commit({PIPELINE: _lending("azureml:split@^1.0")})
    assert _graph(repository).steps[0].definition.command == "one"
    repository.tag("component/split/v1.0.0", second)
    assert _graph(repository).steps[0].definition.command == "two"
    repository.tag("component/split/v1.0.0", first)
    assert _graph(repository).steps[0].definition.command == "one"


def test_tags_that_go_leave_nothing_behind(repository: Tagged) -> None:
    commit = repository.commit(_files("one"), "component/split/v1.0.0")
    repository.commit({**_files("two", version="1.1.0"), PIPELINE: _lending("azureml:split:1.0.0")})
    repository.load()
    repository.tag("component/split/v1.0.0", None)
    gone = repository.load()
    assert (gone.releases, gone.released, gone.snapshot.mounts) == ({}, {}, {})
    assert [message for _, message in _problems(repository)] == ["no version of component `split` fits `1.0.0`"]
    repository.tag("component/split/v1.0.0", commit)
    assert _built(repository.load())[1] == []


def test_releases_may_be_asked_for_that_nothing_refers_to(repository: Tagged) -> None:
    repository.commit(_files("one"), "component/split/v1.0.0")
    repository.commit({"README.md": ""})
    desired = repository.load()
    [release] = desired.releases[Kind.COMPONENT, "split"]
    assert _read(desired) == set()
    reader = repository.reader
    more = reader.load(replace(desired, releases={}), repository.tags, repository.objects, [(release, Kind.COMPONENT)])
    assert _read(more) == {f"component/split/v1.0.0//{SPLIT}"}


@settings(max_examples=15, deadline=None)
@given(HISTORIES)
def test_what_is_read_from_git_is_what_a_new_process_reads(
    history: tuple[Mapping[str, int], list[Mapping[str, int]]],
) -> None:
    """The same histories as those of tests/planning, with real commits and tags."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Tagged(Path(folder))
        for choice in revisions_of(history):
            _become(repository, files_of(choice), tags_of(choice))
            followed, afresh = repository.load(), repository.afresh()
            assert replace(followed, snapshot=afresh.snapshot) == afresh
            assert followed.snapshot.mounts == afresh.snapshot.mounts
            assert all(file.partition(MOUNT)[0] in afresh.snapshot.mounts for file in afresh.released)
        repository.close()


def _become(repository: Tagged, files: Files, tags: Mapping[str, Files]) -> None:
    """Have tags and branch hold exactly this."""
    for name in {tag.name for tag in repository.tags.all()} - tags.keys():
        repository.tag(name, None)
    for name, held in tags.items():
        repository.commit(held, name)
    repository.commit(files)
