"""CSV for spreadsheets: text that a spreadsheet would take for a formula is told apart from it."""

import csv
import io
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

# What makes a spreadsheet read a cell as a formula; the last four are the wide forms of the first.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
# What a spreadsheet turns into a number, a time or a date: 01 into 1, 1-2 into the second of January.
LIKE_A_VALUE = re.compile(r"[\d.,:/ +-]*\d[\d.,:/ +-]*([eE][+-]?\d+)?")
GUARD = "'"
PIECE = 1 << 15  # characters


def guarded(cell: str) -> str:
    """`cell` with an apostrophe before it if a spreadsheet would calculate it; numbers stay numbers.

    >>> guarded("=1+1"), guarded("-3.2"), guarded("-cmd"), guarded("")
    ("'=1+1", '-3.2', "'-cmd", '')
    """
    if cell.startswith(BEGINNINGS) and not NUMBER.fullmatch(cell):
        return GUARD + cell
    return cell


def as_text(cell: str) -> str:
    """`cell` of a text column with an apostrophe before it if a spreadsheet would make something else of it.

    >>> as_text("01"), as_text("1e5"), as_text("2026-03-09"), as_text("01-002"), as_text("A")
    ("'01", "'1e5", "'2026-03-09", "'01-002", 'A')
    """
    return GUARD + cell if LIKE_A_VALUE.fullmatch(cell) else guarded(cell)


def guard(path: Path, texts: Container[str] = ()) -> None:
    """Rewrite the CSV file at `path` with every cell guarded, and what stands in the columns `texts` kept as text."""
    rewritten = path.with_suffix(".guarded")
    with (
        open(path, newline="", encoding="utf-8") as plain,
        open(rewritten, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        reader = csv.reader(plain)
        header = next(reader, [])
        writer.writerow([guarded(name) for name in header])
        ways = [as_text if name in texts else guarded for name in header]
        writer.writerows([way(cell) for way, cell in zip(ways, row, strict=True)] for row in reader)
    rewritten.replace(path)


def lines(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV file in pieces, the header first, every cell guarded; None is an empty cell."""
    return pieces(header, (["" if cell is None else guarded(str(cell)) for cell in row] for row in rows))


def pieces(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV file in pieces, the header first, every cell as it is."""
    piece = io.StringIO()
    writer = csv.writer(piece, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        if piece.tell() > PIECE:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()
