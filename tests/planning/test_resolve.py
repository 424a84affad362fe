"""What references mean, and what is said of those that lead nowhere."""

from __future__ import annotations

import pytest

from reconciler.model.manifests import Component, DataAsset, Environment
from reconciler.model.problems import Code, Problem
from reconciler.model.references import parse_reference
from reconciler.planning.resolve import M, Registry, Unresolved, within_repository
from tests.manifests.documents import component, data, environment

from .history import Content, desired_of

POINTER = ("jobs", "split", "component")
FROM = "pipelines/lending.yaml"
SPLITS: dict[str, Content] = {
    f"components/split-{version}.yaml": component(version=version)
    for version in ("1.0.0", "1.2.0", "1.2.3", "1.10.0", "2.0.0", "2.1.0-rc.1")
}


def resolved(files: dict[str, Content], text: str, wanted: type[M]) -> M:
    return Registry(desired_of(files)).resolve(wanted, parse_reference(text), FROM, POINTER)


def refused(files: dict[str, Content], text: str, wanted: type[M]) -> Problem:
    with pytest.raises(Unresolved) as raised:
        resolved(files, text, wanted)
    return raised.value.problem


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("azureml:split@latest", "2.0.0"),
        ("azureml:split", "2.0.0"),
        ("split", "2.0.0"),
        ("azureml:split:1.2.0", "1.2.0"),
        ("azureml:split@1.2.0", "1.2.0"),
        ("azureml:split:1", "1.10.0"),
        ("azureml:split@^1.2", "1.10.0"),
        ("split:~1.2.0", "1.2.3"),
        ("split@>=1,<2", "1.10.0"),
        ("split@<1.2", "1.0.0"),
        ("split@>=2.1.0-rc.0", "2.1.0-rc.1"),
        ("azureml:split:2.1.0-rc.1", "2.1.0-rc.1"),
        ("azureml://registries/ours/components/split/versions/1.2.3", "1.2.3"),
        ("azureml://registries/ours/components/split/labels/latest", "2.0.0"),
        ("../components/split-1.0.0.yaml", "1.0.0"),
        ("file:../components/split-1.0.0.yaml", "1.0.0"),
    ],
)
def test_the_highest_version_that_fits_is_meant(text: str, version: str) -> None:
    assert resolved(SPLITS, text, Component).version == version


def test_a_pre_release_is_the_latest_only_where_there_is_nothing_else() -> None:
    only: dict[str, Content] = {
        "split.yaml": component(version="1.0.0-rc.1"),
        "older.yaml": component(version="1.0.0-beta"),
    }
    assert resolved(only, "azureml:split@latest", Component).version == "1.0.0-rc.1"


def test_a_manifest_without_a_version_is_meant_by_its_name_alone() -> None:
    files: dict[str, Content] = {"split.yaml": component(version=...)}
    assert resolved(files, "azureml:split@latest", Component).version is None
    problem = refused(files, "azureml:split@^1.0", Component)
    assert problem.message == "component `split` has no version, `^1.0` is asked for"
    assert problem.hint == "add `version:` to split.yaml or refer to it with `@latest`"


def test_names_of_different_kinds_do_not_meet() -> None:
    files: dict[str, Content] = {"a.yaml": environment(name="split"), "b.yaml": data(name="split"), "loans.csv": ""}
    assert resolved(files, "azureml:split@latest", Environment).file == "a.yaml"
    assert resolved(files, "azureml:split@latest", DataAsset).file == "b.yaml"
    assert refused(files, "azureml:split@latest", Component).message == "there is no component `split`"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("azureml:splitt@latest", "there is no component `splitt`", "did you mean `split`?"),
        ("azureml:forecast@1.0", "there is no component `forecast`", "add a component manifest with `name: forecast`"),
        (
            "azureml:split@^3",
            "no version of component `split` fits `^3`",
            "there are: 1.0.0, 1.2.0, 1.2.3, 1.10.0, 2.0.0, 2.1.0-rc.1",
        ),
        (
            "azureml:split@new",
            "'new' is not a version or a range of versions",
            "write a version, a range such as `^1.2`, or `latest`",
        ),
        (
            "../components/spilt-1.10.0.yaml",
            "there is no file `components/spilt-1.10.0.yaml`",
            "did you mean `components/split-1.10.0.yaml`?",
        ),
        ("../sklearn.yaml", "`../sklearn.yaml` is an environment, not a component", "name a component"),
        ("../notes.yaml", "`notes.yaml` is not a component that can be used", "mend the problems shown for that file"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_what_there_is(text: str, message: str, hint: str) -> None:
    files = {**SPLITS, "sklearn.yaml": environment(), "notes.yaml": "a: note"}
    problem = refused(files, text, Component)
    assert problem == Problem(FROM, Code.UNRESOLVED_REFERENCE, message, hint, POINTER)


CURATED = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"


@pytest.mark.parametrize("text", ["azureml:AzureML-sklearn-1.5@latest", "azureml:AzureML-sklearn-1.5:34", CURATED])
def test_a_curated_environment_stands_for_the_one_it_is_mapped_to_whatever_its_version(text: str) -> None:
    settings = "environments: {'AzureML-*': sklearn, 'sklearn-*': sklearn}"
    files: dict[str, Content] = {"env.yaml": environment(), "new.yaml": environment(version="1.5.0")}
    assert resolved({**files, "reconciler.yaml": settings}, text, Environment).version == "1.5.0"
    problem = refused(files, text, Environment)
    assert problem.code is Code.UNMAPPED_ENVIRONMENT
    assert problem.hint.startswith("add to reconciler.yaml: `environments: {")
    assert problem.hint.endswith(": sklearn}`")


def test_an_environment_of_ours_wins_over_the_mapping() -> None:
    settings = "environments: {'*': other}"
    files: dict[str, Content] = {"a.yaml": environment(), "b.yaml": environment(name="other")}
    assert resolved({**files, "reconciler.yaml": settings}, "azureml:sklearn@latest", Environment).name == "sklearn"


def test_a_mapping_to_what_is_not_there_is_told() -> None:
    problem = refused({"reconciler.yaml": "environments: {'sk*': gone}"}, "azureml:sklearn@latest", Environment)
    assert problem.code is Code.UNMAPPED_ENVIRONMENT
    assert problem.hint == 'add to reconciler.yaml: `environments: {"sklearn": my-environment}`'


@pytest.mark.parametrize(
    ("file", "path", "within"),
    [
        ("a/b.yaml", "src", "a/src"),
        ("a/b.yaml", "./src/", "a/src"),
        ("a/b.yaml", "../src", "src"),
        ("a/b.yaml", "..", ""),
        ("b.yaml", ".", ""),
        ("b.yaml", "a/../../b/..", None),
        ("a/b.yaml", "../..", None),
        ("b.yaml", "/etc", None),
        ("a/b.yaml", "../../etc/passwd", None),
        ("b.yaml", "..hidden/x", "..hidden/x"),
    ],
)
def test_no_path_leaves_the_repository(file: str, path: str, within: str | None) -> None:
    if within is not None:
        assert within_repository(file, path, POINTER) == within
        return
    with pytest.raises(Unresolved) as raised:
        within_repository(file, path, POINTER)
    assert raised.value.problem.code is Code.OUTSIDE_REPOSITORY
