"""Scale features to the range of the training part."""

import argparse

import joblib
import pandas as pd
from sklearn.preprocessing import MinMaxScaler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("train", "test", "label", "scaled-train", "scaled-test", "scaler"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()

    train, test = pd.read_parquet(arguments.train), pd.read_parquet(arguments.test)
    if arguments.label not in train.columns:
        raise SystemExit(f"the table has no column {arguments.label!r}; it has: {', '.join(train.columns)}")
    features = [column for column in train.columns if column != arguments.label]
    scaler = MinMaxScaler().fit(train[features])
    for part, path in ((train, arguments.scaled_train), (test, arguments.scaled_test)):
        scaled = pd.DataFrame(scaler.transform(part[features]), columns=features)
        scaled[arguments.label] = part[arguments.label].to_numpy()
        scaled.to_parquet(path, index=False)
    joblib.dump(scaler, arguments.scaler)
    print(f"{len(features)} features scaled")


if __name__ == "__main__":
    main()
