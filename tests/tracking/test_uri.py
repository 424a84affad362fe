"""Tracking URIs."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import TrackingError
from reconciler.tracking.uri import parse_tracking_uri, without_credentials


def test_credentials_leave_the_uri_for_the_environment() -> None:
    uri = parse_tracking_uri("https://ada:p%40ss@mlflow.example:8443/team/")
    assert uri.address == "https://mlflow.example:8443/team"
    assert uri.credentials == {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "p@ss"}
    assert "p@ss" not in repr(uri)


def test_a_relative_database_is_found_from_every_folder() -> None:
    assert parse_tracking_uri("sqlite:///mlflow.db").database == Path.cwd() / "mlflow.db"


def test_a_server_has_no_database() -> None:
    assert parse_tracking_uri("http://127.0.0.1:5000").database is None


@pytest.mark.parametrize("uri", ["postgresql://ada:s3cret@db/mlflow", "mlruns", "sqlite:///:memory:", "http://"])
def test_a_store_that_steps_cannot_share_is_refused_without_showing_credentials(uri: str) -> None:
    with pytest.raises(TrackingError) as caught:
        parse_tracking_uri(uri)
    assert "s3cret" not in str(caught.value)
    assert "mlflow server" in str(caught.value)


def test_credentials_in_a_message_are_blotted_out() -> None:
    said = without_credentials("GET https://ada:s3cret@host/api?at=x@y failed")
    assert said == "GET https://***@host/api?at=x@y failed"
