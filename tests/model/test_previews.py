"""The names that runs of previews go by."""

from __future__ import annotations

import pytest

from reconciler.model.previews import of_preview, previewed_name


def test_a_name_tells_the_pipeline_and_the_pull_request() -> None:
    assert previewed_name("loans", 12) == "loans@pr-12"
    assert of_preview("loans@pr-12") == ("loans", 12)
    assert of_preview(previewed_name("loans@pr-3", 12)) == ("loans@pr-3", 12)


@pytest.mark.parametrize("name", ["loans", "loans@pr-", "loans@pr-0", "@pr-1", "loans@pr-1x", "loans@pr-01"])
def test_other_names_are_those_of_pipelines(name: str) -> None:
    assert of_preview(name) is None
