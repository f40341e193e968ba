"""Values of every type: typed, kept, shown, taken away; and back without a digit or a precision lost."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.form import Form
from assessments.domain.form_file import parse
from assessments.domain.partial_date import PartialDate
from assessments.domain.typed import read_typed
from assessments.domain.value_text import export_text, shown_text
from assessments.domain.values import (
    Quantity,
    Value,
    ValueProblemError,
    from_json,
    is_value,
    quantity,
    to_json,
)
from tests.domain.assessments.forms.documents import TYPES, never_seen, one_item, units

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def form_of(type_: str) -> Form:
    keys: dict[str, Any] = {"units": units(), "decimals": 4} if type_ == "decimal" else {}
    return one_item(type_, **keys)


FORMS = {type_: form_of(type_) for type_ in TYPES}


def typed(type_: str, text: Any, **keys: Any) -> Value | None:
    form = FORMS[type_]
    return read_typed(form, form.items[0], text, **{"zone": BERLIN, **keys})


def refusal(type_: str, text: Any, **keys: Any) -> str:
    with pytest.raises(ValueProblemError) as problem:
        typed(type_, text, **keys)
    return str(problem.value)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("integer", " 12 ", 12),
        ("integer", "-3", -3),
        ("integer", "0", 0),
        ("integer", "12 000", 12000),
        ("vas", "100", 100),
        ("decimal", "70.50", Quantity(Decimal("70.50"), "kg", Decimal("70.50"))),
        ("decimal", "70,5 kg", Quantity(Decimal("70.5"), "kg", Decimal("70.5"))),
        ("decimal", "165lb", Quantity(Decimal(165), "LB", Decimal("74.8427"))),
        ("decimal", "0", Quantity(Decimal(0), "kg", Decimal(0))),
        ("text", " a word ", "a word"),
        ("long_text", "one\r\ntwo", "one\ntwo"),
        ("choice", "RED", "RED"),
        ("choice", "green", "GREEN"),
        ("choice", "Green auf Deutsch", "GREEN"),
        ("choice", "3", "BLUE"),
        ("choices", ["BLUE", "RED"], ("RED", "BLUE")),
        ("choices", "blue; red", ("RED", "BLUE")),
        ("choices", "2,1", ("RED", "GREEN")),
        ("yes_no", "Yes", True),
        ("yes_no", "n", False),
        ("yes_no", "0", False),
        ("date", "9 Mar 2026", date(2026, 3, 9)),
        ("date", "2026-03-09", date(2026, 3, 9)),
        ("date", "31.12.2026", date(2026, 12, 31)),
        ("date", "5.5.2026", date(2026, 5, 5)),
        ("partial_date", "9 Mar 2026", PartialDate(2026, 3, 9)),
        ("partial_date", "Mar 2026", PartialDate(2026, 3)),
        ("partial_date", "march 2026", PartialDate(2026, 3)),
        ("partial_date", "2026-03", PartialDate(2026, 3)),
        ("partial_date", "3/2026", PartialDate(2026, 3)),
        ("partial_date", "UN Mar 2026", PartialDate(2026, 3)),
        ("partial_date", "un-unk-2026", PartialDate(2026)),
        ("partial_date", "?? / ?? / 2026", PartialDate(2026)),
        ("partial_date", "2026", PartialDate(2026)),
        ("time", "14:05", time(14, 5)),
        ("time", "1405", time(14, 5)),
        ("time", "2:05 pm", time(14, 5)),
        ("time", "12 am", time(0)),
        ("time", "14.05", time(14, 5)),
        ("datetime", "9 Mar 2026 14:05", at("2026-03-09T14:05+01:00")),
        ("datetime", "2026-07-09T14:05", at("2026-07-09T14:05+02:00")),
        ("datetime", "9 Jul 2026, 2:05 pm", at("2026-07-09T14:05+02:00")),
        ("datetime", "25 Oct 2026 02:30 +02:00", at("2026-10-25T02:30+02:00")),
        ("datetime", "25 Oct 2026 02:30 +01:00", at("2026-10-25T02:30+01:00")),
    ],
)  # fmt: skip
def test_what_somebody_types_is_understood(type_: str, text: Any, value: Value) -> None:
    assert typed(type_, text) == value
    assert type(typed(type_, text)) is type(value)


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        ("integer", "1.5", "Enter a whole number, in digits."),
        ("integer", "twelve", "Enter a whole number, in digits."),
        ("integer", "1,234", "This can be 1234 or 1.234. Write it with a point, or without a comma."),
        ("integer", "9" * 16, "At most 15 digits."),
        ("vas", "101", "Write a number from 0 to 100."),
        ("decimal", "70.5.1", "Write a number, in digits, for example 70.5."),
        ("decimal", "nan", "Write a number, in digits, for example 70.5."),
        ("decimal", "1e5", "e5 is not a unit of this item: use kg or lb or st."),
        ("decimal", "70 stone", "stone is not a unit of this item: use kg or lb or st."),
        ("decimal", "70.12345", "Digits after the point: at most 4."),
        ("text", "two\nlines", "Write it on one line."),
        ("text", "a\0b", "This holds characters that cannot be shown. Remove them."),
        ("text", "\u200b", "This holds characters that cannot be shown. Remove them."),
        ("text", "x" * 201, "At most 200 characters; these are 201."),
        ("choice", "pink", "“pink” is not one of the choices."),
        ("choices", ["RED", "pink"], "“pink” is not one of the choices."),
        ("yes_no", "maybe", "Write yes or no."),
        ("date", "3/4/2026",
         "This could mean 4 Mar 2026 or 3 Apr 2026. Write the month as a word, for example 4 Mar 2026."),
        ("date", "30 Feb 2026",
         "This is not a date. Enter it with a four-digit year, for example 9 Mar 2026 or 2026-03-09."),
        ("partial_date", "Mar",
         "This is not a date. Write what is known, for example 9 Mar 2026, Mar 2026 or 2026."),
        ("partial_date", "13/2026",
         "This is not a date. Write what is known, for example 9 Mar 2026, Mar 2026 or 2026."),
        ("partial_date", "3/4/2026",
         "This could mean 4 Mar 2026 or 3 Apr 2026. Write the month as a word, for example 4 Mar 2026."),
        ("time", "25:00", "This is not a time. Write it as 14:05."),
        ("time", "14", "This is not a time. Write it as 14:05."),
        ("datetime", "9 Mar 2026", "Write the date and the time, for example 9 Mar 2026 14:05."),
        ("datetime", "3/4/2026 14:05",
         "This could mean 4 Mar 2026 or 3 Apr 2026. Write the month as a word, for example 4 Mar 2026."),
        ("datetime", "29 Mar 2026 02:30",
         "At the site the clock was put forward over 02:30 on 29 Mar 2026: there was no such time."),
        ("datetime", "25 Oct 2026 02:30",
         "At the site the clock was put back on 25 Oct 2026 and showed 02:30 twice."
         " Write 02:30 +02:00 for the first time, 02:30 +01:00 for the second."),
        ("datetime", "9 Mar 2026 14:05 +05:00",
         "The site’s clock had another UTC offset at 14:05 on 9 Mar 2026."),
        ("date", "x" * 5000, "At most 200 characters."),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_in_words(type_: str, text: Any, message: str) -> None:
    assert refusal(type_, text) == message


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("text", ["", "   ", [], [""]])
def test_blank_is_no_value(type_: str, text: Any) -> None:
    """Neither zero, nor no, nor an empty text."""
    assert typed(type_, text) is None


def test_units_are_converted_and_both_are_kept() -> None:
    form = one_item("decimal", decimals=1, units=[
        {"code": "C", "label": "°C"}, {"code": "F", "label": "°F", "offset": 32, "factor": 5, "divisor": 9},
    ])  # fmt: skip
    item = form.items[0]
    assert quantity(item, Decimal("98.6"), "F") == Quantity(Decimal("98.6"), "F", Decimal("37.0"))
    assert read_typed(form, item, "100.4", unit="F") == Quantity(Decimal("100.4"), "F", Decimal("38.0"))
    assert read_typed(form, item, "38 °c", unit="F") == Quantity(Decimal(38), "C", Decimal(38))
    assert to_json(quantity(item, Decimal("98.6"), "F")) == {"value": "98.6", "unit": "F", "standard": "37.0"}


def test_a_unit_where_there_is_none_is_refused() -> None:
    form = one_item("decimal")
    assert read_typed(form, form.items[0], "1.50") == Quantity(Decimal("1.50"), "", Decimal("1.50"))
    with pytest.raises(ValueProblemError, match="This item has no unit"):
        read_typed(form, form.items[0], "1.50 kg")


def test_times_of_the_site_follow_its_zone() -> None:
    assert typed("datetime", "1 Nov 2026 00:30", zone=NEW_YORK) == at("2026-11-01T00:30-04:00")
    assert "twice" in refusal("datetime", "1 Nov 2026 01:30", zone=NEW_YORK)
    assert typed("datetime", "1 Nov 2026 02:30", zone=NEW_YORK) == at("2026-11-01T02:30-05:00")


DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))
PARTS = st.one_of(
    DAYS.map(PartialDate.of),
    DAYS.map(lambda day: PartialDate(day.year, day.month)),
    DAYS.map(lambda day: PartialDate(day.year)),
)
CLOCKS = st.times().map(lambda t: t.replace(microsecond=0, fold=0))
NUMBERS = st.decimals(-99999, 99999, places=3) | st.integers(-999999, 999999).map(Decimal)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(10**15) + 1, 10**15 - 1),
    "vas": st.integers(0, 100),
    "decimal": st.builds(
        lambda number, unit: quantity(FORMS["decimal"].items[0], number if number else abs(number), unit),
        NUMBERS,
        st.sampled_from(["kg", "LB", "st"]),
    ),
    "text": st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200),
    "long_text": st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=400),
    "choice": st.sampled_from(["RED", "GREEN", "BLUE"]),
    "choices": st.sets(st.sampled_from(["RED", "GREEN", "BLUE"]), min_size=1).map(
        lambda codes: tuple(code for code in ("RED", "GREEN", "BLUE") if code in codes)
    ),
    "yes_no": st.booleans(),
    "date": DAYS,
    "partial_date": PARTS,
    "time": CLOCKS,
    "datetime": st.datetimes(
        datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([BERLIN, NEW_YORK])
    ).map(lambda m: m.replace(microsecond=0, tzinfo=timezone(m.utcoffset() or timedelta()))),
}
ANY_VALUE = st.sampled_from(TYPES).flatmap(lambda type_: st.tuples(st.just(type_), VALUES[type_]))


@given(ANY_VALUE)
def test_a_value_is_kept_as_json_and_comes_back_the_same(sample: tuple[str, Any]) -> None:
    """Digits, precision and offset included."""
    type_, value = sample
    form = FORMS[type_]
    kept = json.loads(json.dumps(to_json(value)))
    back = from_json(form, form.items[0], kept)
    assert back == value
    assert str(back) == str(value)
    assert is_value(form, form.items[0], value)


@given(ANY_VALUE.filter(lambda sample: sample[0] != "datetime"))
def test_what_is_shown_and_what_is_exported_can_be_typed_again(sample: tuple[str, Any]) -> None:
    type_, value = sample
    form = FORMS[type_]
    for language in ("en", "de"):
        assert typed(type_, shown_text(form, form.items[0], value, language)) == value
    assert typed(type_, export_text(value), unit=getattr(value, "unit", "")) == value


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), st.sampled_from([BERLIN, NEW_YORK]))
def test_a_moment_that_is_shown_or_exported_can_be_typed_again_at_its_site(
    when: datetime, zone: ZoneInfo
) -> None:
    """Also in the hour that comes twice, for the offset stands beside it."""
    local = when.replace(microsecond=0, tzinfo=UTC).astimezone(zone)
    value = local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)
    form = FORMS["datetime"]
    for text in (shown_text(form, form.items[0], value), export_text(value)):
        back = typed("datetime", text, zone=zone)
        assert back == value
        assert str(back) == str(value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(
        ["1E+999999999", "NaN", "-0", "2026-03", "2026-02-30", "24:00", "2026-03-09T14:05", "RED", "1" * 5000]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "unit", "standard"]), inner),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(TYPES), JUNK)
def test_whatever_stands_in_the_database_is_a_value_or_refused(type_: str, kept: Any) -> None:
    form = FORMS[type_]
    try:
        value = from_json(form, form.items[0], kept)
    except ValueProblemError:
        return
    assert to_json(value) == kept


@given(st.sampled_from(TYPES), st.text(max_size=40) | st.lists(st.text(max_size=9), max_size=3))
def test_whatever_is_typed_is_a_value_or_refused(type_: str, text: Any) -> None:
    form = FORMS[type_]
    try:
        value = typed(type_, text)
    except ValueProblemError:
        return
    assert value is None or is_value(form, form.items[0], value)


def test_calculated_values_are_kept_by_what_they_are() -> None:
    form = parse(never_seen())
    for code, value, kept in (
        ("SUM", Decimal("24.2"), "24.2"),
        ("SAME", True, True),
        ("DAY", date(2026, 3, 9), "2026-03-09"),
    ):
        assert to_json(value) == kept
        assert from_json(form, form.by_code[code], kept) == value
    assert not is_value(form, form.by_code["HEADING1"], "x")
    for code in ("SUM", "HEADING1"):
        with pytest.raises(ValueProblemError, match="Nothing is entered here"):
            read_typed(form, form.by_code[code], "1")


def test_a_yes_or_no_is_exported_by_its_code_and_nothing_is_nothing() -> None:
    form = FORMS["yes_no"]
    assert (export_text(True), export_text(False), export_text(None)) == ("Y", "N", "")
    assert (shown_text(form, form.items[0], False), shown_text(form, form.items[0], None)) == ("No", "")


def test_a_calculated_yes_or_no_is_read_as_one() -> None:
    form = parse(never_seen())
    assert (shown_text(form, form.by_code["SAME"], True), export_text(True)) == ("Yes", "Y")
