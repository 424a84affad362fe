"""Split a table into a training and a test part, stratified by the label."""

import argparse

import pandas as pd
from sklearn.model_selection import train_test_split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--test-size", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    arguments = parser.parse_args()

    table = pd.read_parquet(arguments.data)
    if arguments.label not in table.columns:
        raise SystemExit(f"the table has no column {arguments.label!r}; it has: {', '.join(table.columns)}")
    train, test = train_test_split(
        table, test_size=arguments.test_size, random_state=arguments.seed, stratify=table[arguments.label]
    )
    train.to_parquet(arguments.train, index=False)
    test.to_parquet(arguments.test, index=False)
    print(f"{len(train)} rows to train on, {len(test)} to test with")


if __name__ == "__main__":
    main()
