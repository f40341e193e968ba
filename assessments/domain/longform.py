"""Ratings from a long-form CSV file, one a row: `site,participant,period,visit,date,instrument` and either
`total` or the items, by code (HAMD101) or number (1, 16A).

A stream in, a stream out: of a file of any length only the keys of its rows are kept, to find duplicates.
Sites, participants and visits are looked up by whoever imports; here is decided what a file alone can tell.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from assessments.domain.columns import MISSING, ColumnMapping, Header, resolve
from assessments.domain.csvfile import CsvRecord, ImportProblem, records
from assessments.domain.instrument import Instrument, InstrumentItem, score, shipped

__all__ = ["ColumnMapping", "ImportProblem", "ImportRow", "read_rows"]

# Whole numbers as files write them: pandas and R write a column with gaps as 26.0.
WHOLE = re.compile(r"[0-9]{1,6}(?:\.0+)?", re.ASCII)
NUMBERS = {str(number): number for number in range(100)}
ISO_DATE = re.compile(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
OTHER_DATES = (
    (r"\d{4}-\d{2}-\d{2}", "no such day from 1900 to 2099"),
    (r"\d{4}-\d{2}-\d{2}[T ].+", "a date with a time"),
    (r"\d{4}-\d{1,2}-\d{1,2}", "month and day need two digits"),
    (r"\d{4}[/.]\d{1,2}[/.]\d{1,2}", "looks like year/month/day"),
    (r"\d{1,2}/\d{1,2}/(\d{2}|\d{4})", "looks like day/month/year or month/day/year"),
    (r"\d{1,2}[.-]\d{1,2}[.-](\d{2}|\d{4})", "looks like day-month-year"),
    (r"\d{1,2}[ .-]*[A-Za-z]{3,9}[ .-]*\d{2,4}", "looks like a date with the month's name"),
    (r"[A-Za-z]{3,9}[ .]*\d{1,2},? *\d{4}", "looks like a date with the month's name"),
    (r"\d{8}", "looks like a date without hyphens"),
    (r"\d{5}(\.\d+)?", "looks like a spreadsheet's day number"),
)
NUMBER_HINT = "not a whole number; write NA or nothing for a missing value"


NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row that can be understood. `on`: date of rating, None where the mapping allows it or nothing was rated. `items`:
    item code to value, the rated ones; empty when the row gives a total only. `missing`: code of an item that
    the file calls not assessed by the paper form's number for it, such as 16A = 3, to that reason. `total`: as
    given, or the sum of the items; None while items are missing."""

    line: int
    site: str
    participant: str
    period: int
    visit: str
    on: date | None
    instrument: str
    total: int | None
    items: dict[str, int]
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def is_missing(self) -> bool:
        """A row without any value: to be counted as skipped for a missing value, no error."""
        return self.total is None and not self.items


def read_rows(
    file: BinaryIO, mapping: ColumnMapping | None = None, instruments: Mapping[str, Instrument] | None = None
) -> Iterator[ImportRow | ImportProblem]:
    """Rows and problems in the order of the file; every problem of a row, then the next row.

    `instruments`: by code, in the trial's editions; else those shipped. When the header or the mapping is
    wrong, these problems are all it yields. Problems: wrong encoding, not CSV, empty, missing, unknown or
    repeated columns, a wrong number of cells, NUL bytes, nothing given for a key, not a whole number, not an
    ISO date, an unknown instrument, a value out of range, 16A and 16B both rated, a total that its items
    don't make, a participant's visit rated twice in the file.
    """
    mapping = mapping or ColumnMapping()
    instruments = shipped() if instruments is None else instruments
    stream = records(file)
    first = next(stream, None)
    if first is None:
        yield ImportProblem(1, "", "", "the file is empty")
        return
    if isinstance(first, ImportProblem):
        yield first
        return
    if first.fault:
        yield ImportProblem(first.line, "", ",".join(first.cells), first.fault)
        return
    header = resolve(first.cells, mapping, instruments)
    if isinstance(header, list):
        yield from header
        return
    reader = _Reader(header, mapping, instruments)
    empty = True
    for record in stream:
        empty = False
        yield from [record] if isinstance(record, ImportProblem) else reader.row(record)
    if empty:
        yield ImportProblem(1, "", "", "there is a header and no row below it")


