"""`reconciler.yaml`: the settings that the authors of a repository choose."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.manifests.settings import settings_of
from reconciler.model.desired import Settings
from reconciler.model.manifests import Kind
from reconciler.model.problems import Code, Pointer, Severity
from reconciler.model.releases import TagPattern
from reconciler.shipped import shipped_folder

from .documents import component
from .repository import load, place, where

SCHEMA = json.loads((shipped_folder("schemas") / "reconciler.schema.json").read_text(encoding="utf-8"))


def test_all_settings_are_read() -> None:
    text = (
        "environments:\n  AzureML-sklearn-*: sklearn\n  lightgbm-3.2: lightgbm\n"
        "versions: warn\nstrict: true\nprune: false\n"
        "datastores:\n  workspaceblobstore: ./data\n  scratch: /srv/data\n  archive: s3://bucket/folder\n"
        "registry: tags-only\ntags: '{name}@v{version}'\n"
        "labels:\n  component/split: {stable: 1.2.0, next: ^2.0.0-0}\n  data/loans: {audited: 1.x}\n"
    )
    settings, problems = settings_of(text.encode())
    assert problems == ()
    assert settings == Settings(
        environments=(("AzureML-sklearn-*", "sklearn"), ("lightgbm-3.2", "lightgbm")),
        mutated_versions_are_errors=False,
        datastores=(
            ("workspaceblobstore", "./data"),
            ("scratch", "/srv/data"),
            ("archive", "s3://bucket/folder"),
        ),
        is_strict=True,
        is_pruned=False,
        is_tags_only=True,
        tags=TagPattern("{name}@v{version}"),
        labels={
            (Kind.COMPONENT, "split", "stable"): "1.2.0",
            (Kind.COMPONENT, "split", "next"): "^2.0.0-0",
            (Kind.DATA, "loans", "audited"): "1.x",
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing yet\n", "---\n", "environments:\ndatastores:\nlabels:\n", "{}", "labels: {}\n"),
        "versions: refuse\nstrict: false\nregistry: head-and-tags\ntags: '{kind}/{name}/v{version}'\n",
    ],
)
def test_nothing_written_means_the_defaults(text: str) -> None:
    assert settings_of(text.encode()) == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "pointer", "hint"),
    [
        ("- a\n", (), 'for example {"environments": {"AzureML-sklearn-*": "sklearn"}}'),
        ("text\n", (), 'for example {"environments": {"AzureML-sklearn-*": "sklearn"}}'),
        ("environments: [a]\n", ("environments",), 'for example {"AzureML-sklearn-*": "sklearn"}'),
        ("environments: {a: 3}\n", ("environments", "a"), 'for example "sklearn"'),
        ("environments: {a: {b: c}}\n", ("environments", "a"), 'for example "sklearn"'),
        ("environments: {a: ''}\n", ("environments", "a"), 'for example "sklearn"'),
        ("versions: never\n", ("versions",), "allowed: `refuse`, `warn`"),
        ("versions: [warn]\n", ("versions",), "did you mean `warn`?"),
        ("versions: warm\n", ("versions",), "did you mean `warn`?"),
        ("strict: 'true'\n", ("strict",), "write true or false"),
        ("strict: 1\n", ("strict",), "write true or false"),
        ("datastores: ./data\n", ("datastores",), "for example {"),
        ("datastores: {a: 3}\n", ("datastores", "a"), 'for example "./data"'),
        ("datastores: {a: ''}\n", ("datastores", "a"), 'for example "./data"'),
        ("datastores: {a/b: ./data}\n", ("datastores", "a/b"), "use letters, digits and underscores"),
        ("datastores: {a: 'ftp://host/x'}\n", ("datastores", "a"), "these are: `http://`, `https://`, `s3://`"),
        ("datastores: {a: 's3://'}\n", ("datastores", "a"), "correct the URL"),
        ("datastores: {a: 'https://me:secret@host/x'}\n", ("datastores", "a"), "leave it out"),
        ("datastores: {a: 'azureml://datastores/b'}\n", ("datastores", "a"), "such as `./data`"),
        ("versions: warn\n---\nversions: refuse\n", (), "write one"),
        ("registry: tags\n", ("registry",), "did you mean `tags-only`?"),
        ("registry: true\n", ("registry",), "allowed: `head-and-tags`, `tags-only`"),
        ("tags: 'v{version}'\n", ("tags",), 'write `tags: "{kind}/{name}/v{version}"` or `tags: "{name}@v{version}"`'),
        ("tags: '{name}.{version}'\n", ("tags",), "write `tags: "),
        ("tags: ''\n", ("tags",), 'for example "{name}@v{version}"'),
        ("tags: [a]\n", ("tags",), 'for example "{name}@v{version}"'),
        ("labels: [a]\n", ("labels",), "for example {"),
        ("labels: {split: {stable: 1.2.0}}\n", ("labels", "split"), 'for example "component/split"'),
        ("labels: {schedule/split: {stable: 1.2.0}}\n", ("labels", "schedule/split"), 'for example "component/split"'),
        ("labels: {component/split: 1.2.0}\n", ("labels", "component/split"), "for example {"),
        (
            "labels: {component/split: {latest: 1.2.0}}\n",
            ("labels", "component/split", "latest"),
            'for example "stable"',
        ),
        ("labels: {component/split: {stable: 1.2}}\n", ("labels", "component/split", "stable"), 'for example "1.2.0"'),
        (
            "labels: {component/split: {stable: newest}}\n",
            ("labels", "component/split", "stable"),
            "write a version or a range that `component/split@stable` stands for, such as `^1.2`",
        ),
    ],
)
def test_a_wrong_setting_is_an_error_and_the_default_holds(text: str, pointer: Pointer, hint: str) -> None:
    settings, (problem,) = settings_of(text.encode())
    assert (problem.code, problem.pointer) == (Code.INVALID_VALUE, pointer)
    assert hint in problem.hint
    assert problem.is_error
    assert settings == Settings()
    assert "secret@" not in problem.message + problem.hint


@pytest.mark.parametrize("target", ["..", "../data", "./a/../../data", "a/../.."])
def test_no_datastore_lies_beside_the_repository(target: str) -> None:
    settings, (problem,) = settings_of(f"datastores: {{a: {target}}}\n".encode())
    assert (problem.code, problem.pointer) == (Code.OUTSIDE_REPOSITORY, ("datastores", "a"))
    assert settings == Settings()


def test_what_is_right_beside_something_wrong_holds() -> None:
    text = "environments: {a: b, c: 3}\ndatastores: {d: ./e, f: ../g}\nstrict: true\nversions: x\n"
    settings, problems = settings_of(text.encode())
    assert settings == Settings((("a", "b"),), datastores=(("d", "./e"),), is_strict=True)
    assert {problem.pointer for problem in problems} == {("environments", "c"), ("datastores", "f"), ("versions",)}


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("enviroments", "did you mean `environments`?"),
        ("datastore", "did you mean `datastores`?"),
        ("stirct", "did you mean `strict`?"),
        ("regsitry", "did you mean `registry`?"),
        ("label", "did you mean `labels`?"),
        ("zzz", f"known here: {', '.join(f'`{name}`' for name in SCHEMA['properties'])}"),
    ],
)
def test_an_unknown_setting_is_a_warning_with_the_nearest_known_name(key: str, hint: str) -> None:
    _, (problem,) = settings_of(f"{key}: {{}}\n".encode())
    assert (problem.code, problem.severity, problem.hint) == (Code.UNKNOWN_PROPERTY, Severity.WARNING, hint)


def test_the_schema_keeps_the_rules_of_its_draft_and_describes_every_setting() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for name, described in SCHEMA["properties"].items():
        assert described["description"], name
        assert described["examples"], name


@pytest.mark.parametrize("example", SCHEMA["examples"])
def test_the_examples_of_the_schema_are_settings(example: dict[str, object]) -> None:
    settings, problems = settings_of(json.dumps(example).encode())
    assert problems == ()
    assert settings != Settings()


@pytest.mark.parametrize("name", [name for name in SCHEMA["properties"] if name != "$schema"])
def test_every_setting_of_the_schema_has_a_field_that_it_sets(name: str) -> None:
    """What the schema knows and the code does not would have no effect and be told by nobody."""
    others = {"versions": "warn"}
    [value, *_] = [others[name]] if name in others else SCHEMA["properties"][name]["examples"]
    settings, problems = settings_of(json.dumps({name: value}).encode())
    assert problems == ()
    assert settings != Settings()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_settings_and_no_traceback(content: bytes) -> None:
    settings, problems = settings_of(content)
    assert isinstance(settings, Settings)
    assert all(problem.hint for problem in problems)


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
