"""A run that shows, under a new root, what an earlier run gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlflow.entities import LoggedModel, Metric, Run
from mlflow.entities.logged_model_output import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.model.errors import TrackingError
from reconciler.tracking.base import RunRequest
from reconciler.tracking.store.artifacts import copy_model_artifacts, copy_run_artifacts
from reconciler.tracking.store.experiments import Experiments
from reconciler.tracking.store.runs import ROOT_RUN_ID, alike, create_run, find_run, log
from reconciler.tracking.store.tags import NOTE, REUSED_FROM

_OF_MLFLOW = "mlflow."
_KEPT = ("mlflow.log-model.history",)  # where clients of MLflow 2 note the models in a run's artifacts
ENDED = ("FINISHED", "FAILED", "KILLED")
_LONGEST_HISTORY = 10_000  # steps; of a longer one only the last value is taken


def copy_run(
    client: MlflowClient,
    experiments: Experiments,
    source_run_id: str,
    request: RunRequest,
    started: int,
    repeated: bool,
) -> str:
    """Copy metrics with their history, params, user tags, artifacts, data sets and models.

    MLflow resolves `runs:/<run>/<model>` by the model's source run, so the copy has models of its own.
    """
    if repeated and (left := find_run(client, experiments, request, started)):
        client.delete_run(left.info.run_id)  # half a copy, of a worker that died
    if request.is_again:
        for left in alike(client, experiments, request):
            if left.data.tags.get(REUSED_FROM) == source_run_id and left.info.status in ENDED:
                return str(left.info.run_id)  # ended last, so it is whole
            if left.data.tags.get(REUSED_FROM) == source_run_id:
                client.delete_run(left.info.run_id)
    source = _source(client, source_run_id)
    wanted = replace(
        request, tags=_tags(source) | dict(request.tags), params=dict(source.data.params) | dict(request.params)
    )
    copy = create_run(client, experiments, wanted, started)
    run_id = str(copy.info.run_id)
    copy_run_artifacts(client, source, copy)
    models = copy_models(client, source, copy)
    own_root = {} if request.root else {ROOT_RUN_ID: run_id}
    log(client, run_id, [*metrics_of(client, source), *model_metrics(models, run_id)], wanted.params, own_root)
    if source.inputs and source.inputs.dataset_inputs:
        client.log_inputs(run_id, source.inputs.dataset_inputs)
    status = source.info.status if source.info.status in ENDED else "FINISHED"
    client.set_terminated(run_id, status)
    return run_id


def _source(client: MlflowClient, run_id: str) -> Run:
    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        hint = "its record was removed from MLflow; `reconciler run --force` makes a new one"
        raise TrackingError("the run to be reused is not in MLflow", place=f"run {run_id}", hint=hint) from error


def _tags(source: Run) -> dict[str, str]:
    link = f"#/experiments/{source.info.experiment_id}/runs/{source.info.run_id}"
    note = f"Reused: nothing was executed, this is what run [{source.info.run_name}]({link}) gave."
    return tags_of_user(source) | {REUSED_FROM: source.info.run_id, NOTE: note}


def tags_of_user(run: Run) -> dict[str, str]:
    """The tags that a copy takes over, MLflow's own left out."""
    return {key: value for key, value in run.data.tags.items() if not key.startswith(_OF_MLFLOW) or key in _KEPT}


def metrics_of(client: MlflowClient, source: Run) -> list[Metric]:
    """Each metric's values; only where the last step is not the first can there be more than one worth a question."""
    return [
        metric
        for last in source.data._metric_objs
        for metric in (
            client.get_metric_history(source.info.run_id, last.key) if 0 < last.step < _LONGEST_HISTORY else [last]
        )
    ]


def copy_models(
    client: MlflowClient, source: Run, copy: Run, origin: MlflowClient | None = None, tag: str = REUSED_FROM
) -> list[tuple[LoggedModel, str]]:
    """Copy the models that the run logged; pairs of the original and the id of its copy.

    Args:
        origin: knows the originals, where they are of another record.
        tag: of the copies, with the originals' ids.
    """
    outputs: Sequence[LoggedModelOutput] = source.outputs.model_outputs if source.outputs else []
    copies = []
    logged = []
    for output in outputs:
        original = (origin or client).get_logged_model(output.model_id)
        model_id = _copy_model(client, original, copy, tag)
        copies.append((original, model_id))
        logged.append(LoggedModelOutput(model_id, output.step))
    if logged:
        client.log_outputs(copy.info.run_id, logged)
    return copies


def _copy_model(client: MlflowClient, original: LoggedModel, copy: Run, tag: str) -> str:
    tags = {key: value for key, value in original.tags.items() if not key.startswith(_OF_MLFLOW)}
    made = client.create_logged_model(
        copy.info.experiment_id,
        name=original.name,
        source_run_id=copy.info.run_id,
        tags=tags | {tag: original.model_id},
        params=original.params,
        model_type=original.model_type,
    )
    copy_model_artifacts(client, original, made)
    client.finalize_logged_model(made.model_id, "FAILED" if str(original.status) == "FAILED" else "READY")
    return str(made.model_id)


def model_metrics(models: Sequence[tuple[LoggedModel, str]], run_id: str) -> list[Metric]:
    """The metrics of the originals as those of their copies."""
    return [
        Metric(
            metric.key,
            metric.value,
            metric.timestamp,
            metric.step,
            model_id=model_id,
            dataset_name=metric.dataset_name,
            dataset_digest=metric.dataset_digest,
            run_id=run_id,
        )
        for original, model_id in models
        for metric in original.metrics or []
    ]
