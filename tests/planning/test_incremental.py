"""After any sequence of edits, what was taken over from before is what would be made afresh."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings

from reconciler.model.desired import Desired
from reconciler.model.manifests import Component, DataAsset, Environment, Kind
from reconciler.model.plan import Actual, ReleasedVersion
from reconciler.model.problems import Problem
from reconciler.model.references import parse_reference
from reconciler.model.steps import Graph
from reconciler.planning.changes import Changes, changes_between
from reconciler.planning.code_folders import CodeFolders
from reconciler.planning.content_digests import ContentDigests
from reconciler.planning.environments import Environments
from reconciler.planning.graph import GraphBuilder
from reconciler.planning.repository_paths import Unresolved
from reconciler.planning.resolve import M, Registry
from reconciler.planning.soundness import Soundness
from reconciler.planning.versions import VersionJudge

from .edits import HISTORIES, TAGS, Choice, files_of, local_data_of, revisions_of, tags_of
from .history import History, desired_of

Histories = tuple[Choice, list[Choice]]
THOROUGH = settings(max_examples=300, deadline=None)


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_desired_states(history: Histories) -> None:
    followed = History()
    for choice in revisions_of(history):
        desired = _next(followed, choice)
        alone = desired_of(files_of(choice), local_data_of(choice), tags_of(choice))
        assert replace(desired, snapshot=alone.snapshot) == alone
        assert list(desired.manifests) == list(alone.manifests)
        assert desired.snapshot.entries == alone.snapshot.entries
        assert desired.snapshot.mounts == alone.snapshot.mounts


@THOROUGH
@given(HISTORIES)
@example(({}, [{"components/train.yaml": 6}, {}]))
@example(({"components/train.yaml": 3}, [{"environment/sklearn/v1.0.0": 1}]))
@example(({"component/split/v1.1.0": 2}, [{"component/split/v1.1.0": 1}, {"component/split/v1.1.0": 0}]))
@example(({}, [{"components/split2.yaml": 5, "environments/sklearn.yaml": 4}, {"environments/sklearn.yaml": 0}]))
def test_graphs_and_problems(history: Histories) -> None:
    followed, builder = History(), GraphBuilder()
    for choice in revisions_of(history):
        desired = _next(followed, choice)
        graphs, problems = builder.build(desired)
        afresh, found = GraphBuilder().build(desired)
        assert graphs == afresh
        assert _code_files(graphs) == _code_files(afresh)
        assert _sorted(problems) == _sorted(found)


@THOROUGH
@given(HISTORIES)
def test_what_is_wrong_with_components_and_environments_by_themselves(history: Histories) -> None:
    followed, soundness, before = History(), Soundness(CodeFolders()), None
    for choice in revisions_of(history):
        desired = _next(followed, choice)
        registry = Registry(desired)
        problems = soundness.problems(registry, Environments(registry), changes_between(before, desired))
        fresh = Registry(desired)
        found = Soundness(CodeFolders()).problems(fresh, Environments(fresh), Changes(is_everything=True))
        assert _sorted(problems) == _sorted(found)
        before = desired


@THOROUGH
@given(HISTORIES)
def test_what_references_mean(history: Histories) -> None:
    followed, before = History(), desired_of({})
    registry = Registry(before)
    for choice in revisions_of(history):
        desired = _next(followed, choice)
        alike = replace(before, settings=desired.settings, local_data=desired.local_data)
        registry.follow(desired, changes_between(alike, desired))
        assert _meanings(registry) == _meanings(Registry(desired))
        before = desired


@THOROUGH
@given(HISTORIES)
def test_digests_of_content(history: Histories) -> None:
    followed, digests = History(), ContentDigests()
    for choice in revisions_of(history):
        desired = _next(followed, choice)
        assert digests.of(desired) == ContentDigests().of(desired)
        assert digests.of(desired) is digests.of(desired)


@THOROUGH
@given(HISTORIES)
def test_what_is_said_of_versions(history: Histories) -> None:
    followed, judge = History(), VersionJudge()
    versions: dict[tuple[Kind, str, str], ReleasedVersion] = {}
    for choice in revisions_of(history):
        desired, actual = _next(followed, choice), Actual(versions=dict(versions))
        afresh = VersionJudge()
        assert judge.judge(desired, actual) == afresh.judge(desired, actual)
        kept = judge.fresh(desired, actual)
        assert kept == afresh.fresh(desired, actual)
        for version in kept:
            versions.setdefault((version.kind, version.name, version.version), version)


def _next(followed: History, choice: Choice) -> Desired:
    held = tags_of(choice)
    for tag in TAGS:
        followed.tag(tag, held.get(tag))
    return followed.revision(files_of(choice), local_data_of(choice))


def _code_files(graphs: list[Graph]) -> list[object]:
    codes = [step.definition.code for graph in graphs for step in graph.steps]
    return [code and dict(code.files) for code in codes]


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=repr)


def _meanings(registry: Registry) -> list[object]:
    names = ("split", "divide", "train", "trainer", "sklearn", "loans", "AzureML-sklearn-1.5", "azureml-x", "skleern")
    texts = [f"azureml:{name}@{wanted}" for name in names for wanted in ("latest", "^1.0", "1.0.0", "2.x")]
    return [
        meaning
        for text in texts
        for meaning in (
            _meaning(registry, Component, text),
            _meaning(registry, Environment, text),
            _meaning(registry, DataAsset, text),
        )
    ]


def _meaning(registry: Registry, wanted: type[M], text: str) -> object:
    try:
        return registry.resolve(wanted, parse_reference(text), "pipelines/lending.yaml", ())
    except Unresolved as unresolved:
        return unresolved.problem
