"""Rows of a file of records, as the export writes it, and the comments beside it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from assessments.domain.csvfile import ImportProblem, records

Key = tuple[str, str, str, str]
PLACE = ("participant", "period", "visit", "repeat_key")
COMMENT = (*PLACE, "form", "item", "check", "comment")
# What the export has besides, and the file need not.
BESIDES = ("site", "status", "form_version")


@dataclass(frozen=True, slots=True)
class ImportedRecordRow:
    """A row: column → cell, blank ones left out."""

    line: int
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def key(self) -> Key:
        """Where it belongs, as the file says it."""
        participant, period, visit, repeat_key = (self.cell(column) for column in PLACE)
        return participant, period, visit, repeat_key


def read_record_rows(
    file: BinaryIO, columns: Collection[str], needed: Collection[str]
) -> Iterator[ImportedRecordRow | ImportProblem]:
    """Each row below the header. A column that is not of `columns`, or stands there twice, and one of `needed` that is
    missing ends the reading."""
    lines = records(file)
    header = next(lines, None)
    if header is None or isinstance(header, ImportProblem):
        yield header or ImportProblem(1, "", "", "the file is empty")
        return
    names = [cell.strip() for cell in header.cells]
    problems = list(_of_header(header.line, names, columns, needed, header.fault))
    yield from problems
    if problems:
        return
    for record in lines:
        if isinstance(record, ImportProblem):
            yield record
        elif record.fault:
            yield ImportProblem(record.line, "", "", record.fault)
        elif len(record.cells) != len(names):
            reason = f"{len(record.cells)} cells in a row of {len(names)} columns"
            yield ImportProblem(record.line, "", "", reason)
        else:
            cells = dict(zip(names, record.cells, strict=True))
            yield ImportedRecordRow(record.line, {name: cell for name, cell in cells.items() if cell.strip()})


def _of_header(
    line: int, names: list[str], columns: Collection[str], needed: Collection[str], fault: str
) -> Iterator[ImportProblem]:
    if fault:
        yield ImportProblem(line, "", "", fault)
    for name in dict.fromkeys(names):
        if name not in columns:
            yield ImportProblem(line, name, "", f"no such column; the columns are {', '.join(columns)}")
        elif names.count(name) > 1:
            yield ImportProblem(line, name, "", "this column stands there twice")
    for name in needed:
        if name not in names:
            yield ImportProblem(line, name, "", "this column is missing")


def read_comments(
    file: BinaryIO, form: str
) -> tuple[dict[Key, dict[tuple[str, str], str]], list[ImportProblem]]:
    """Row → (item, check) → comment, of `form` alone; and what is wrong with the file."""
    comments: dict[Key, dict[tuple[str, str], str]] = {}
    problems = []
    for row in read_record_rows(file, (*COMMENT, *BESIDES), COMMENT):
        if isinstance(row, ImportProblem):
            problems.append(row)
        elif row.cell("form") == form:
            comments.setdefault(row.key, {})[row.cell("item"), row.cell("check")] = row.cell("comment")
    return comments, problems
