"""Balance the classes of a training part with SMOTE or by repeating rows."""

import argparse
import json
from pathlib import Path

import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--method", choices=("smote", "random"), default="smote")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--balanced", type=Path, required=True)
    arguments = parser.parse_args()

    train = pd.read_parquet(arguments.train)
    if arguments.label not in train.columns:
        raise SystemExit(f"the table has no column {arguments.label!r}; it has: {', '.join(train.columns)}")
    labels = train[arguments.label]
    neighbors = max(1, min(5, int(labels.value_counts().min()) - 1))
    if arguments.method == "smote":
        sampler = SMOTE(random_state=arguments.seed, k_neighbors=neighbors)
    else:
        sampler = RandomOverSampler(random_state=arguments.seed)
    features, balanced_labels = sampler.fit_resample(train.drop(columns=arguments.label), labels)
    features[arguments.label] = balanced_labels
    features.to_parquet(arguments.balanced / "train.parquet", index=False)
    summary = {
        "method": arguments.method,
        "seed": arguments.seed,
        "before": {str(name): int(count) for name, count in labels.value_counts().sort_index().items()},
        "after": {str(name): int(count) for name, count in balanced_labels.value_counts().sort_index().items()},
    }
    (arguments.balanced / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
