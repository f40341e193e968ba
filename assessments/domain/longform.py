"""Long-form CSV: one rating a row. Reads a stream; says what is wrong by line, column, value and reason."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

KEYS = ("site", "participant", "period", "visit", "date", "instrument")
MISSING = {"", "NA", "N/A", "."}
ITEM = re.compile(r"^(?:[A-Z]+\d+[AB]?)$")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How a file's columns become ours: `columns` theirs → ours, `values` ours → text with {their column}."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    dates: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 60 else self.value[:57] + "…"
        return f"line {self.line}, column {self.column or '–'}, value {shown!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row:
    """`items` is empty when the row gives a total only."""

    line: int
    site: str
    participant: str
    period: int
    visit: str
    on: date | None
    instrument: str
    total: int | None
    items: dict[str, int]

    @property
    def is_missing(self) -> bool:
        return self.total is None and not self.items


def read_rows(file: BinaryIO, mapping: ColumnMapping) -> Iterator[Row | Problem]:
    """Rows and problems in the order of the file. A broken header is the only problem it then yields."""
    try:
        yield from _read(file, mapping)
    except UnicodeDecodeError as error:
        yield Problem(0, "", repr(error.object[error.start : error.start + 8]), "the file is not UTF-8; save it as UTF-8")
    except csv.Error as error:
        yield Problem(0, "", "", f"the file is not CSV: {error}")


def _read(file: BinaryIO, mapping: ColumnMapping) -> Iterator[Row | Problem]:
    lines = (line.decode("utf-8-sig" if n == 0 else "utf-8") for n, line in enumerate(file))
    reader = csv.reader(lines, strict=True)
    header = next(reader, None)
    if header is None:
        yield Problem(0, "", "", "the file is empty")
        return
    names = [name.strip() for name in header]
    wrong = list(_check_header(names, mapping))
    yield from wrong
    if wrong:
        return
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(names):
            yield Problem(reader.line_num, "", ",".join(cells), f"{len(cells)} cells, the header has {len(names)}")
            continue
        found = _row(reader.line_num, dict(zip(names, cells, strict=True)), mapping)
        if isinstance(found, Row):
            yield found
        else:
            yield from found


def _check_header(names: list[str], mapping: ColumnMapping) -> Iterator[Problem]:
    ours = [mapping.columns.get(name, name) for name in names if name not in mapping.ignore]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(1, name, name, "this column is there twice")
    needed = [key for key in KEYS if key not in mapping.values and (key != "date" or mapping.dates)]
    for key in needed:
        if key not in ours:
            yield Problem(1, key, "", f"this column is missing; the columns are {', '.join(names)}")
    for name in ours:
        if name not in KEYS and name != "total" and not ITEM.match(name):
            yield Problem(1, name, name, "an unknown column; map it, or ignore it")
    if not any(name == "total" or (ITEM.match(name) and name not in KEYS) for name in ours):
        yield Problem(1, "total", "", "there is neither a total nor an item column")


def _row(line: int, cells: dict[str, str], mapping: ColumnMapping) -> Row | list[Problem]:
    ours = {mapping.columns.get(name, name): text.strip() for name, text in cells.items() if name not in mapping.ignore}
    ours |= {name: template.format_map(cells) for name, template in mapping.values.items()}
    problems: list[Problem] = []
    for name, text in ours.items():
        if "\0" in text:
            problems.append(Problem(line, name, text, "a NUL character"))
    for key in ("site", "participant", "period", "visit", "instrument"):
        if not ours.get(key):
            problems.append(Problem(line, key, "", "nothing is given"))
    on = _date(line, ours, mapping, problems)
    period = _whole(line, "period", ours.get("period", ""), problems)
    total = _whole(line, "total", ours.get("total", ""), problems)
    items = {
        name: value
        for name, text in ours.items()
        if name not in KEYS and name != "total" and (value := _whole(line, name, text, problems)) is not None
    }
    if problems:
        return problems
    return Row(line, ours["site"], ours["participant"], period or 0, ours["visit"], on, ours["instrument"], total, items)


def _whole(line: int, name: str, text: str, problems: list[Problem]) -> int | None:
    if text in MISSING:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        problems.append(Problem(line, name, text, "not a whole number of 0 or more"))
        return None
    return int(text)


def _date(line: int, ours: dict[str, str], mapping: ColumnMapping, problems: list[Problem]) -> date | None:
    text = ours.get("date", "")
    if not mapping.dates and not text:
        return None
    if text in MISSING:
        problems.append(Problem(line, "date", text, "no date is given"))
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        hint = "; write year-month-day, for example 2026-03-09"
        problems.append(Problem(line, "date", text, "not a date" + hint))
        return None
