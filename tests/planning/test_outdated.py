"""What pipelines pin, and what they could choose instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.desired import Desired
from reconciler.model.manifests import Kind
from reconciler.model.plan import Bump
from reconciler.model.releases import Release
from reconciler.planning.outdated import (
    Pinned,
    manifests_to_compare,
    pinned_by,
    releases_to_compare,
    version_of,
    with_changes,
)
from reconciler.planning.resolve import Registry

from .history import desired_of
from .world import interfaces_of

PIPELINE = "type: pipeline\nname: lending\njobs:\n  split: {{component: 'azureml:{}'}}\n"


def split(version: str, inputs: str = "{}", environment: str = "{image: python}") -> str:
    return (
        f"name: split\nversion: {version}\ntype: command\ncommand: echo\ninputs: {inputs}\nenvironment: {environment}\n"
    )


def versions(*several: str) -> dict[str, str]:
    return {f"split/{version}.yaml": split(version) for version in several}


def pins(files: dict[str, str], **changes: object) -> list[Pinned]:
    desired = replace(desired_of(files), **changes)  # type: ignore[arg-type]
    return pinned_by(desired.pipelines, Registry(desired))


def told(pin: Pinned) -> tuple[str | None, str | None, str | None, bool]:
    return pin.resolves_to, version_of(pin.within), version_of(pin.newest), pin.is_outdated


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("^1.2", ("1.4.1", "1.4.1", "2.1.0", True)),
        ("~1.2", ("1.2.5", "1.2.5", "2.1.0", True)),
        ("1.2.0", ("1.2.0", "1.4.1", "2.1.0", True)),
        ("^2", ("2.1.0", "2.1.0", "2.1.0", False)),
        ("2.1.0", ("2.1.0", "2.1.0", "2.1.0", False)),
        ("2.0.0", ("2.0.0", "2.1.0", "2.1.0", True)),
        (">=1,<3", ("2.1.0", "2.1.0", "2.1.0", False)),
        ("latest", ("2.1.0", "2.1.0", "2.1.0", False)),
        ("3.0.0-rc.1", ("3.0.0-rc.1", "3.0.0-rc.1", "2.1.0", False)),
        ("1.3.0", (None, "1.4.1", "2.1.0", True)),
        ("^7", (None, None, "2.1.0", True)),
    ],
)
def test_each_reference_is_told_with_what_it_could_choose(
    wanted: str, expected: tuple[str | None, str | None, str | None, bool]
) -> None:
    files = versions("1.2.0", "1.2.5", "1.4.1", "2.0.0", "2.1.0", "3.0.0-rc.1")
    (pin,) = pins({**files, "lending.yaml": PIPELINE.format(f"split@{wanted}")})
    assert (pin.pipeline, pin.kind, pin.name) == ("lending", Kind.COMPONENT, "split")
    assert (pin.file, pin.pointers) == ("lending.yaml", (("jobs", "split", "component"),))
    assert told(pin) == expected


def test_where_there_are_only_pre_releases_none_is_the_newest() -> None:
    (pin,) = pins({**versions("1.0.0-rc.1", "1.0.0-rc.2"), "lending.yaml": PIPELINE.format("split@1.0.0-rc.1")})
    assert told(pin) == ("1.0.0-rc.1", "1.0.0-rc.2", None, True)


def test_labels_and_their_versions() -> None:
    files = {
        **versions("1.2.0", "1.4.1", "2.0.0"),
        "lending.yaml": PIPELINE.format("split@stable"),
        "reconciler.yaml": "labels: {component/split: {stable: ^1}}\n",
    }
    (pin,) = pins(files)
    assert told(pin) == ("1.4.1", "1.4.1", "2.0.0", True)


def test_what_has_no_version_or_leads_nowhere_or_is_named_by_a_path_is_no_pin() -> None:
    files = {
        "split.yaml": split("1.0.0").replace("version: 1.0.0\n", ""),
        "named.yaml": PIPELINE.format("split@latest"),
        "nowhere.yaml": PIPELINE.format("splitt@latest"),
        "path.yaml": PIPELINE.format("split.yaml").replace("azureml:", "./"),
    }
    assert pins(files) == []


def test_a_curated_environment_that_stands_for_one_of_ours_is_no_pin() -> None:
    files = {
        "tools.yaml": "$schema: environment\nname: tools\nversion: 1.0.0\nimage: python\n",
        "reconciler.yaml": "environments: {AzureML-*: tools}\n",
        "split.yaml": split("1.0.0", environment="azureml:AzureML-sklearn:3"),
        "lending.yaml": PIPELINE.format("split@1.0.0"),
    }
    assert [pin.name for pin in pins(files)] == ["split"]


def test_references_stand_in_jobs_inputs_nested_pipelines_and_components() -> None:
    files = {
        "tools.yaml": "$schema: https://x/environment.schema.json\nname: tools\nversion: 1.0.0\nimage: python\n",
        "loans.yaml": "name: loans\nversion: 1.0.0\ntype: uri_file\npath: loans.csv\n",
        "loans.csv": "a\n1\n",
        "split.yaml": split("1.0.0", "{data: {type: uri_file}}", "azureml:tools@^1.0"),
        "inner.yaml": "type: pipeline\nname: inner\nversion: 1.0.0\n"
        "$schema: https://x/pipelineComponent.schema.json\ninputs: {loans: {type: uri_file}}\n"
        "jobs:\n  one:\n    component: azureml:split:1.0.0\n    inputs: {data: '${{parent.inputs.loans}}'}\n",
        "lending.yaml": """\
