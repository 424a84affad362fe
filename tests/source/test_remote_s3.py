"""Data in an object store, over the protocol of S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from reconciler.model.configuration import DataSettings
from reconciler.model.data_paths import RemoteData, RemoteTrouble
from reconciler.model.errors import StepError
from reconciler.model.problems import Code
from reconciler.source.remote_data import RemoteStore

from .remote_known import Known


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").create_bucket(Bucket="loans")
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def store(tmp_path: Path) -> RemoteStore:
    return _store(tmp_path)


def _store(folder: Path, **settings: Any) -> RemoteStore:
    return RemoteStore(folder / "data", Known(), DataSettings(**settings), is_work_tree=False)


def _data(store: RemoteStore, url: str) -> RemoteData:
    store.forget()
    found = store.look_up([url])[url]
    assert isinstance(found, RemoteData), found
    return found


def _trouble(store: RemoteStore, url: str) -> RemoteTrouble:
    found = store.look_up([url])[url]
    assert isinstance(found, RemoteTrouble), found
    return found


def test_a_file_is_known_by_its_etag_and_fetched(bucket: Any, store: RemoteStore) -> None:
    bucket.put_object(Key="raw/loans.csv", Body=b"1,2")
    before = _data(store, "s3://loans/raw/loans.csv")
    assert (before.is_folder, before.digest[:5]) == (False, "etag:")
    assert store.fetch("s3://loans/raw/loans.csv", before.digest).read_bytes() == b"1,2"
    bucket.put_object(Key="raw/loans.csv", Body=b"1,2")
    assert _data(store, "s3://loans/raw/loans.csv") == before
    bucket.put_object(Key="raw/loans.csv", Body=b"3,4")
    assert _data(store, "s3://loans/raw/loans.csv") != before


def test_a_folder_is_known_by_its_files(bucket: Any, store: RemoteStore) -> None:
    bucket.put_object(Key="raw/", Body=b"")
    bucket.put_object(Key="raw/a.csv", Body=b"1")
    bucket.put_object(Key="raw/deep/b.csv", Body=b"2")
    bucket.put_object(Key="raw-of-others/c.csv", Body=b"3")
    before = _data(store, "s3://loans/raw")
    assert before.is_folder
    folder = store.fetch("s3://loans/raw", before.digest)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files == {"a.csv": b"1", "deep/b.csv": b"2"}
    bucket.put_object(Key="raw-of-others/d.csv", Body=b"3")
    assert _data(store, "s3://loans/raw") == before
    bucket.put_object(Key="raw/e.csv", Body=b"")
    assert _data(store, "s3://loans/raw") != before


def test_a_folder_that_changed_since_is_not_taken(bucket: Any, store: RemoteStore) -> None:
    bucket.put_object(Key="raw/a.csv", Body=b"1")
    digest = _data(store, "s3://loans/raw").digest
    bucket.put_object(Key="raw/a.csv", Body=b"2")
    with pytest.raises(StepError, match="the data has changed since the run was planned with it"):
        store.fetch("s3://loans/raw", digest)


def test_a_folder_with_a_table_file_is_a_table(bucket: Any, store: RemoteStore) -> None:
    bucket.put_object(Key="raw/a.csv", Body=b"1")
    assert not _data(store, "s3://loans/raw").is_table
    bucket.put_object(Key="raw/MLTable", Body=b"paths: []")
    assert _data(store, "s3://loans/raw").is_table


def test_names_that_lead_out_of_the_folder_are_refused(bucket: Any, store: RemoteStore) -> None:
    bucket.put_object(Key="raw/../../evil", Body=b"1")
    assert "is no path of a file" in _trouble(store, "s3://loans/raw").message


@pytest.mark.parametrize("url", ["s3://loans/none.csv", "s3://no-such-bucket/loans.csv"])
def test_what_is_not_there_is_missing(bucket: Any, store: RemoteStore, url: str) -> None:
    assert _trouble(store, url).code is Code.MISSING_FILE


def test_a_folder_that_is_too_large_is_not_taken(bucket: Any, tmp_path: Path) -> None:
    bucket.put_object(Key="raw/a.csv", Body=b"123")
    bucket.put_object(Key="raw/b.csv", Body=b"123")
    trouble = _trouble(_store(tmp_path, max_bytes=5), "s3://loans/raw")
    assert trouble.message == "`s3://loans/raw` is larger than the 5 bytes that data at a URL may have"


def test_a_store_that_nobody_runs_is_said_to_be_away(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    trouble = _trouble(_store(tmp_path, timeout_seconds=3.0), "s3://loans/a.csv")
    assert (trouble.code, trouble.is_passing) == (Code.UNREACHABLE_DATA, True)
