"""CSV for spreadsheets: text that a spreadsheet would take for a formula is told apart from it."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

# What makes a spreadsheet read a cell as a formula; the last four are the wide forms of the first.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
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


def guard(path: Path) -> None:
    """Rewrite the CSV file at `path` with every cell guarded."""
    rewritten = path.with_suffix(".guarded")
    with (
        open(path, newline="", encoding="utf-8") as plain,
        open(rewritten, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([guarded(cell) for cell in row] for row in csv.reader(plain))
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
