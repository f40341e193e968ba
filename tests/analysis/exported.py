"""An export as its reader has it: the files in a folder, read with nothing but the csv module."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialsite.stack import testing

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Exported:
    folder: Path

    def rows(self, name: str) -> list[Row]:
        with open(self.folder / f"{name}.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def columns(self, name: str) -> list[str]:
        with open(self.folder / f"{name}.csv", newline="", encoding="utf-8") as file:
            return next(csv.reader(file))

    @property
    def tables(self) -> set[str]:
        return {path.stem for path in self.folder.glob("*.csv")} - {"codebook", "codes"}

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return found

    @property
    def text(self) -> str:
        """What left the house as one text."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.iterdir()))


@contextmanager
def demo_database(name: str) -> Iterator[str]:
    testing.database(name, testing.DEMO)
    try:
        yield name
    finally:
        testing.drop(name)


def command(folder: Path, by: str, *options: str) -> tuple[str, ...]:
    """Words after `manage.py`."""
    return ("export", "--study", "KETNAL", "--format", "csv", "--out", str(folder), "--by", by, *options)


def export(database: str, folder: Path, by: str, *options: str, role: str = "closed") -> Exported:
    """As the machine's operator takes it. Raises RuntimeError with what the command said when it refuses."""
    testing.manage(role, database, *command(folder, by, *options))
    return Exported(folder)
