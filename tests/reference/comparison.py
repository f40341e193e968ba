"""Where the reference values of the treatment comparison and their data are."""

import csv
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parent
ENURESIS = FOLDER.parents[1].parent / "shared" / "data" / "enuresis_hills_armitage.csv"
TREATMENTS = {
    "enuresis": ("drug", "placebo"),
    "asthma": ("formoterol", "salbutamol"),
    "machines": ("A", "B"),
    "made_up_baselines": ("ketamine", "naltrexone"),
    "made_up_negative": ("test", "reference"),
}


def values_of_r() -> dict[str, dict[str, float]]:
    """Values by quantity, for each case of comparison.csv, which docs/statistics/reference.R has written."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    with (FOLDER / "comparison.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            values[row["case"]][row["quantity"]] = float(row["value"])
    return dict(values)


def data(name: str) -> pd.DataFrame:
    """Rows of participant, period, treatment and value; the test is skipped where the data are not at hand."""
    if name != "enuresis":
        return pd.read_csv(FOLDER / f"{name}.csv")
    if not ENURESIS.exists():
        pytest.skip(
            "the enuresis data of Hills & Armitage lie beside the checkout, in shared/data, and are absent"
        )
    return pd.read_csv(ENURESIS).rename(columns={"subject": "participant", "dry_nights": "value"})
