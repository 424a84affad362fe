"""Train a dense network (150-75-37-18-1) with dropout and early stopping."""

import argparse
import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import tensorflow as tf
from mlflow.models import infer_signature
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

ALGORITHM = "tensorflow"
UNITS = (150, 75, 37, 18)
PATIENCE = 4


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


def network(feature_count: int, dropout: float) -> tf.keras.Model:
    """Dense layers that halve, each followed by dropout, and one unit that answers."""
    model = tf.keras.Sequential([tf.keras.Input((feature_count,))])
    for units in UNITS:
        model.add(tf.keras.layers.Dense(units, activation="relu"))
        model.add(tf.keras.layers.Dropout(dropout))
    model.add(tf.keras.layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("train", "test", "scaler", "label"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--dropout", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()

    tf.keras.utils.set_random_seed(arguments.seed)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    features, labels = read(arguments.train, arguments.label)
    test_features, truth = read(arguments.test, arguments.label)
    params = {"dropout": arguments.dropout, "epochs": arguments.epochs, "seed": arguments.seed}
    model = network(features.shape[1], arguments.dropout)
    stop = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)
    history = model.fit(
        features.to_numpy("float32"),
        labels,
        validation_split=0.2,
        epochs=arguments.epochs,
        batch_size=256,
        callbacks=[stop],
        verbose=2,
    )
    scores = model.predict(test_features.to_numpy("float32"), verbose=0)
    metrics = metrics_of(truth, (scores[:, 0] > 0.5).astype("int64"))
    with mlflow.start_run():
        mlflow.set_tag("algorithm", ALGORITHM)
        mlflow.log_params(params | {"epochs_run": len(history.history["loss"])})
        mlflow.log_metrics(metrics)
        mlflow.log_artifact(arguments.scaler, "scaler")
        mlflow.tensorflow.log_model(
            model,
            name="model",
            signature=infer_signature(test_features.to_numpy("float32"), scores),
            pip_requirements=["tensorflow"],  # named, or MLflow spends seconds on guessing them
        )
    report = {"algorithm": ALGORITHM, **params, **metrics}
    arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
