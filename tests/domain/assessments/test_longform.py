"""Rows of long-form files: what is read, and what each mistake is answered with."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.instrument import Instrument, InstrumentItem, RatingAnchor, load, score, with_maxima
from assessments.domain.longform import ColumnMapping, ImportProblem, ImportRow, read_rows

HAMD = load("HAMD17")
KEYS = "site,participant,period,visit,date,instrument"
ITEMS = ",".join(item.code for item in HAMD.items)
NUMBERS = ",".join(item.number for item in HAMD.items)
KEY = "01,001,1,BL,2026-03-09,HAMD17"
ONES = ",".join(["1"] * 15 + ["1", "NA", "1"])
SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "reisby_hamd.csv"
REISBY = ColumnMapping(
    columns={"id": "participant", "hamd": "total"},
    values={"site": "01", "period": "1", "visit": "WEEK{week}", "instrument": "HAMD17"},
    ignore=("intcpt", "endog", "endweek"),
    dates=False,
)


def read(*lines: str, mapping: ColumnMapping | None = None) -> list[ImportRow | ImportProblem]:
    return list(read_rows(io.BytesIO("\n".join(lines).encode()), mapping))


def one_row(*lines: str, mapping: ColumnMapping | None = None) -> ImportRow:
    (found,) = read(*lines, mapping=mapping)
    assert isinstance(found, ImportRow), str(found)
    return found


def one_problem(*lines: str, mapping: ColumnMapping | None = None) -> ImportProblem:
    (found,) = read(*lines, mapping=mapping)
    assert isinstance(found, ImportProblem)
    return found


def test_a_row_with_a_total() -> None:
    """Keys as they are, period and total as numbers, the date as a date, the line counted with the header."""
    expected = ImportRow(2, "01", "001", 1, "BL", date(2026, 3, 9), "HAMD17", 26, {})
    assert one_row(f"{KEYS},total", f"{KEY},26") == expected


@pytest.mark.parametrize("header", [ITEMS, NUMBERS])
def test_items_are_named_by_code_or_by_number(header: str) -> None:
    """Both headers give the same row, whose total is the sum of the 17 rated items."""
    row = one_row(f"{KEYS},{header}", f"{KEY},{ONES}")
    assert row.items == {item.code: 1 for item in HAMD.items if item.number != "16B"}
    assert row.total == 17


def test_a_rating_with_gaps_keeps_its_items_and_has_no_total() -> None:
    """NA, nothing, and 3 on item 16 are missing: never 0, never 3 points."""
    row = one_row(f"{KEYS},{NUMBERS}", f"{KEY},NA,,{','.join(['1'] * 13)},3,,2")
    assert (row.total, len(row.items)) == (None, 14)
    assert not {"HAMD101", "HAMD102", "HAMD116A", "HAMD116B"} & row.items.keys()
    assert row.missing == {"HAMD116A": "not_assessed"}


@pytest.mark.parametrize("value", ["NA", "", "  ", "N/A", "."])
def test_a_row_without_any_value_is_kept_as_missing(value: str) -> None:
    """To be counted as skipped for a missing value: no problem, and nothing to save."""
    row = one_row(f"{KEYS},total", f"{KEY},{value}")
    assert row.is_missing
    assert not one_row(f"{KEYS},total", f"{KEY},0").is_missing


@pytest.mark.parametrize(("text", "total"), [("7", 7), ("0", 0), (" 52 ", 52), ("26.0", 26), ("007", 7)])
def test_whole_numbers_as_files_write_them(text: str, total: int) -> None:
    """Also with the .0 of a column that had gaps, and with blanks around."""
    assert one_row(f"{KEYS},total", f"{KEY},{text}").total == total


@pytest.mark.parametrize("text", ["18.5", "many", "1e1", "1_0", "٣", "+7", "0x10", "1 2", "#N/A", "NaN"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    """With line, column and the value as found; nothing is rounded or guessed."""
    found = one_problem(f"{KEYS},total", f"{KEY},{text}")
    assert (found.line, found.column, found.value) == (2, "total", text)
    assert "not a whole number" in found.reason


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("total", "53", "totals go from 0 to 52"),
        ("total", "-1", "totals go from 0 to 52"),
        ("HAMD101", "5", "values of item 1 go from 0 to 4"),
        ("HAMD104", "3", "values of item 4 go from 0 to 2"),
        ("16A", "4", "values of item 16A go from 0 to 2"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(column: str, value: str, reason: str) -> None:
    """By the instrument's own limits."""
    assert one_problem(f"{KEYS},{column}", f"{KEY},{value}") == ImportProblem(2, column, value, reason)


