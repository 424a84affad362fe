"""Runs: made, found again, written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from mlflow.entities import LifecycleStage, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from reconciler.tracking.base import RunData, RunRequest
from reconciler.tracking.store.experiments import Experiments

ROOT_RUN_ID = "mlflow.rootRunId"
RUN = "reconciler.run"
RUNNING = "RUNNING"

T = TypeVar("T")

# MLflow takes 1000 things in one request, and of these at most 100 params and 100 tags.
_MOST_METRICS = 800
_MOST_PARAMS = 100
_MOST_TAGS = 100


def start_run(client: MlflowClient, experiments: Experiments, request: RunRequest, started: int, repeated: bool) -> str:
    """Make the run, unless a worker or a daemon that died over this request had made it."""
    made = find_run(client, experiments, request, started) if repeated else None
    if made is None and request.is_again:
        made = next((run for run in alike(client, experiments, request) if run.info.status == RUNNING), None)
    run_id = str((made or create_run(client, experiments, request, started)).info.run_id)
    own_root = {} if request.root else {ROOT_RUN_ID: run_id}
    log(client, run_id, params=request.params, tags=own_root)
    return run_id


def create_run(client: MlflowClient, experiments: Experiments, request: RunRequest, started: int) -> Run:
    """Make the run with its tags, RUNNING; without `mlflow.rootRunId` where it is the root itself."""
    tags = dict(request.tags)
    if request.root:
        tags[ROOT_RUN_ID] = request.root
    if request.parent:
        tags[MLFLOW_PARENT_RUN_ID] = request.parent
    try:
        return client.create_run(experiments.id(request.experiment), started, tags, request.name)
    except MlflowException:
        experiments.forget(request.experiment)  # deleted since we looked it up? then this says so
        return client.create_run(experiments.id(request.experiment), started, tags, request.name)


def find_run(client: MlflowClient, experiments: Experiments, request: RunRequest, started: int) -> Run | None:
    """The run that was made for this request: no other has its name and was started in that millisecond."""
    found = client.search_runs([experiments.id(request.experiment)], f"attributes.start_time = {started}")
    return next((run for run in found if run.info.run_name == request.name), None)


def alike(client: MlflowClient, experiments: Experiments, request: RunRequest) -> list[Run]:
    """The runs of this name that the very same run of the pipeline has, the newest first."""
    of_run = f"tags.`{RUN}` = '{request.tags.get(RUN, '')}' AND attributes.run_name = '{request.name}'"
    return list(client.search_runs([experiments.id(request.experiment)], of_run))


def missing(client: MlflowClient, run_ids: Iterable[str]) -> list[str]:
    """Those of these runs that are not there any more, or are deleted."""
    return [run_id for run_id in run_ids if not _is_active(client, run_id)]


def _is_active(client: MlflowClient, run_id: str) -> bool:
    try:
        return bool(client.get_run(run_id).info.lifecycle_stage == LifecycleStage.ACTIVE)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False


def run_data(run: Run, strays: tuple[str, ...] = ()) -> RunData:
    outputs = run.outputs.model_outputs if run.outputs else []
    return RunData(
        run_id=run.info.run_id,
        status=run.info.status,
        metrics=dict(run.data.metrics),
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        models=tuple(output.model_id for output in outputs),
        strays=strays,
    )


def log(
    client: MlflowClient,
    run_id: str,
    metrics: Sequence[Metric] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log it all, in as few requests as MLflow allows; none where there is nothing."""
    some_metrics = _parts(metrics, _MOST_METRICS)
    some_params = _parts((Param(key, str(value)) for key, value in (params or {}).items()), _MOST_PARAMS)
    some_tags = _parts((RunTag(key, str(value)) for key, value in (tags or {}).items()), _MOST_TAGS)
    while True:
        part = next(some_metrics, []), next(some_params, []), next(some_tags, [])
        if not any(part):
            return
        client.log_batch(run_id, *part)


def _parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part
