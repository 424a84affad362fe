"""Tracking on a real `mlflow server`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.tracking.mlflow_tracking import MlflowTracking

from .conformance import MlflowConformance
from .mlflow_kind import MlflowKind
from .server_process import ServerProcess


@pytest.fixture(scope="module")
def kind(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowKind]:
    server.wait()

    def delete_experiment(experiment_id: str) -> None:
        server.ask("experiments/delete", {"experiment_id": experiment_id})

    def children(experiment_id: str, run_id: str) -> int:
        filter_of_children = f"tags.`mlflow.parentRunId` = '{run_id}'"
        found = server.ask("runs/search", {"experiment_ids": [experiment_id], "filter": filter_of_children})
        return len(found["runs"])

    uri = f"http://ada:s3cret@127.0.0.1:{server.port}"
    tracking = MlflowTracking(uri, None, tmp_path_factory.mktemp("worker") / "mlflow.log")
    yield MlflowKind(tracking, delete_experiment, children)
    tracking.close()


class TestServer(MlflowConformance):
    """The conformance cases on a server."""


def test_credentials_reach_a_step_by_variables_of_their_own(kind: MlflowKind) -> None:
    variables = kind.tracking.variables("a1", "lending")
    assert "s3cret" not in variables["MLFLOW_TRACKING_URI"]
    assert variables["MLFLOW_TRACKING_USERNAME"] == "ada"
    assert variables["MLFLOW_TRACKING_PASSWORD"] == "s3cret"
    assert variables["MLFLOW_RUN_ID"] == "a1"
