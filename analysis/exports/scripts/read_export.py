"""Read a Trialsite export (profile: statistics software) into pandas: types, categories, dates, missing values.

    from read_export import read_export
    data = read_export("KETNAL")                 # the folder with codebook.csv
    data["assessments"].dtypes

Text stays text ("01" is a site, not a number). A column with codes becomes a category in the codebook's order; the
labels of its codes: labels("KETNAL", "visits", "status"). Several codes in one cell: one 0/1 column each is
data["form_x"]["ITEM"].str.get_dummies("; "). Dates known in part stay text ("2026-03"). Needs Python 3.10, pandas 2.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read_export(folder: str | Path) -> dict[str, pd.DataFrame]:
    """Name of each file without .csv -> data frame."""
    folder = Path(folder)
    codebook = _text(folder / "codebook.csv")
    codes = _text(folder / "codes.csv")
    return {
        str(file).removesuffix(".csv"): _table(folder / str(file), columns, codes[codes["file"] == file])
        for file, columns in codebook.groupby("file", sort=False)
    }


def labels(folder: str | Path, table: str, column: str) -> dict[str, str]:
    """Code -> label."""
    codes = _text(Path(folder) / "codes.csv")
    own = codes[(codes["file"] == f"{table}.csv") & (codes["column"] == column)]
    return dict(zip(own["code"], own["label"], strict=True))


def _text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""])


def _table(path: Path, columns: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    table = _text(path)
    for name, kind in zip(columns["column"], columns["type"], strict=True):
        levels = list(codes.loc[codes["column"] == name, "code"])
        table[name] = _column(table[name], kind, levels)
    return table


def _column(values: pd.Series, kind: str, levels: list[str]) -> pd.Series:
    if kind in ("integer", "flag"):
        return values.astype("Int64")
    if kind == "number":
        return values.astype("Float64")
    if kind == "date":
        return pd.to_datetime(values, format="%Y-%m-%d")
    if kind in ("moment", "local_moment"):
        return pd.to_datetime(values, format="ISO8601", utc=True)
    if levels and kind != "codes":
        return values.astype(pd.CategoricalDtype(levels))
    return values
