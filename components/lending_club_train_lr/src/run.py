"""Train a logistic regression on scaled features."""

import argparse
import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

ALGORITHM = "logistic regression"


def read(path: str, label: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Features and labels of a part."""
    table = pd.read_parquet(path)
    if label not in table.columns:
        raise SystemExit(f"the table has no column {label!r}; it has: {', '.join(table.columns)}")
    return table.drop(columns=label), table[label].to_numpy()


def metrics_of(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Accuracy, precision, recall and F1 of the class 1, as `val_…`."""
    return {
        "val_accuracy": float(accuracy_score(truth, predicted)),
        "val_precision": float(precision_score(truth, predicted, zero_division=0)),
        "val_recall": float(recall_score(truth, predicted, zero_division=0)),
        "val_f1": float(f1_score(truth, predicted, zero_division=0)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("train", "test", "scaler", "label"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--solver", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()

    features, labels = read(arguments.train, arguments.label)
    test_features, truth = read(arguments.test, arguments.label)
    params = {"solver": arguments.solver, "seed": arguments.seed}
    model = LogisticRegression(solver=arguments.solver, max_iter=1000, random_state=arguments.seed)
    model.fit(features, labels)
    predicted = model.predict(test_features)
    metrics = metrics_of(truth, predicted)
    with mlflow.start_run():
        mlflow.set_tag("algorithm", ALGORITHM)
        mlflow.log_params(params)
        mlflow.log_metrics(metrics)
        mlflow.log_artifact(arguments.scaler, "scaler")
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(test_features, predicted),
            pip_requirements=["scikit-learn", "cloudpickle"],  # named, or MLflow takes seconds to guess
            serialization_format="cloudpickle",
        )
    report = {"algorithm": ALGORITHM, **params, **metrics}
    arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
