"""Records of a CSV file from a stream of bytes: UTF-8, commas, a line at a time, and what is wrong with them.

Holds one record in memory, whatever the size of the file.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_LINE = 1 << 20
UTF8_MARK = b"\xef\xbb\xbf"
OTHER_KINDS = (
    (b"\xff\xfe", "the file is UTF-16, not UTF-8; save it as “CSV UTF-8”"),
    (b"\xfe\xff", "the file is UTF-16, not UTF-8; save it as “CSV UTF-8”"),
    (b"PK\x03\x04", "this is a workbook or an archive, not CSV; save the sheet as “CSV UTF-8”"),
    (b"\x1f\x8b", "the file is compressed; unpack it first"),
)


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """What can't be read or isn't possible. `line` counts from 1, the header's; `column` as the file names
    it, empty when the record as a whole is meant; `value` as found; `reason` in English, for the command
    line."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        value = self.value if len(self.value) <= 60 else self.value[:59] + "…"
        return f"line {self.line}, column {self.column or '–'}, value {value!r}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record. `line`: where it starts. `fault`: why its text is not to be trusted, else empty; the places
    then hold U+FFFD (bytes that are not UTF-8) or NUL."""

    line: int
    cells: list[str]
    fault: str


class _Unreadable(Exception):
    """The rest of the file can't be read."""


class _Lines(Iterator[str]):
    """Decoded lines for csv.reader. `fault`: what was wrong with a line since it was last cleared."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.fault = ""
        self.number = 0

    def __next__(self) -> str:
        raw = self.file.readline(LONGEST_LINE)
        if not raw:
            raise StopIteration
        self.number += 1
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            raise _Unreadable(f"a line of more than {LONGEST_LINE} bytes; is this a CSV file?")
        if self.number == 1:
            raw = _first(raw)
        if b"\0" in raw:
            self.fault = "a NUL byte; the file is damaged or not text"
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            byte = f"0x{raw[error.start]:02X}"
            self.fault = (
                f"not UTF-8 (byte {byte} at position {error.start + 1}); save the file as “CSV UTF-8”"
            )
            return raw.decode(errors="replace")


def _first(raw: bytes) -> bytes:
    """The first line without its byte order mark. Raises _Unreadable when the file is of another kind."""
    for mark, reason in OTHER_KINDS:
        if raw.startswith(mark):
            raise _Unreadable(reason)
    if b"\0" in raw:
        raise _Unreadable("NUL bytes in the header: the file is UTF-16 or not text; save it as “CSV UTF-8”")
    if b"\r" in raw.rstrip(b"\r\n"):
        raise _Unreadable("lines end with a carriage return only; save the file with usual line ends")
    return raw.removeprefix(UTF8_MARK)


def records(file: BinaryIO) -> Iterator[CsvRecord | ImportProblem]:
    """Each record, the header first, blank lines left out; a Problem where one can't be read.

    After an unreadable record the next line begins a new one. `file.tell()` says how far it is read.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _Unreadable as error:
            yield ImportProblem(max(lines.number, 1), "", "", str(error))
            return
        except csv.Error as error:
            lines.fault = ""
            upto = f" up to line {lines.number}" if lines.number > line else ""
            yield ImportProblem(line, "", "", f"not CSV{upto}, check the quotation marks ({error})")
            continue
        fault, lines.fault = lines.fault, ""
        if cells:
            yield CsvRecord(line, cells, fault)
