"""Where the manifest of a release lies in the commit of its tag."""

from __future__ import annotations

import pytest

from reconciler.model.manifests import Kind
from reconciler.model.releases import KIND_NAME_VERSION, Release, Tag, TagPattern
from reconciler.registry.locating import Located, Locator
from tests.manifests.documents import component, environment
from tests.planning.history import Content

from .tagged import Tagged

SPLIT = "components/split/component.yaml"
TAG = "component/split/v1.0.0"


def _release(commit: str, tag: str = TAG) -> Release:
    release = TagPattern(KIND_NAME_VERSION).read(Tag(tag, commit))
    assert release is not None
    return release


def _located(repository: Tagged, commit: str, *likely: str, tag: str = TAG) -> Located:
    release = _release(commit, tag)
    kind = release.kind or Kind.COMPONENT
    found = Locator(None).locate({(release, kind): likely}, repository.tags, repository.objects)
    return found[release, kind]


def test_at_the_path_where_the_revision_has_it_nothing_else_is_looked_at(repository: Tagged) -> None:
    commit = repository.commit({SPLIT: component(), "other.yaml": component(name="other")})
    located = _located(repository, commit, SPLIT)
    assert located.path == SPLIT
    assert located.manifest is not None
    assert (located.manifest.name, located.manifest.version) == ("split", "1.0.0")
    assert located.manifest.file == f"{TAG}//{SPLIT}"
    assert repository.tags.mounted == []


@pytest.mark.parametrize(
    "old", ["split.yml", "components/split/split.yaml", "steps/split/component.yaml", "a b/ü.yaml"]
)
def test_a_file_or_folder_of_another_name_is_found(repository: Tagged, old: str) -> None:
    commit = repository.commit({old: component(), "component.yaml": component(name="other")})
    assert _located(repository, commit, SPLIT).path == old
    assert _located(repository, commit).path == old


def test_of_another_manifest_at_the_path_nothing_is_taken(repository: Tagged) -> None:
    commit = repository.commit({SPLIT: environment(name="split"), "b.yaml": component(), "a.yaml": component(name="a")})
    assert _located(repository, commit, SPLIT).path == "b.yaml"


def test_a_path_that_was_a_folder_or_no_manifest_is_passed_over(repository: Tagged) -> None:
    files: dict[str, Content] = {
        f"{SPLIT}/inner.yaml": component(),
        "notes.yaml": "a: note",
        "bad.yaml": "name: [split",
        "run.py": "",
    }
    commit = repository.commit(files)
    assert _located(repository, commit, SPLIT, "notes.yaml", "bad.yaml", "run.py").path == f"{SPLIT}/inner.yaml"


def test_a_commit_without_the_manifest_is_told(repository: Tagged) -> None:
    commit = repository.commit({"a.yaml": component(name="other"), "b.yaml": environment(name="split")})
    located = _located(repository, commit, SPLIT)
    assert located == Located(broken=f"commit {commit[:12]} holds no component `split`")


def test_a_manifest_of_another_version_is_told(repository: Tagged) -> None:
    commit = repository.commit({SPLIT: component(version="1.2.0")})
    assert _located(repository, commit, SPLIT).broken == "the manifest there says `version: 1.2.0`"
    assert _located(repository, commit).broken == "the manifest there says `version: 1.2.0`"


@pytest.mark.parametrize("likely", [(SPLIT, "old.yaml"), ("old.yaml", SPLIT), (SPLIT,), ()])
def test_of_two_versions_in_one_commit_the_one_of_the_tag_is_taken(repository: Tagged, likely: tuple[str, ...]) -> None:
    commit = repository.commit({SPLIT: component(version="2.0.0"), "old.yaml": component(command="old")})
    assert _located(repository, commit, *likely).path == "old.yaml"
    assert _located(repository, commit, *likely, tag="component/split/v2.0.0").path == SPLIT


@pytest.mark.parametrize("written", ["3", 3, "3.0", "3.0.0"])
def test_the_version_may_be_spelled_otherwise(repository: Tagged, written: object) -> None:
    commit = repository.commit({SPLIT: component(version=written)})
    for tag in ("component/split/v3", "component/split/v3.0.0"):
        located = _located(repository, commit, SPLIT, tag=tag)
        assert located.manifest is not None
        assert located.manifest.version == "3.0.0"


def test_a_manifest_without_a_version_gets_that_of_the_tag(repository: Tagged) -> None:
    commit = repository.commit({SPLIT: component(version=...)})
    for version in ("1.0.0", "2.0.0-rc.1"):
        located = _located(repository, commit, SPLIT, tag=f"component/split/v{version}")
        assert located.manifest is not None
        assert located.manifest.version == version


def test_a_manifest_with_a_problem_is_told_with_it(repository: Tagged) -> None:
    commit = repository.commit({SPLIT: component(inputs={"seed": {"type": "integer", "default": "many"}})})
    located = _located(repository, commit, SPLIT)
    assert located.manifest is None
    assert located.broken.startswith("its manifest has a problem: ")


def test_a_commit_that_is_not_here_is_told_with_what_to_do(repository: Tagged) -> None:
    repository.commit({SPLIT: component()})
    located = _located(repository, "0" * 40, SPLIT)
    assert located == Located(broken=f"its commit {'0' * 12} is not here; fetch the whole history")


def test_what_was_found_once_is_not_looked_for_again(repository: Tagged) -> None:
    commit = repository.commit({"old.yaml": component()})
    locator, wanted = Locator(None), {(_release(commit), Kind.COMPONENT): (SPLIT,)}
    first = locator.locate(wanted, repository.tags, repository.objects)
    asked = list(repository.tags.mounted), list(repository.tags.looked)
    assert locator.locate(wanted, repository.tags, repository.objects) == first
    assert (repository.tags.mounted, repository.tags.looked) == asked
    moved = repository.commit({"new.yaml": component(command="other")})
    found = locator.locate({(_release(moved), Kind.COMPONENT): (SPLIT,)}, repository.tags, repository.objects)
    assert [located.path for located in found.values()] == ["new.yaml"]