def test_an_edition_of_the_trial_sets_the_range() -> None:
    """Where the trial ends agitation at 2, a 3 is out of range; the shipped edition takes it."""
    lines = f"{KEYS},9\n{KEY},3".encode()
    edition = with_maxima(HAMD, {"HAMD109": 2})
    (refused,) = read_rows(io.BytesIO(lines), instruments={"HAMD17": edition})
    (taken,) = read_rows(io.BytesIO(lines))
    assert isinstance(refused, ImportProblem)
    assert isinstance(taken, ImportRow)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("09/03/2026", "day/month/year or month/day/year"),
        ("9.3.2026", "day-month-year"),
        ("2026/03/09", "year/month/day"),
        ("9 Mar 2026", "month's name"),
        ("March 9, 2026", "month's name"),
        ("20260309", "without hyphens"),
        ("46090", "spreadsheet's day number"),
        ("2026-03-09T10:00", "with a time"),
        ("2026-3-9", "two digits"),
        ("2026-02-29", "no such day"),
        ("1026-03-09", "no such day"),
        ("2026-W10-1", "not a date"),
        ("soon", "not a date"),
    ],
)
def test_a_date_that_is_not_iso_is_told_what_it_looks_like(text: str, hint: str) -> None:
    """Never guessed: 09/03 is March in one country and September in another."""
    cells = KEY.replace("2026-03-09", f'"{text}"')
    found = one_problem(f"{KEYS},total", f"{cells},26")
    assert (found.column, found.value) == ("date", text)
    assert hint in found.reason
    assert "2026-03-09" in found.reason


def test_a_missing_date_is_a_problem_unless_the_mapping_has_no_dates() -> None:
    """With `dates` False a row without a date is kept, its date None; a wrong date is still wrong."""
    lines = (f"{KEYS},total", KEY.replace("2026-03-09", "NA") + ",26")
    assert one_problem(*lines).reason == "no date is given"
    undated = ColumnMapping(dates=False)
    assert one_row(*lines, mapping=undated).on is None
    assert one_row(f"{KEYS},total", f"{KEY},26", mapping=undated).on == date(2026, 3, 9)
    wrong = KEY.replace("2026-03-09", "9.3.26")
    assert one_problem(f"{KEYS},total", f"{wrong},26", mapping=undated).column == "date"


@pytest.mark.parametrize("column", ["site", "participant", "period", "visit", "instrument"])
def test_a_row_needs_all_of_its_keys(column: str) -> None:
    """Each key that is missing is named."""
    cells = dict(zip(KEYS.split(","), KEY.split(","), strict=True)) | {column: "NA"}
    found = one_problem(f"{KEYS},total", ",".join([*cells.values(), "26"]))
    assert (found.column, found.reason) == (column, f"no {column} is given")


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (KEY.replace(",1,", ",0,"), "period"),
        (KEY.replace(",1,", ",one,"), "period"),
        (KEY.replace("HAMD17", "MADRS"), "instrument"),
        (KEY.replace("001", '"0\n1"'), "participant"),
    ],
)
def test_a_key_that_can_not_be_is_refused(wrong: str, column: str) -> None:
    """Periods count from 1, the instrument is a known one, a code holds no line break."""
    assert one_problem(f"{KEYS},total", f"{wrong},26").column == column


