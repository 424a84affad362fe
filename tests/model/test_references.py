"""References as people write them: names with versions, ranges or labels, and paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.references import Reference, parse_reference

REGISTRY = "azureml://registries/azureml"


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("azureml:split@latest", "split", "latest"),
        ("azureml:split", "split", "latest"),
        ("split", "split", "latest"),
        ("azureml:split:1.2.0", "split", "1.2.0"),
        ("split:1.2.0", "split", "1.2.0"),
        ("split:~1.2.0", "split", "~1.2.0"),
        ("azureml:split@^1.2", "split", "^1.2"),
        ("split@^1.2", "split", "^1.2"),
        ("split@>=1,<3", "split", ">=1,<3"),
        ("split@>=1 <3", "split", ">=1 <3"),
        ("azureml:split@>=1 <3 || 4.x", "split", ">=1 <3 || 4.x"),
        ("azureml:split:~1.2.0", "split", "~1.2.0"),
        ("azureml:split@>=1,<3", "split", ">=1,<3"),
        ("split@1.x", "split", "1.x"),
        ("azureml:split@1.x", "split", "1.x"),
        ("split@*", "split", "*"),
        ("split@1.2 - 1.4", "split", "1.2 - 1.4"),
        ("split@latest", "split", "latest"),
        ("split@stable", "split", "stable"),
        ("azureml:split@stable", "split", "stable"),
        ("split:v1.2.0-rc.1+b7", "split", "v1.2.0-rc.1+b7"),
        (" azureml:AzureML-sklearn-1.5:34 ", "AzureML-sklearn-1.5", "34"),
        ("azureml:loans.csv@1", "loans.csv", "1"),
        ("azureml:train.yaml@1", "train.yaml", "1"),
    ],
)
def test_a_name_may_be_followed_by_what_is_wanted_of_it(text: str, name: str, wanted: str) -> None:
    assert parse_reference(text) == Reference(text, name=name, wanted=wanted)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:split.yaml", "split.yaml"),
        ("file:../components/split", "../components/split"),
        ("file://split.yaml", "split.yaml"),
        ("./split.yaml", "./split.yaml"),
        ("../split.yml", "../split.yml"),
        ("components/split.YAML", "components/split.YAML"),
        ("/etc/split.yaml", "/etc/split.yaml"),
    ],
)
def test_what_looks_like_a_file_is_a_path(text: str, path: str) -> None:
    assert parse_reference(text) == Reference(text, path=path)


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        (f"{REGISTRY}/components/split/versions/1.2.0", "split", "1.2.0"),
        (f"{REGISTRY}/environments/sklearn-1.5/labels/latest", "sklearn-1.5", "latest"),
        (f"{REGISTRY}/data/loans", "loans", "latest"),
        (f"{REGISTRY}/models/loans/versions/3/", "loans", "3"),
    ],
)
def test_a_registry_of_azure_is_kept_in_mind(text: str, name: str, wanted: str) -> None:
    assert parse_reference(text) == Reference(text, name=name, wanted=wanted, registry="azureml")


@pytest.mark.parametrize(
    "text", ["", "azureml:", "azureml:a b", "split@", "split:1:2", "a/b", "azureml:/etc", "-split"]
)
def test_what_is_none_of_these_is_refused_as_written(text: str) -> None:
    with pytest.raises(ValueError, match="is not a reference"):
        parse_reference(text)


@given(st.text())
def test_any_text_is_a_name_or_a_path_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except ValueError:
        return
    assert reference.text == text
    assert (reference.name is None) != (reference.path is None)
