"""What a step logged outside its run.

MLflow forgets `MLFLOW_RUN_ID` as soon as that run ends. Autologging's `fit` takes the step's run and ends it, so what
the step logs afterwards, its own metrics most of all, makes a run of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlflow.entities import Run
from mlflow.tracking.client import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from reconciler.tracking.store.artifacts import copy_run_artifacts
from reconciler.tracking.store.copies import copy_models, metrics_of, model_metrics, tags_of_user
from reconciler.tracking.store.runs import ROOT_RUN_ID, log
from reconciler.tracking.store.tags import STEP_RUN


def gather(client: MlflowClient, run_id: str) -> tuple[Run, tuple[str, ...]]:
    """Take into the step's run what its stray runs hold; returns the run and their ids.

    A stray stays, nested under the step's run. Of params that stand in both, the step's run keeps its own.
    """
    run = client.get_run(run_id)
    strays = strays_of(client, run)
    for stray in strays:
        _take(client, stray, run)
        run = client.get_run(run_id)
    return run, tuple(stray.info.run_id for stray in strays)


def strays_of(client: MlflowClient, run: Run) -> Sequence[Run]:
    """The runs that the step logged to beside its own, and that this one has not taken in."""
    return [stray for stray in _of_step(client, run) if MLFLOW_PARENT_RUN_ID not in stray.data.tags]


def _of_step(client: MlflowClient, run: Run) -> Sequence[Run]:
    """The runs that the step's process made without being told which, the oldest first."""
    told = f"tags.`{STEP_RUN}` = '{run.info.run_id}'"
    found: Sequence[Run] = client.search_runs([run.info.experiment_id], told, order_by=["attributes.start_time"])
    return found


def _take(client: MlflowClient, stray: Run, run: Run) -> None:
    copy_run_artifacts(client, stray, run)
    models = copy_models(client, stray, run)
    params = {key: value for key, value in stray.data.params.items() if key not in run.data.params}
    tags = {key: value for key, value in tags_of_user(stray).items() if key != STEP_RUN}
    metrics = [*metrics_of(client, stray), *model_metrics(models, run.info.run_id)]
    log(client, run.info.run_id, metrics, params, tags)
    # Last, for it says that all before is done.
    root = run.data.tags.get(ROOT_RUN_ID, run.info.run_id)
    log(client, stray.info.run_id, tags={ROOT_RUN_ID: root, MLFLOW_PARENT_RUN_ID: run.info.run_id})
