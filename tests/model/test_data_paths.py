"""What a path of data means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.data_paths import (
    AtUrl,
    BadPathError,
    DataPlace,
    InRepository,
    OnDisk,
    data_place,
    file_name,
    redacted_url,
)
from reconciler.model.problems import Code

STORES = (
    ("blob", "./data/blob/"),
    ("disk", "/srv/data"),
    ("bucket", "s3://loans/raw/"),
    ("site", "https://example.org"),
)
LONG = "azureml://subscriptions/0/resourcegroups/ml/workspaces/w/datastores"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("loans.csv", InRepository("loans.csv")),
        ("./data/", InRepository("./data/")),
        ("file:./loans.csv", InRepository("./loans.csv")),
        ("file:../loans.csv", InRepository("../loans.csv")),
        (".\\data\\loans.csv", InRepository(".\\data\\loans.csv")),
        ("/srv/loans.csv", OnDisk("/srv/loans.csv")),
        ("file:/srv/loans.csv", OnDisk("/srv/loans.csv")),
        ("file:///srv/loans.csv", OnDisk("/srv/loans.csv")),
        ("file://localhost/srv/loans.csv", OnDisk("/srv/loans.csv")),
        ("https://example.org/loans.csv?raw=true#top", AtUrl("https://example.org/loans.csv?raw=true")),
        ("s3://loans/raw/", AtUrl("s3://loans/raw")),
        ("gs://loans/raw", AtUrl("gs://loans/raw")),
        ("abfss://raw@store.dfs.core.windows.net/loans", AtUrl("abfss://raw@store.dfs.core.windows.net/loans")),
        ("azureml://datastores/blob/paths/a/b.csv", InRepository("data/blob/a/b.csv", is_from_root=True)),
        ("azureml://datastores/blob/paths/", InRepository("data/blob", is_from_root=True)),
        ("azureml:datastores/blob/paths/a", InRepository("azureml:datastores/blob/paths/a")),
        ("azureml://datastores/disk/paths/a/", OnDisk("/srv/data/a")),
        ("azureml://datastores/bucket/paths/a.csv", AtUrl("s3://loans/raw/a.csv")),
        (f"{LONG}/bucket/paths/a.csv", AtUrl("s3://loans/raw/a.csv")),
        (f"{LONG.replace('resourcegroups', 'resourceGroups')}/site/paths/a b", AtUrl("https://example.org/a b")),
    ],
)
def test_a_path_means_one_place(path: str, place: DataPlace) -> None:
    assert data_place(path, STORES) == place


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("azureml://datastores/other/paths/a", Code.UNMAPPED_DATASTORE, "`other` stands for no folder or URL"),
        ("azureml://datastores/blob/a.csv", Code.INVALID_VALUE, "is not a path of data"),
        ("azureml://jobs/a/outputs/b", Code.INVALID_VALUE, "is not a path of data"),
        ("azureml://datastores/blob/paths/../../secret", Code.OUTSIDE_REPOSITORY, "leads out of its datastore"),
        ("azureml://datastores/blob/paths/%2e%2e/x", Code.OUTSIDE_REPOSITORY, "leads out of its datastore"),
        ("file://elsewhere/loans.csv", Code.INVALID_VALUE, "names another machine"),
        ("C:\\data\\loans.csv", Code.INVALID_VALUE, "is a path of Windows"),
        ("ftp://example.org/loans.csv", Code.INVALID_VALUE, "data at `ftp://` cannot be read"),
        ("memory://loans.csv", Code.INVALID_VALUE, "data at `memory://` cannot be read"),
        ("simplecache::s3://loans/a", Code.INVALID_VALUE, "cannot be read"),
        ("https:///loans.csv", Code.INVALID_VALUE, "names no host or bucket"),
        ("https://[::1/loans.csv", Code.INVALID_VALUE, "is not a URL"),
        ("https://example.org/public/../private", Code.INVALID_VALUE, "has `.` or `..` in its path"),
        ("https://example.org/public/%2E%2e/private", Code.INVALID_VALUE, "has `.` or `..` in its path"),
    ],
)
def test_what_means_nothing_is_refused(path: str, code: Code, message: str) -> None:
    with pytest.raises(BadPathError) as refused:
        data_place(path, STORES)
    assert refused.value.code is code
    assert message in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(
    "path",
    [
        "https://user:s3cret@example.org/loans.csv",
        "https://s3cret@example.org/loans.csv",
        "s3://key:s3cret@loans/raw",
        "abfs://raw:s3cret@store.dfs.core.windows.net/loans",
        "https://store.blob.core.windows.net/raw/loans.csv?sv=1&sig=s3cret",
        "https://loans.s3.amazonaws.com/a.csv?X-Amz-Signature=s3cret",
    ],
)
def test_secrets_are_refused_and_not_repeated(path: str) -> None:
    with pytest.raises(BadPathError, match="holds a secret, which does not belong into Git") as refused:
        data_place(path)
    assert "s3cret" not in f"{refused.value.message} {refused.value.hint}"


def test_an_unmapped_datastore_names_the_line_to_add() -> None:
    with pytest.raises(BadPathError) as refused:
        data_place("azureml://datastores/other/paths/a")
    assert refused.value.hint.startswith("add to reconciler.yaml: `datastores: {other: ./data}`")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/loans.csv?raw=1", "loans.csv"),
        ("https://example.org/my%20loans.csv", "my loans.csv"),
        ("https://example.org/", "data"),
        ("https://example.org/%2e%2e", "data"),
        ("https://example.org/a%2F..%2Fb", "b"),
    ],
)
def test_a_file_keeps_the_name_that_its_url_says(url: str, name: str) -> None:
    assert file_name(url) == name


def test_what_is_shown_of_a_url_holds_no_secret() -> None:
    assert redacted_url("https://u:p@example.org/a?sig=x") == "https://example.org/a?…"
    assert redacted_url("abfs://raw@store.dfs.core.windows.net/a") == "abfs://raw@store.dfs.core.windows.net/a"


@given(
    st.one_of(st.text(), st.builds("{}://{}".format, st.sampled_from(["https", "azureml", "s3", "file"]), st.text()))
)
def test_any_text_means_a_place_or_is_refused(path: str) -> None:
    try:
        place = data_place(path, STORES)
    except BadPathError as refused:
        assert refused.hint
    else:
        assert isinstance(place, InRepository | OnDisk | AtUrl)
