"""One client, its experiments, and who carries out which request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlflow.tracking.client import MlflowClient

from reconciler.tracking.protocol import (
    Request,
    details_as_json,
    marks_from_json,
    model_request_from_json,
    run_data_as_json,
    run_request_from_json,
    versions_as_json,
    versions_from_json,
)
from reconciler.tracking.store.carrying import carry_over
from reconciler.tracking.store.copies import copy_run
from reconciler.tracking.store.endings import finish_run
from reconciler.tracking.store.experiments import Experiments
from reconciler.tracking.store.histories import metric_histories
from reconciler.tracking.store.model_details import details_of
from reconciler.tracking.store.models import holders, mark, register_model, registered, set_aliases, versions_of
from reconciler.tracking.store.refusals import refusals_explained
from reconciler.tracking.store.runs import missing, start_run


class Store:
    """MLflow, opened."""

    def __init__(self, uri: str, artifact_root: Path | None) -> None:
        self._uri = uri
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._experiments = Experiments(self._client, artifact_root)
        self._handlers: Mapping[str, Callable[[Request], Any]] = {
            "experiment": self._experiment,
            "start_run": self._start_run,
            "finish_run": self._finish_run,
            "copy_run": self._copy_run,
            "carry_over": self._carry_over,
            "histories": self._histories,
            "missing": self._missing,
            "log_artifacts": self._log_artifacts,
            "register_model": self._register_model,
            "registered": self._registered,
            "versions_of": self._versions_of,
            "holders": self._holders,
            "details": self._details,
            "mark": self._mark,
            "set_aliases": self._set_aliases,
        }

    def carry_out(self, request: Request) -> Any:
        """Do it, and give the answer's JSON.

        Raises:
            TrackingError: MLflow does not do it.
        """
        with refusals_explained(self._uri):
            return self._handlers[request.do](request)

    def _experiment(self, request: Request) -> dict[str, str]:
        return {"run_id": "", "experiment_id": self._experiments.id(request.arguments["experiment"])}

    def _start_run(self, request: Request) -> dict[str, str]:
        wanted = run_request_from_json(request.arguments)
        run_id = start_run(self._client, self._experiments, wanted, request.started, request.repeated)
        return {"run_id": run_id, "experiment_id": self._experiments.id(wanted.experiment)}

    def _finish_run(self, request: Request) -> dict[str, Any]:
        return run_data_as_json(finish_run(self._client, **request.arguments))

    def _copy_run(self, request: Request) -> dict[str, str]:
        wanted = run_request_from_json(request.arguments["request"])
        source = request.arguments["source"]
        run_id = copy_run(self._client, self._experiments, source, wanted, request.started, request.repeated)
        return {"run_id": run_id, "experiment_id": self._experiments.id(wanted.experiment)}

    def _carry_over(self, request: Request) -> dict[str, Any]:
        run_id, is_whole = carry_over(self._client, self._experiments, **request.arguments)
        return {"run_id": run_id, "is_whole": is_whole}

    def _histories(self, request: Request) -> dict[str, list[float]]:
        return metric_histories(self._client, request.arguments["run_ids"], request.arguments["metric"])

    def _missing(self, request: Request) -> list[str]:
        return missing(self._client, request.arguments["run_ids"])

    def _log_artifacts(self, request: Request) -> None:
        self._client.log_artifacts(request.arguments["run_id"], request.arguments["folder"])

    def _register_model(self, request: Request) -> list[dict[str, Any]]:
        return versions_as_json([register_model(self._client, model_request_from_json(request.arguments))])

    def _registered(self, request: Request) -> list[dict[str, Any]]:
        return versions_as_json(registered(self._client, **request.arguments))

    def _versions_of(self, request: Request) -> list[dict[str, Any]]:
        return versions_as_json(versions_of(self._client, request.arguments["names"]))

    def _holders(self, request: Request) -> dict[str, str]:
        return holders(self._client, **request.arguments)

    def _details(self, request: Request) -> list[dict[str, Any]]:
        return details_as_json(details_of(self._client, versions_from_json(request.arguments["versions"])))

    def _mark(self, request: Request) -> None:
        mark(self._client, marks_from_json(request.arguments["marks"]))

    def _set_aliases(self, request: Request) -> None:
        set_aliases(self._client, versions_from_json(request.arguments["versions"]))
