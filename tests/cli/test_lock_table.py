"""What a plan tells of references: only what a reader would not expect."""

from __future__ import annotations

from dataclasses import replace

from reconciler.cli.lock_table import place_of, telling_lines
from reconciler.model.manifests import Kind
from reconciler.model.releases import Resolution, Skipped

SPLIT = Resolution(Kind.COMPONENT, "split@^1.2", "split", "1.4.1", "split.yaml")
SKIPPED = (Skipped("2.0.0", "outside the range"), Skipped("1.5.0-rc.1", "skipped: pre-release"))


def test_what_the_revision_holds_and_nothing_is_higher_than_says_it_by_itself() -> None:
    assert (
        telling_lines([SPLIT, replace(SPLIT, reference="split:1.4.1"), replace(SPLIT, reference="./split.yaml")]) == []
    )


def test_what_was_passed_over_is_told() -> None:
    why = "(1.5.0-rc.1 skipped: pre-release; 2.0.0 outside the range)"
    assert telling_lines([replace(SPLIT, skipped=SKIPPED)]) == [f"split@^1.2 → 1.4.1 {why}"]


def test_what_only_a_tag_has_is_told_each_once() -> None:
    tagged = replace(SPLIT, file="component/split/v1.4.1//split.yaml", tag="component/split/v1.4.1")
    assert telling_lines([tagged, SPLIT, tagged]) == ["split@^1.2 → 1.4.1"]


def test_the_place_is_a_tag_or_the_revision_itself() -> None:
    assert place_of("component/split/v1.4.1", "1a2b3c4d5e6f") == "tag component/split/v1.4.1 at 1a2b3c4"
    assert place_of(None, None) == "this revision"
