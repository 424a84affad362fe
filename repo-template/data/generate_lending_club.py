"""Make a synthetic table in the 27 columns of Lending Club's loans; equal seeds give equal bytes.

Nothing in it is real. The label can be learned: it hangs on the interest rate, the debt and the zip code.
"""

import argparse
import csv
import math
import random
from pathlib import Path

COLUMNS = [
    "loan_amnt",
    "term",
    "int_rate",
    "installment",
    "grade",
    "sub_grade",
    "emp_title",
    "emp_length",
    "home_ownership",
    "annual_inc",
    "verification_status",
    "issue_d",
    "loan_status",
    "purpose",
    "title",
    "dti",
    "earliest_cr_line",
    "open_acc",
    "pub_rec",
    "revol_bal",
    "revol_util",
    "total_acc",
    "initial_list_status",
    "application_type",
    "mort_acc",
    "pub_rec_bankruptcies",
    "address",
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
JOBS = [
    "Teacher",
    "Manager",
    "Registered Nurse",
    "Driver",
    "Owner",
    "Sales ",
    "Engineer",
    "Credit analyst ",
    "RN",
    "Supervisor",
]
LENGTHS = [
    "< 1 year",
    "1 year",
    "2 years",
    "3 years",
    "4 years",
    "5 years",
    "6 years",
    "7 years",
    "8 years",
    "9 years",
    "10+ years",
]
PURPOSES = {
    "debt_consolidation": 59,
    "credit_card": 21,
    "home_improvement": 6,
    "other": 5,
    "major_purchase": 2,
    "small_business": 2,
    "car": 1,
    "medical": 1,
    "vacation": 1,
}
HOMES = {"MORTGAGE": 500, "RENT": 400, "OWN": 95, "OTHER": 3, "NONE": 1, "ANY": 1}
STREETS = ["Gateway", "Fort", "Mission", "Crescent", "Valley", "Ridge", "Harbor", "Meadow", "Orchard", "Summit"]
TOWNS = ["Lakeview", "Millbrook", "Northport", "Oakfield", "Pinecrest", "Riverton", "Stonebridge", "Westbury"]
STATES = ["CA", "NY", "TX", "FL", "IL", "NJ", "PA", "OH", "GA", "VA"]
# Zip codes carry most of what can be learned, as they do in the published table.
RISK_BY_ZIP = {
    "00813": -3.2,
    "05113": -3.2,
    "29597": -3.2,
    "22690": -0.4,
    "30723": -0.4,
    "48052": -0.4,
    "70466": -0.4,
    "11650": 4.5,
    "86630": 4.5,
    "93700": 4.5,
}
ZIP_WEIGHTS = (11, 11, 11, 14, 14, 14, 14, 3, 3, 3)


def pick(draw: random.Random, weights: dict[str, int]) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]


def loan(draw: random.Random) -> list[object]:
    """One row in the order of COLUMNS."""
    grade = min(34, max(0, int(draw.gauss(11, 6))))
    rate = round(5.5 + 0.62 * grade + draw.gauss(0, 0.6), 2)
    months = 60 if draw.random() < 0.15 + grade / 80 else 36
    amount = round(draw.triangular(1000, 40000, 9000) / 25) * 25
    income = round(math.exp(draw.gauss(11.05, 0.5)))
    debt = round(min(45.0, max(0.0, draw.gauss(17.4, 8))), 2)
    monthly = rate / 1200
    installment = round(amount * monthly / (1 - (1 + monthly) ** -months), 2)
    zip_code = draw.choices(list(RISK_BY_ZIP), ZIP_WEIGHTS)[0]
    risk = RISK_BY_ZIP[zip_code] + 0.11 * (rate - 13.6) + 0.03 * (debt - 17) + (0.4 if months == 60 else 0.0)
    status = "Charged Off" if draw.random() < 1 / (1 + math.exp(1.2 - risk)) else "Fully Paid"
    purpose = pick(draw, PURPOSES)
    total = max(4, int(draw.gauss(25, 11)))
    state = draw.choice(STATES)
    number, town = draw.randint(10, 9999), draw.choice(TOWNS)
    address = f"{number:04d} {draw.choice(TOWNS)} {draw.choice(STREETS)}\n{town}, {state} {zip_code}"
    return [
        float(amount),
        f" {months} months",
        rate,
        installment,
        "ABCDEFG"[grade // 5],
        f"{'ABCDEFG'[grade // 5]}{grade % 5 + 1}",
        "" if draw.random() < 0.06 else draw.choice(JOBS),
        "" if draw.random() < 0.045 else draw.choice(LENGTHS),
        pick(draw, HOMES),
        float(income),
        draw.choice(("Verified", "Source Verified", "Not Verified")),
        f"{draw.choice(MONTHS)}-{draw.randint(2008, 2016)}",
        status,
        purpose,
        purpose.replace("_", " ").capitalize(),
        debt,
        f"{draw.choice(MONTHS)}-{draw.randint(1970, 2010)}",
        float(max(1, int(total * draw.uniform(0.25, 0.7)))),
        float(draw.choices((0, 1, 2), (85, 13, 2))[0]),
        float(round(math.exp(draw.gauss(9.3, 0.9)))),
        round(min(100.0, max(0.0, draw.gauss(54, 24))), 1),
        float(total),
        draw.choice("wf"),
        draw.choices(("INDIVIDUAL", "JOINT", "DIRECT_PAY"), (997, 1, 2))[0],
        "" if draw.random() < 0.095 else float(draw.choices(range(6), (42, 20, 15, 12, 7, 4))[0]),
        float(draw.choices((0, 1), (89, 11))[0]),
        address,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    draw = random.Random(arguments.seed)
    with arguments.output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(loan(draw) for _ in range(arguments.rows))


if __name__ == "__main__":
    main()
