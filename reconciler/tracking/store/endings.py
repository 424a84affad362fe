"""Runs ended, with what their steps logged beside them."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mlflow.entities import Metric
from mlflow.tracking.client import MlflowClient

from reconciler.tracking.base import RunData
from reconciler.tracking.store.runs import log, run_data
from reconciler.tracking.store.strays import gather


def finish_run(
    client: MlflowClient,
    run_id: str,
    status: str,
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    ended: float | None = None,
) -> RunData:
    """End the run, also one that the step's own code has ended, and give what it holds."""
    now = time.time_ns() // 1_000_000 if ended is None else int(ended * 1000)
    log(client, run_id, metrics=[Metric(key, value, now, 0) for key, value in metrics.items()], tags=tags)
    client.set_terminated(run_id, status, now)
    run, strays = gather(client, run_id)
    return run_data(run, strays)
