"""The scripts that read an export are in it, and read it: types, categories, dates, missing values."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from tests.analysis.exported import Exported, demo_database, export


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    with demo_database(f"scripts_{os.getpid()}") as name:
        yield export(name, tmp_path_factory.mktemp("scripts") / "out", "statistician", "--unblinded")


@pytest.fixture(scope="module")
def script(taken: Exported) -> ModuleType:
    """The script as it lies in the archive."""
    spec = importlib.util.spec_from_file_location("read_export", taken.folder / "read_export.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def frames(taken: Exported, script: ModuleType) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = script.read_export(taken.folder)
    return found


def test_pandas_reads_every_file_whole(taken: Exported, frames: dict[str, pd.DataFrame]) -> None:
    """Every file, row and value: an empty cell is missing, and nothing else is."""
    assert frames.keys() == taken.tables
    for name, frame in frames.items():
        rows = taken.rows(name)
        assert len(frame) == len(rows)
        for column in taken.columns(name):
            assert list(frame[column].isna()) == [row[column] == "" for row in rows], (name, column)


def test_pandas_has_the_types_of_the_codebook(frames: dict[str, pd.DataFrame]) -> None:
    """Codes of sites stay text; numbers, dates and categories are what they are."""
    people, ratings, outcomes = frames["participants"], frames["assessments"], frames["outcomes"]
    assert list(people["site"].cat.categories) == ["01", "02"]
    assert people["participant"].dtype == "string"
    assert str(people["consented_on"].dtype).startswith("datetime64")
    assert ratings["HAMD101"].dtype == "Int64"
    assert list(ratings["period"].dropna().unique()) == [1, 2]
    assert outcomes["response"].dtype == "Int64"
    assert list(outcomes["treatment"].cat.categories) == ["PLA", "NAL"]
    assert str(outcomes["computed_at"].dtype).endswith("UTC]")
    assert frames["screening_facts"]["value"].dtype == "Float64"


def test_the_labels_of_codes_are_at_hand(taken: Exported, script: ModuleType) -> None:
    assert script.labels(taken.folder, "visits", "status")["missed"] == "Missed"


def test_the_manifest_has_the_hashes_of_the_scripts(taken: Exported) -> None:
    assert set(taken.manifest["scripts"]) == {"read_export.py", "read_export.R"}


def test_r_reads_the_same(taken: Exported, frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    """Where R is installed: rows, missing values and means as pandas has them. Elsewhere the two scripts are only
    held against each other by the kinds of columns that they know."""
    source = (taken.folder / "read_export.R").read_text(encoding="utf-8")
    for kind in ("integer", "flag", "number", "date", "moment"):
        assert f'"{kind}"' in source
    rscript = shutil.which("Rscript")
    if rscript is None:
        return
    program = tmp_path / "check.R"
    program.write_text(
        'source("read_export.R"); d <- read_export(".");'
        ' for (n in names(d)) cat(n, nrow(d[[n]]), sum(is.na(d[[n]])), "\\n");'
        ' cat("mean", mean(d$outcomes$day_1, na.rm = TRUE), class(d$participants$consented_on), levels(d$participants$site),'
        ' class(d$outcomes$computed_at)[1], is.na(d$outcomes$computed_at[1]), "\\n")'
    )
    said = subprocess.run(
        [rscript, "--vanilla", str(program)], cwd=taken.folder, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name, frame in frames.items():
        assert f"{name} {len(frame)} {int(frame.isna().sum().sum())} " in said
    words = said[-1].split()
    assert float(words[1]) == pytest.approx(frames["outcomes"]["day_1"].mean(), rel=1e-5)
    assert words[2:] == ["Date", "01", "02", "POSIXct", "FALSE"]