type: pipeline
name: lending
inputs:
  loans: {type: uri_file, path: azureml:loans@1.0.0}
jobs:
  nested:
    component: ./inner.yaml
    inputs: {loans: '${{parent.inputs.loans}}'}
  first:
    component: azureml:split@1.0.0
    inputs: {data: {type: uri_file, path: azureml:loans:1.0.0}}
  second:
    component: azureml:split@1.0.0
    environment: azureml:tools@1.0.0
    inputs: {data: azureml:loans:1.0.0}
  inline:
    type: command
    command: echo
    environment: azureml:tools@~1.0
  swept:
    type: sweep
    trial: azureml:split@=1.0.0
    inputs: {data: azureml:loans:1.0.0}
    sampling_algorithm: random
    search_space: {rate: {type: uniform, min_value: 0, max_value: 1}}
    objective: {goal: maximize, primary_metric: accuracy}
    limits: {max_total_trials: 3}
""",
    }
    found = {(pin.file, pin.reference.short): pin.pointers for pin in pins(files)}
    assert found == {
        ("lending.yaml", "loans@1.0.0"): (("inputs", "loans"),),
        ("lending.yaml", "split@1.0.0"): (("jobs", "first", "component"), ("jobs", "second", "component")),
        ("lending.yaml", "loans:1.0.0"): (
            ("jobs", "first", "inputs", "data"),
            ("jobs", "second", "inputs", "data"),
            ("jobs", "swept", "inputs", "data"),
        ),
        ("lending.yaml", "tools@1.0.0"): (("jobs", "second", "environment"),),
        ("lending.yaml", "tools@~1.0"): (("jobs", "inline", "environment"),),
        ("lending.yaml", "split@=1.0.0"): (("jobs", "swept", "trial"),),
        ("inner.yaml", "split:1.0.0"): (("jobs", "one", "component"),),
        ("split.yaml", "tools@^1.0"): (("environment",),),
    }


def test_the_change_is_that_of_the_interface_up_to_the_newest() -> None:
    files = {
        "one.yaml": split("1.0.0", "{seed: {type: integer, default: 1}, rows: {type: integer, default: 1}}"),
        "two.yaml": split("2.0.0", "{rows: {type: integer, default: 1}, name: {type: string, default: a}}"),
        "lending.yaml": PIPELINE.format("split@^1"),
    }
    desired = desired_of(files)
    found = pinned_by(desired.pipelines, Registry(desired))
    compared = manifests_to_compare(found, desired)
    assert {manifest.file for manifest in compared} == {"one.yaml", "two.yaml"}
    (pin,) = with_changes(found, desired, interfaces_of(compared, desired))
    assert pin.required is Bump.MAJOR
    assert pin.changes == ("input seed removed", "optional input name added")


def _with_release(version: str) -> tuple[Desired, Release]:
    release = Release(Kind.COMPONENT, "split", version, f"component/split/v{version}", "c" * 40)
    desired = desired_of({**versions("1.0.0"), "lending.yaml": PIPELINE.format("split@1.0.0")})
    return replace(desired, releases={(Kind.COMPONENT, "split"): (release,)}), release


def test_the_newest_that_only_a_tag_holds_is_to_be_read() -> None:
    desired, release = _with_release("1.1.0")
    found = pinned_by(desired.pipelines, Registry(desired))
    assert [*releases_to_compare(found)] == [(release, Kind.COMPONENT)]
    (unread,) = with_changes(found, desired, {})
    assert (unread.required, unread.broken) == (Bump.NONE, "")


def test_a_newest_that_cannot_be_used_says_why() -> None:
    desired, release = _with_release("1.1.0")
    desired = replace(desired, broken_releases={(release.tag, Kind.COMPONENT): "commit c holds no split"})
    (pin,) = with_changes(pinned_by(desired.pipelines, Registry(desired)), desired, {})
    assert pin.broken == "the tag `component/split/v1.1.0` cannot be used: commit c holds no split"


def test_nothing_is_to_be_read_where_nothing_is_newer() -> None:
    desired, _ = _with_release("1.0.0")
    found = pinned_by(desired.pipelines, Registry(desired))
    assert [*releases_to_compare(found)] == []
    assert manifests_to_compare(found, desired) == []
