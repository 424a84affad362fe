"""Prepare the raw Lending Club table: numbers only, nothing missing, the label last."""

import argparse

import pandas as pd

LABEL = "loan_repaid"
CATEGORIES = (
    "sub_grade",
    "verification_status",
    "application_type",
    "initial_list_status",
    "purpose",
    "home_ownership",
    "zip_code",
)
# Free text, too many values, or known only after the loan was given.
DROPPED = ("emp_title", "emp_length", "title", "grade", "issue_d", "address", "earliest_cr_line", "loan_status")


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """The table as features and label."""
    table = raw[raw["loan_status"].isin(["Fully Paid", "Charged Off"])].copy()
    table["term"] = table["term"].str.extract(r"(\d+)", expand=False).astype(int)
    table["home_ownership"] = table["home_ownership"].replace(["NONE", "ANY"], "OTHER")
    table["zip_code"] = table["address"].str.strip().str[-5:]
    table["earliest_cr_year"] = table["earliest_cr_line"].str[-4:].astype(int)
    typical = table.groupby("total_acc")["mort_acc"].transform("mean")
    table["mort_acc"] = table["mort_acc"].fillna(typical).fillna(table["mort_acc"].mean())
    label = (table["loan_status"] == "Fully Paid").astype(int)
    features = table.drop(columns=list(DROPPED))
    features = pd.get_dummies(features, columns=list(CATEGORIES), drop_first=True, dtype=float)
    features = features[sorted(features.columns)].astype(float)
    features[LABEL] = label
    return features.dropna().reset_index(drop=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()

    raw = pd.read_csv(arguments.raw)
    missing = {*DROPPED, "term", "home_ownership", "total_acc", "mort_acc"} - set(raw.columns)
    if missing:
        raise SystemExit(f"the raw table lacks the columns {', '.join(sorted(missing))}")
    prepared = prepare(raw)
    prepared.to_parquet(arguments.data, index=False)
    print(f"{len(prepared)} loans, {prepared.shape[1] - 1} features, {prepared[LABEL].mean():.1%} repaid")


if __name__ == "__main__":
    main()
