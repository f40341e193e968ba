"""A file of many rows, by the command as it is run: a process of its own on a database of its own."""

from pathlib import Path

from tests.assessments.importing import HEADER, saved_totals
from trialsite.accounts.models import Study
from trialsite.stack import testing

ROWS = 12_000


def test_every_value_of_a_long_file_arrives(committed: str, tmp_path: Path) -> None:
    """Also across the chunks in which it is written; the same file again changes nothing."""
    rows = [f"01,P{n // 6:05d},1,WEEK{n % 6},2020-01-08,HAMD17,{n % 53}" for n in range(ROWS)]
    file = tmp_path / "long.csv"
    file.write_text("\n".join((HEADER, *rows, "")))
    command = ("import_assessments", str(file), "--study", "REISBY", "--create-participants")
    for _ in range(2):
        testing.manage("app", committed, *command)
    found = saved_totals(Study.objects.get(code="REISBY"))
    assert len(found) == ROWS
    assert all(found[f"P{n // 6:05d}", f"WEEK{n % 6}"][0] == n % 53 for n in range(ROWS))
