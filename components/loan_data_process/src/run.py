"""Prepare the small loan table: the purpose one-hot, the label turned round."""

import argparse

import pandas as pd

RAW_LABEL = "not.fully.paid"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()

    raw = pd.read_csv(arguments.raw)
    if RAW_LABEL not in raw.columns:
        raise SystemExit(f"the raw table has no column {RAW_LABEL!r}; it has: {', '.join(raw.columns)}")
    table = pd.get_dummies(raw, columns=["purpose"], drop_first=True, dtype=float)
    table["loan_repaid"] = 1 - table.pop(RAW_LABEL)
    table.to_parquet(arguments.data, index=False)
    print(f"{len(table)} loans, {table.shape[1] - 1} features")


if __name__ == "__main__":
    main()