class _Reader:
    """Understands the records of one file. Keeps the keys it has seen, and the dates, which repeat."""

    def __init__(self, header: Header, mapping: ColumnMapping, instruments: Mapping[str, Instrument]) -> None:
        self.header = header
        self.dates = mapping.dates
        self.instruments = instruments
        self.alternatives = {
            code: [group for group in instrument.groups if len(group) > 1]
            for code, instrument in instruments.items()
        }
        self.lines: dict[tuple[int, str, str], dict[str, int]] = {}
        self.days: dict[str, date] = {}
        self.problems: list[ImportProblem] = []
        self.missing: dict[str, str] = {}
        self.line = 0

    def row(self, record: CsvRecord) -> list[ImportRow | ImportProblem]:
        self.problems, self.line = [], record.line
        row = self._row(record)
        return [*self.problems] if self.problems or row is None else [row]

    def _row(self, record: CsvRecord) -> ImportRow | None:
        cells = record.cells
        if record.fault:
            self._fault(record)
            return None
        if len(cells) != len(self.header.names):
            reason = f"{len(cells)} cells, the header has {len(self.header.names)}"
            self._add("", ",".join(cells), reason)
            return None
        site, participant = self._key("site", cells), self._key("participant", cells)
        period, visit = self._period(cells), self._key("visit", cells)
        on, code = self._date(cells), self._key("instrument", cells)
        instrument = self.instruments.get(code)
        if code and instrument is None:
            reason = f"an unknown instrument; expected {', '.join(self.instruments)}"
            self._add(self.header.fields["instrument"].column, code, reason)
        if participant and period and visit and instrument:
            self._first_time(participant, (period, visit, code))
        self.missing = {}
        total, items = self._values(cells, instrument) if instrument else (None, {})
        return ImportRow(self.line, site, participant, period, visit, on, code, total, items, self.missing)

    def _add(self, column: str, value: str, reason: str) -> None:
        self.problems.append(ImportProblem(self.line, column, value, reason))

    def _fault(self, record: CsvRecord) -> None:
        pairs = zip(self.header.names, record.cells, strict=False)
        where = next(((name, cell) for name, cell in pairs if "\ufffd" in cell or "\0" in cell), None)
        column, value = where or ("", ",".join(record.cells))
        self._add(column, value, record.fault)

    def _key(self, name: str, cells: list[str]) -> str:
        column = self.header.fields[name]
        text = column.read(cells)
        if text in MISSING:
            self._add(column.column, text, f"no {name} is given")
            return ""
        if not text.isprintable():
            self._add(column.column, text, "a line break, tab or other invisible character")
            return ""
        return text

    def _period(self, cells: list[str]) -> int:
        text = self._key("period", cells)
        period = NUMBERS.get(text) or _whole(text) or 0
        if text and not period:
            self._add(self.header.fields["period"].column, text, "not a period's number: 1, 2, …")
        return period

    def _date(self, cells: list[str]) -> date | None:
        column = self.header.fields.get("date")
        if column is None:
            return None
        text = column.read(cells)
        if text in MISSING:
            if self.dates and self._has_value(cells):
                self._add(column.column, text, "no date is given")
            return None
        day = self.days.get(text)
        if day is None:
            day = _iso_date(text)
            if day is None:
                self._add(column.column, text, f"{_looks_like(text)}; write year-month-day: 2026-03-09")
                return None
            self.days[text] = day
        return day

    def _has_value(self, cells: list[str]) -> bool:
        """A rating that was not made has no date."""
        positions = [*self.header.item_columns, *([] if self.header.total is None else [self.header.total])]
        return any(cells[position].strip() not in MISSING for position in positions)

    def _first_time(self, participant: str, rest: tuple[int, str, str]) -> None:
        before = self.lines.setdefault(rest, {}).setdefault(sys.intern(participant), self.line)
        if before != self.line:
            reason = (
                f"lines {before} and {self.line} are of the same participant, period, visit and instrument"
            )
            self._add(self.header.fields["participant"].column, participant, reason)

    def _values(self, cells: list[str], instrument: Instrument) -> tuple[int | None, dict[str, int]]:
        stated = self._total(cells, instrument)
        items = self._items(cells, instrument)
        if not items or self.problems:
            return stated, items
        total = score(instrument, items).total
        if stated is not None and stated != total:
            reason = (
                "there is no total while items are missing" if total is None else f"the items make {total}"
            )
            self._add(self.header.names[self.header.total or 0], str(stated), reason)
        return total, items

    def _total(self, cells: list[str], instrument: Instrument) -> int | None:
        position = self.header.total
        text = "" if position is None else cells[position].strip()
        if position is None or text in MISSING:
            return None
        low, high = instrument.total_minimum, instrument.total_maximum
        return self._number(self.header.names[position], text, low, high, "totals")

    def _items(self, cells: list[str], instrument: Instrument) -> dict[str, int]:
        items: dict[str, int] = {}
        columns = self.header.items[instrument.code]
        for position, item in columns:
            text = cells[position].strip()
            if text in MISSING:
                continue
            value = NUMBERS.get(text)
            if value is None or value > item.maximum:
                value = self._unusual(self.header.names[position], text, item)
            if value is not None:
                items[item.code] = value
        if len(columns) < len(self.header.item_columns):
            self._foreign(cells, {position for position, _ in columns}, instrument)
        for group in self.alternatives[instrument.code]:
            self._one_of(group, items)
        return items

    def _unusual(self, column: str, text: str, item: InstrumentItem) -> int | None:
        """An item's value that is not simply one of its digits."""
        if item.not_assessed is not None and _whole(text) == item.not_assessed:
            self.missing[item.code] = NOT_ASSESSED
            return None
        return self._number(column, text, 0, item.maximum, f"values of item {item.number}")

    def _number(self, column: str, text: str, low: int, high: int, what: str) -> int | None:
        value = _whole(text)
        if value is None:
            below = re.fullmatch(r"-\d+", text)
            self._add(column, text, f"{what} go from {low} to {high}" if below else NUMBER_HINT)
        elif not low <= value <= high:
            self._add(column, text, f"{what} go from {low} to {high}")
        else:
            return value
        return None

    def _foreign(self, cells: list[str], own: set[int], instrument: Instrument) -> None:
        for position, column in self.header.item_columns.items():
            if position not in own and (text := cells[position].strip()) not in MISSING:
                self._add(column, text, f"{instrument.code} has no such item")

    def _one_of(self, group: tuple[InstrumentItem, ...], items: Mapping[str, int]) -> None:
        rated = [item for item in group if item.code in items]
        if rated:
            # 16A not assessed, 16B rated: what they ask is known.
            for item in group:
                self.missing.pop(item.code, None)
        if len(rated) > 1:
            numbers = " and ".join(item.number for item in rated)
            values = " and ".join(str(items[item.code]) for item in rated)
            self._add(" and ".join(item.code for item in rated), values, f"only one of {numbers} is rated")


def _whole(text: str) -> int | None:
    return int(text.partition(".")[0]) if WHOLE.fullmatch(text) else None


def _iso_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if ISO_DATE.fullmatch(text) else None
    except ValueError:
        return None


def _looks_like(text: str) -> str:
    return next((reason for shape, reason in OTHER_DATES if re.fullmatch(shape, text)), "not a date")
