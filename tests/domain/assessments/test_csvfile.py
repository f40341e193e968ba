"""Records of a CSV file: quoting, encodings, and where the next one begins after a broken one."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.csvfile import LONGEST_LINE, CsvRecord, ImportProblem, records


def read(data: bytes) -> list[CsvRecord | ImportProblem]:
    return list(records(io.BytesIO(data)))


def test_records_begin_where_they_begin() -> None:
    """Lines count from 1, over blank lines, quoted line breaks and both kinds of line ends."""
    assert read(b'a,b\r\n\r\n"1\n2",3\n4,5') == [
        CsvRecord(1, ["a", "b"], ""),
        CsvRecord(3, ["1\n2", "3"], ""),
        CsvRecord(5, ["4", "5"], ""),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    """“CSV UTF-8” of a spreadsheet begins with one."""
    assert read(b"\xef\xbb\xbfsite\n")[0] == CsvRecord(1, ["site"], "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("site,total\n".encode("utf-16"), "UTF-16"),
        ("site,total\n".encode("utf-16-be"), "NUL bytes in the header"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\x1f\x8brest", "compressed"),
        (b"site,total\r01,26\r", "carriage return only"),
        (b"x" * (LONGEST_LINE + 1), "more than"),
    ],
)
def test_a_file_of_another_kind_is_recognised(data: bytes, reason: str) -> None:
    """One problem that says what it is and what to do; nothing more is read."""
    (found,) = read(data)
    assert isinstance(found, ImportProblem)
    assert reason in found.reason
    assert found.line == 1


def test_an_open_quotation_mark_names_the_lines_it_swallowed() -> None:
    """The rows between two stray marks can't be read; the row after is."""
    found = read(b'a,b\n"1,2\n3,4\n"5,6\n7,8\n')
    assert isinstance(found[1], ImportProblem)
    assert (found[1].line, "up to line 4" in found[1].reason) == (2, True)
    assert found[2:] == [CsvRecord(5, ["7", "8"], "")]


def test_an_open_quotation_mark_to_the_end_is_told() -> None:
    """The last record is not taken for complete."""
    found = read(b'a,b\n"1,2\n')
    assert isinstance(found[-1], ImportProblem)
    assert found[-1].line == 2


@pytest.mark.parametrize(("bad", "sign"), [(b"\xe9", "\ufffd"), (b"\0", "\0")])
def test_a_fault_belongs_to_its_record_alone(bad: bytes, sign: str) -> None:
    """The record is told as faulty and keeps its shape; its neighbours are sound."""
    found = read(b"a,b\n1,x" + bad + b"\n3,4\n")
    assert [isinstance(one, CsvRecord) and bool(one.fault) for one in found] == [False, True, False]
    assert isinstance(found[1], CsvRecord)
    assert found[1].cells == ["1", "x" + sign]


cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=5))
def test_what_a_csv_writer_writes_is_read(rows: list[list[str]]) -> None:
    """Commas, quotation marks, line breaks and any letters in cells."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["a", "b"], *rows])
    found = read(text.getvalue().encode())
    assert [one.cells for one in found if isinstance(one, CsvRecord)] == [["a", "b"], *rows]
    assert len(found) == len(rows) + 1
