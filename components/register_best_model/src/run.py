"""Register the best model of a pipeline's run, found by searching MLflow below the root run."""

import argparse
import json
import os
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run


def has_model(run: Run) -> bool:
    """Whether the run logged a model; sweeps and base lines carry the metric without one."""
    return bool(run.outputs and run.outputs.model_outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--alias", nargs="?", default="")
    parser.add_argument("--metric", required=True)
    parser.add_argument("--registered", type=Path, required=True)
    arguments = parser.parse_args()

    client = MlflowClient()
    own = client.get_run(os.environ["MLFLOW_RUN_ID"])
    root = own.data.tags["mlflow.rootRunId"]
    found = client.search_runs([own.info.experiment_id], f"tags.`mlflow.rootRunId` = '{root}'", max_results=1000)
    judged = [run for run in found if arguments.metric in run.data.metrics]
    judged.sort(key=lambda run: (-run.data.metrics[arguments.metric], run.info.run_name))
    for run in judged:
        algorithm = run.data.tags.get("algorithm", "")
        print(f"{run.data.metrics[arguments.metric]:.4f}  {run.info.run_name}  {algorithm}")
    models = [run for run in judged if has_model(run)]
    if not models:
        raise SystemExit(f"no run below {root} logged a model and {arguments.metric}")

    best = models[0]
    version = mlflow.register_model(f"runs:/{best.info.run_id}/model", arguments.model_name)
    if arguments.alias:
        client.set_registered_model_alias(arguments.model_name, arguments.alias, version.version)
    registered = {
        "name": arguments.model_name,
        "version": str(version.version),
        "alias": arguments.alias,
        "run_id": best.info.run_id,
        "run_name": best.info.run_name,
        arguments.metric: best.data.metrics[arguments.metric],
    }
    arguments.registered.write_text(json.dumps(registered, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(registered))


if __name__ == "__main__":
    main()
