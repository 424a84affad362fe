"""`reconciler.yaml`: the settings that the authors of a repository choose."""

from __future__ import annotations

import pytest

from reconciler.manifests.settings import settings_of
from reconciler.model.desired import Settings
from reconciler.model.problems import Code, Pointer, Severity

from .documents import component
from .repository import load, place, where


def test_curated_environments_and_the_rule_of_versions_are_read() -> None:
    text = "environments:\n  AzureML-sklearn-*: sklearn\n  lightgbm-3.2: lightgbm\nversions: warn\n"
    settings, problems = settings_of(text.encode())
    assert problems == ()
    assert settings.environments == (("AzureML-sklearn-*", "sklearn"), ("lightgbm-3.2", "lightgbm"))
    assert not settings.mutated_versions_are_errors


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "environments:\n", "{}"])
def test_nothing_written_means_the_defaults(text: str) -> None:
    assert settings_of(text.encode()) == (Settings((), True), ())


@pytest.mark.parametrize(
    ("text", "pointer", "hint"),
    [
        ("- a\n", (), "write `environments:`"),
        ("text\n", (), "write `environments:`"),
        ("environments: [a]\n", ("environments",), 'write `"AzureML-*": sklearn`'),
        ("environments: {a: 3}\n", ("environments", "a"), "name an environment of this repository"),
        ("environments: {a: {b: c}}\n", ("environments", "a"), "name an environment of this repository"),
        ("versions: never\n", ("versions",), "write `refuse` or `warn`"),
        ("versions: [warn]\n", ("versions",), "write `refuse` or `warn`"),
        ("versions: warn\n---\nversions: refuse\n", (), "write one"),
    ],
)
def test_a_wrong_setting_is_an_error_and_the_default_holds(text: str, pointer: Pointer, hint: str) -> None:
    settings, (problem,) = settings_of(text.encode())
    assert (problem.code, problem.pointer, problem.hint) == (Code.INVALID_VALUE, pointer, hint)
    assert problem.is_error
    assert settings == Settings((), True)


@pytest.mark.parametrize(
    ("key", "hint"),
    [("enviroments", "did you mean `environments`?"), ("zzz", "known here: `environments`, `versions`")],
)
def test_an_unknown_setting_is_a_warning_with_the_nearest_known_name(key: str, hint: str) -> None:
    _, (problem,) = settings_of(f"{key}: {{}}\n".encode())
    assert (problem.code, problem.severity, problem.hint) == (Code.UNKNOWN_PROPERTY, Severity.WARNING, hint)


def test_the_settings_of_a_repository_are_those_at_its_root() -> None:
    text = "environments: {a: b}\n"
    assert load({"reconciler.yaml": text}).settings.environments == (("a", "b"),)
    assert load({"folder/reconciler.yaml": text}).settings == Settings()
    assert load({"a.yaml": component()}).settings == Settings()


def test_problems_of_the_settings_have_their_place() -> None:
    text = "environments:\n  a: b\nversion: warn\n"
    (problem,) = load({"reconciler.yaml": text}).problems
    assert where(problem) == place(text, "version: warn")


@pytest.mark.parametrize("text", ["environments: {a: azureml:b\n", "versions: warn\nversions: refuse\n", "a: ${{ [\n"])
def test_settings_that_cannot_be_read_are_told_once(text: str) -> None:
    desired = load({"reconciler.yaml": text})
    assert len(desired.problems) == 1
    assert desired.problems[0].file == "reconciler.yaml"
    assert desired.settings == Settings()
