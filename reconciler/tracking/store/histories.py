"""What runs that are still under way have logged so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.store.strays import strays_of


def metric_histories(client: MlflowClient, run_ids: Sequence[str], metric: str) -> dict[str, list[float]]:
    """The values of a metric in the order of their steps, by run; none of a run that is not there."""
    histories = {}
    for run_id in run_ids:
        try:
            histories[run_id] = _values(client.get_metric_history(run_id, metric)) or _of_strays(client, run_id, metric)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            histories[run_id] = []
    return histories


def _of_strays(client: MlflowClient, run_id: str, metric: str) -> list[float]:
    """What the step logs beside its run, which takes it in only when it ends."""
    strays = strays_of(client, client.get_run(run_id))
    return _values(value for stray in strays for value in client.get_metric_history(stray.info.run_id, metric))


def _values(logged: Iterable[Metric]) -> list[float]:
    # Who logs without a step has step 0 for all; then they are in the order of time.
    return [each.value for each in sorted(logged, key=lambda each: (each.step, each.timestamp))]
