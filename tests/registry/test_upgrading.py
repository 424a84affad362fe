"""Where references stand in files, and what is written there instead."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.model.upgrades import UpgradePolicy
from reconciler.planning.outdated import pinned_by
from reconciler.planning.resolve import Registry
from reconciler.registry.upgrading import Upgrade, upgrade_of
from tests.planning.history import desired_of

LOANS = "name: loans\nversion: {}\ntype: uri_file\npath: loans.csv\n"
SPLIT = (
    "name: split\nversion: {}\ntype: command\ninputs: {{data: {{type: uri_file}}}}\ncommand: echo\n"
    "environment: {{image: python}}\n"
)
NO_VERSIONS: Mapping[str, str] = {}
VERSIONS = {
    "loans.csv": "a\n1\n",
    **{f"loans-{version}.yaml": LOANS.format(version) for version in ("1.0.0", "1.1.0", "2.0.0")},
    **{f"split-{version}.yaml": SPLIT.format(version) for version in ("1.0.0", "1.1.0", "2.0.0")},
}


def upgraded(
    files: dict[str, str], policy: UpgradePolicy = UpgradePolicy.WITHIN_RANGE, versions: Mapping[str, str] = NO_VERSIONS
) -> Upgrade:
    desired = desired_of({**VERSIONS, **files})
    assert files.keys() <= desired.manifests.keys(), desired.problems
    rows = pinned_by(desired.pipelines, Registry(desired))
    return upgrade_of(rows, policy, desired.settings, lambda file: files[file].encode(), versions.get)


def test_the_version_of_a_file_that_was_released_follows() -> None:
    text = _job("azureml:loans@2.0.0", "azureml:split@1.0.0").replace(
        "name: p\n", "name: p\nversion: 1.0.0  # of June\n"
    )
    made = upgraded({"p.yaml": text}, versions={"p.yaml": "1.0.1"})
    assert made.contents["p.yaml"].decode() == text.replace("@1.0.0", "@1.1.0").replace(" 1.0.0  #", " 1.0.1  #")
    assert [str(edit) for edit in made.edits] == [
        "p.yaml:3: version: 1.0.0 → version: 1.0.1",
        "p.yaml:6: split@1.0.0 → split@1.1.0",
    ]


def _job(inputs: str, component: str = "azureml:split@2.0.0") -> str:
    job = f"    component: {component}\n    inputs:\n      data: {inputs}\n"
    return f"type: pipeline\nname: p\njobs:\n  one:\n{job}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("azureml:loans@1.0.0", "azureml:loans@1.1.0"),
        ("azureml:loans:1.0.0  # the first", "azureml:loans:1.1.0  # the first"),
        ("{type: uri_file, path: 'azureml:loans:^1.0'}", "{type: uri_file, path: 'azureml:loans:^1.1.0'}"),
        ('{value: "azureml:loans@1.0.0"}', '{value: "azureml:loans@1.1.0"}'),
        (">-\n        azureml:loans@1.0.0", ">-\n        azureml:loans@1.1.0"),
        ("|\n        azureml:loans@1.0.0", '"azureml:loans@1.1.0\\n"'),
    ],
)
def test_data_is_upgraded_where_it_is_bound(written: str, expected: str) -> None:
    made = upgraded({"p.yaml": _job(written)})
    assert {file: content.decode() for file, content in made.contents.items()} == {"p.yaml": _job(expected)}
    assert [(edit.file, edit.line) for edit in made.edits] == [("p.yaml", 7)]


def test_a_tilde_range_that_would_become_narrower_stays() -> None:
    made = upgraded({"p.yaml": _job("azureml:loans@~1")})
    assert (made.contents, made.edits, made.left) == ({}, [], [])


def test_what_a_merge_brings_in_is_left_alone() -> None:
    text = "tags: &shared\n  component: azureml:split@1.0.0\ntype: pipeline\nname: p\njobs:\n  one:\n    <<: *shared\n"
    made = upgraded({"p.yaml": text})
    assert made.contents == {}
    (left,) = made.left
    assert (left.file, left.reference) == ("p.yaml", "split@1.0.0")
    assert "`<<`" in left.why


def test_a_literal_of_the_same_text_elsewhere_stays() -> None:
    text = _job("azureml:loans@1.0.0") + "    description: azureml:loans@1.0.0\n"
    made = upgraded({"p.yaml": text})
    assert made.contents["p.yaml"].decode() == text.replace("data: azureml:loans@1.0.0", "data: azureml:loans@1.1.0")


def test_a_file_that_two_pipelines_use_is_edited_once() -> None:
    nested = (
        "$schema: https://x/pipelineComponent.schema.json\ntype: pipeline\nname: inner\nversion: 1.0.0\njobs:\n"
        "  one: {component: 'azureml:split@1.0.0', inputs: {data: azureml:loans@2.0.0}}\n"
    )
    outer = "type: pipeline\nname: {}\njobs: {{nested: {{component: ./inner.yaml}}}}\n"
    made = upgraded({"inner.yaml": nested, "a.yaml": outer.format("a"), "b.yaml": outer.format("b")})
    (edit,) = made.edits
    assert (edit.file, edit.line, edit.pipelines) == ("inner.yaml", 6, ("a", "b"))
    assert made.contents == {"inner.yaml": nested.replace("split@1.0.0", "split@1.1.0").encode()}


def test_several_edits_of_a_file() -> None:
    made = upgraded({"p.yaml": _job("azureml:loans@^1.0", "azureml:split:1.x")}, UpgradePolicy.LATEST)
    assert made.contents["p.yaml"].decode() == _job("azureml:loans@^2.0.0", "azureml:split:^2.0.0")
    assert [str(edit) for edit in made.edits] == [
        "p.yaml:5: split:1.x → split:^2.0.0",
        "p.yaml:7: loans@^1.0 → loans@^2.0.0",
    ]