def test_every_problem_of_a_row_is_told_and_the_next_row_is_read() -> None:
    """A row with three mistakes gives three problems with one line number; the rest goes on."""
    bad, good = "01,001,x,BL,9.3.2026,HAMD17,99", f"{KEY},26"
    found = read(f"{KEYS},total", bad, good)
    assert [(p.line, p.column) for p in found if isinstance(p, ImportProblem)] == [
        (2, "period"),
        (2, "date"),
        (2, "total"),
    ]
    assert [row.line for row in found if isinstance(row, ImportRow)] == [3]


def test_a_total_must_be_the_sum_of_its_items() -> None:
    """The sum is named; a total beside missing items is one that nobody can know."""
    header = f"{KEYS},total,{NUMBERS}"
    assert one_row(header, f"{KEY},17,{ONES}").total == 17
    assert one_problem(header, f"{KEY},18,{ONES}") == ImportProblem(2, "total", "18", "the items make 17")
    with_gap = ONES.replace("1", "NA", 1)
    assert one_problem(header, f"{KEY},16,{with_gap}").reason == "there is no total while items are missing"
    assert one_row(header, f"{KEY},16,{','.join(['NA'] * 18)}").total == 16


def test_16a_and_16b_are_one_item() -> None:
    """Both rated is a problem that names both, also with other items missing; 3 beside a value is none."""
    header = f"{KEYS},16A,16B"
    found = one_problem(header, f"{KEY},1,2")
    assert (found.column, found.value) == ("HAMD116A and HAMD116B", "1 and 2")
    assert one_row(header, f"{KEY},3,2").items == {"HAMD116B": 2}


def test_a_file_of_two_instruments() -> None:
    """An item number is the item of the row's own instrument; an item of the other one is refused."""
    other = Instrument("TWO", "Two", "1", (), "TWO3", 12, (), (), {})
    scale = tuple(RatingAnchor(value, "") for value in range(7))
    items = (InstrumentItem("TWO1", "1", "1", 6, scale), InstrumentItem("TWO2", "2", "2", 6, scale))
    both = {"HAMD17": HAMD, "TWO": replace(other, items=items)}
    day_1 = KEY.replace("BL", "D1")
    lines = [f"{KEYS},1,TWO2", f"{KEY},4,", KEY.replace("HAMD17", "TWO") + ",6,5", f"{day_1},4,5"]
    hamd, two, wrong = read_rows(io.BytesIO("\n".join(lines).encode()), instruments=both)
    assert isinstance(hamd, ImportRow)
    assert isinstance(two, ImportRow)
    assert (hamd.items, hamd.total) == ({"HAMD101": 4}, None)
    assert (two.items, two.total) == ({"TWO1": 6, "TWO2": 5}, 11)
    assert wrong == ImportProblem(4, "TWO2", "5", "HAMD17 has no such item")


def test_a_visit_rated_twice_names_both_lines() -> None:
    """Same participant, period, visit and instrument, whether or not a value is given; else no duplicate."""
    rows = [KEY, KEY.replace("BL", "D1"), KEY.replace(",1,", ",2,"), KEY.replace("001", "002"), KEY]
    found = read(
        f"{KEYS},total", *(f"{row},{total}" for row, total in zip(rows, [1, 2, 3, 4, "NA"], strict=True))
    )
    assert [type(one) for one in found] == [ImportRow, ImportRow, ImportRow, ImportRow, ImportProblem]
    assert str(found[-1]).startswith("line 6, column participant, value '001': lines 2 and 6 ")


@pytest.mark.parametrize(("cells", "count"), [("01,001,1", 3), (f"{KEY},26,", 8)])
def test_a_wrong_number_of_cells(cells: str, count: int) -> None:
    """Said with both numbers; cells are never shifted into other columns."""
    assert one_problem(f"{KEYS},total", cells).reason == f"{count} cells, the header has 7"


def test_an_empty_file_and_a_header_alone() -> None:
    """Nothing to import is told, not passed over."""
    assert [one.reason for one in read_rows(io.BytesIO(b"")) if isinstance(one, ImportProblem)] == [
        "the file is empty"
    ]
    assert one_problem(f"{KEYS},total").reason == "there is a header and no row below it"


