"""Runs of a spool, made on the server that was away when they began."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import Run
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.store.artifacts import local_folder, make_the_copys_own
from reconciler.tracking.store.copies import ENDED, copy_models, metrics_of, model_metrics
from reconciler.tracking.store.experiments import Experiments
from reconciler.tracking.store.runs import ROOT_RUN_ID, log
from reconciler.tracking.store.tags import SPOOLED

_OF_THE_SPOOL = ("mlflow.user", "mlflow.runName")


def carry_over(
    client: MlflowClient, experiments: Experiments, spool: str, run_id: str, ids: Mapping[str, str], is_filled: bool
) -> tuple[str, bool]:
    """Make the run on the server, or find the one that was made of it, and fill it once it has ended.

    Whoever is killed over this can do it again: it comes to the same.

    Args:
        spool: the URI of its record.
        ids: the server's ids of other runs of the spool, by theirs there.
        is_filled: whether it is to be filled as well.

    Returns:
        The server's id, and whether all of the run is there.
    """
    origin = MlflowClient(tracking_uri=spool, registry_uri=spool)
    run = origin.get_run(run_id)
    experiment = experiments.id(origin.get_experiment(run.info.experiment_id).name)
    copy = _found(client, experiment, run_id) or _made(client, experiment, run, ids)
    carried = str(copy.info.run_id)
    if not is_filled or run.info.status not in ENDED:
        return carried, False
    if copy.info.status not in ENDED:
        _fill(client, origin, run, copy, ids)
    _forget(origin, run)
    return carried, True


def _found(client: MlflowClient, experiment: str, run_id: str) -> Run | None:
    return next(iter(client.search_runs([experiment], f"tags.`{SPOOLED}` = '{run_id}'")), None)


def _made(client: MlflowClient, experiment: str, run: Run, ids: Mapping[str, str]) -> Run:
    tags = {**_tags(run, ids), SPOOLED: run.info.run_id}
    copy = client.create_run(experiment, run.info.start_time, tags, run.info.run_name)
    if run.data.tags.get(ROOT_RUN_ID) == run.info.run_id:
        log(client, copy.info.run_id, tags={ROOT_RUN_ID: copy.info.run_id})
    return copy


def _tags(run: Run, ids: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run, such as name other runs with their ids on the server; its root is told when it has an id."""
    kept = {key: value for key, value in run.data.tags.items() if key not in _OF_THE_SPOOL}
    if kept.get(ROOT_RUN_ID) == run.info.run_id:
        del kept[ROOT_RUN_ID]
    return {key: ids.get(value, value) for key, value in kept.items()}


def _fill(client: MlflowClient, origin: MlflowClient, run: Run, copy: Run, ids: Mapping[str, str]) -> None:
    """Give the copy all that the run logged; its end comes last, for it says that all before is there."""
    carried = str(copy.info.run_id)
    _copy_artifacts(client, run, copy)
    for left in client.search_logged_models([copy.info.experiment_id], f"source_run_id = '{carried}'"):
        if not copy.outputs or left.model_id not in {each.model_id for each in copy.outputs.model_outputs}:
            client.delete_logged_model(left.model_id)  # half of one, of somebody who was killed
    models = [] if copy.outputs and copy.outputs.model_outputs else copy_models(client, run, copy, origin, SPOOLED)
    metrics = [*metrics_of(origin, run), *model_metrics(models, carried)]
    log(client, carried, metrics, run.data.params, _tags(run, ids))
    if run.inputs and run.inputs.dataset_inputs:
        client.log_inputs(carried, run.inputs.dataset_inputs)
    client.set_terminated(carried, run.info.status, run.info.end_time)


def _copy_artifacts(client: MlflowClient, run: Run, copy: Run) -> None:
    here = local_folder(run.info.artifact_uri)
    if here is None or not here.is_dir() or not any(here.iterdir()):
        return
    with tempfile.TemporaryDirectory() as folder:
        fetched = Path(shutil.copytree(here, Path(folder) / "artifacts"))
        make_the_copys_own(fetched, {run.info.run_id: copy.info.run_id})
        client.log_artifacts(copy.info.run_id, str(fetched))


def _forget(origin: MlflowClient, run: Run) -> None:
    """Let go of the files of a run that is on the server now."""
    outputs = run.outputs.model_outputs if run.outputs else []
    models = [origin.get_logged_model(output.model_id).artifact_location for output in outputs]
    for place in filter(None, map(local_folder, (run.info.artifact_uri, *models))):
        shutil.rmtree(place, ignore_errors=True)
