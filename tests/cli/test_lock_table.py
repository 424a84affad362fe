"""What a plan tells of references: only those that do not say by themselves what they come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.cli.lock_table import place_of, telling_lines
from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution, Skipped

SPLIT = Resolution(Kind.COMPONENT, "split@^1.2", "split", "1.4.1", "split.yaml")
SKIPPED = (Skipped("2.0.0", "outside the range"), Skipped("1.5.0-rc.1", "skipped: pre-release"))


@pytest.mark.parametrize("reference", ["split:1.4.1", "split@1.4.1", "split@v1.4.1", "./split.yaml", "../x/split.yml"])
def test_a_version_or_a_file_says_it_by_itself(reference: str) -> None:
    assert telling_lines([replace(SPLIT, reference=reference)]) == []


@pytest.mark.parametrize("reference", ["split", "split@latest", "split@^1.2", "split:~1.4.0", "split@stable"])
def test_anything_else_is_explained(reference: str) -> None:
    assert telling_lines([replace(SPLIT, reference=reference)]) == [f"{reference} → 1.4.1"]


def test_what_was_passed_over_is_told_of_exact_versions_too() -> None:
    lock = [replace(SPLIT, skipped=SKIPPED), replace(SPLIT, reference="split:1.4.1", skipped=SKIPPED)]
    why = "(1.5.0-rc.1 skipped: pre-release; 2.0.0 outside the range)"
    assert telling_lines(lock) == [f"split@^1.2 → 1.4.1 {why}", f"split:1.4.1 → 1.4.1 {why}"]


def test_each_is_told_once() -> None:
    assert telling_lines([SPLIT, replace(SPLIT, file="other.yaml"), SPLIT]) == ["split@^1.2 → 1.4.1"]


def test_a_manifest_without_a_version_is_explained_where_it_goes_by_name() -> None:
    anonymous = replace(SPLIT, reference="split", version=None)
    assert telling_lines([anonymous]) == [anonymous.explained()]


def test_the_place_is_a_tag_or_the_revision_itself() -> None:
    assert place_of("component/split/v1.4.1", "1a2b3c4d5e6f") == "tag component/split/v1.4.1 at 1a2b3c4"
    assert place_of(None, None) == "this revision"