def test_bytes_that_are_not_utf_8_are_found_in_their_cell() -> None:
    """Line, column and byte of a Windows-1252 ï; rows before and after are read."""
    rows = [f"{KEY},26".encode(), "01,Zoï,1,D1,2026-03-09,HAMD17,26".encode("cp1252"), f"{KEY},x".encode()]
    bad = list(read_rows(io.BytesIO(b"\n".join([f"{KEYS},total".encode(), *rows]))))
    assert isinstance(bad[0], ImportRow)
    assert isinstance(bad[1], ImportProblem)
    assert (bad[1].line, bad[1].column) == (3, "participant")
    assert "0xEF at position 6" in bad[1].reason
    assert isinstance(bad[2], ImportProblem)
    assert bad[2].line == 4


def test_a_nul_byte_is_found_in_its_cell() -> None:
    """A damaged row is told and not read."""
    found = one_problem(f"{KEYS},total", f"{KEY},2\0")
    assert (found.line, found.column) == (2, "total")
    assert "NUL" in found.reason


def test_columns_in_any_order_and_capitals() -> None:
    """The header says what is where."""
    row = one_row("Total,Instrument,DATE,Visit,Period,Participant,Site", "26,HAMD17,2026-03-09,BL,1,001,01")
    assert row == one_row(f"{KEYS},total", f"{KEY},26")


@pytest.mark.skipif(not SHARED.exists(), reason="the series of Reisby et al. is beside the checkout only")
def test_the_series_of_reisby_is_read_by_a_mapping() -> None:
    """66 patients × 6 weeks: 375 ratings without dates, 21 missing values, 5 patients without week 0."""
    with SHARED.open("rb") as file:
        found = list(read_rows(file, REISBY))
    rows = [one for one in found if isinstance(one, ImportRow)]
    rated = [row for row in rows if not row.is_missing]
    assert (len(found), len(rows), len(rated)) == (396, 396, 375)
    assert rows[0] == ImportRow(2, "01", "101", 1, "WEEK0", None, "HAMD17", 26, {})
    with_baseline = {row.participant for row in rated if row.visit == "WEEK0"}
    assert len({row.participant for row in rows} - with_baseline) == 5


def test_a_long_file_is_read_as_it_comes() -> None:
    """The first row is there before the second is asked for: nothing waits for the end of the file."""

    class Endless(io.RawIOBase):
        lines: Iterator[bytes] = iter([f"{KEYS},total\n".encode(), f"{KEY},26\n".encode()])

        def readline(self, size: int | None = -1, /) -> bytes:
            return next(self.lines)

    first = next(read_rows(Endless()))  # type: ignore[arg-type]
    assert isinstance(first, ImportRow)


item_values: st.SearchStrategy[Mapping[str, int | None]] = st.fixed_dictionaries(
    {group[0].code: st.none() | st.integers(0, group[0].maximum) for group in HAMD.groups}
)


@given(item_values)
def test_what_is_written_is_what_is_read(values: Mapping[str, int | None]) -> None:
    """Any rating survives the file: its items, its gaps, and the total by the instrument's own rule."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*KEYS.split(","), *values])
    writer.writerow([*KEY.split(","), *("NA" if value is None else value for value in values.values())])
    (row,) = read_rows(io.BytesIO(text.getvalue().encode()))
    assert isinstance(row, ImportRow)
    assert row.items == {code: value for code, value in values.items() if value is not None}
    assert row.total == score(HAMD, values).total


@given(st.binary(max_size=400))
def test_rubbish_is_answered_with_problems(rubbish: bytes) -> None:
    """Whatever the bytes, below a good header: each answer is a row or a problem with a line and a reason."""
    for start in (b"", f"{KEYS},total\n".encode()):
        found = list(read_rows(io.BytesIO(start + rubbish)))
        assert found
        assert all(isinstance(one, ImportRow) or (one.line >= 1 and one.reason) for one in found)
