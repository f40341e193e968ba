"""Dates as people type them: one day, or a question; never the wrong day."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialsite.lib.days import MONTHS, NotADayError, day_text, read

NINTH = date(2026, 3, 9)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "9 Mar 2026", "9 March 2026", "09 mar 2026", "9mar2026", "9-MAR-2026", "Mar 9, 2026", "March 9 2026",
        "9th March 2026", "2026 Mar 9", "2026-03-09", "2026-3-9", "2026/03/09", "20260309", " 9.Mar.2026 ",
    ],
)  # fmt: skip
def test_any_clear_order_is_understood(text: str) -> None:
    assert read(text) == NINTH


@pytest.mark.parametrize(
    ("text", "day"),
    [("31/12/2026", date(2026, 12, 31)), ("12/31/2026", date(2026, 12, 31)), ("5.5.2026", date(2026, 5, 5))],
)
def test_numbers_with_the_year_last_are_taken_where_they_can_mean_one_day(text: str, day: date) -> None:
    assert read(text) == day


@pytest.mark.parametrize("text", ["9/3/2026", "03/09/2026", "9.3.2026", "03-09-2026"])
def test_what_can_mean_two_days_is_asked(text: str) -> None:
    """Both are told, so that the question can name them."""
    with pytest.raises(NotADayError) as caught:
        read(text)
    assert caught.value.days == (NINTH, date(2026, 9, 3))


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "9 Mar", "9 Mar 26", "Mar 2026", "2026", "30 Feb 2026", "2026-13-40", "9 Ma 2026", "9 Ju 2026",
        "9 Mar 2026 10:30", "9 Mar 20260", "1 Mar 0026", "9--Mar--2026--1", "٩ Mar 2026", "9 Mar 2026\n9 Mar 2026",
        "9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NotADayError) as caught:
        read(text)
    assert caught.value.days == ()


@given(days)
def test_what_is_shown_is_read_back(day: date) -> None:
    assert read(day_text(day)) == day


@given(days, st.sampled_from([" ", "-", "/", ".", ", "]), st.permutations(["d", "m", "y"]))
def test_a_month_in_words_makes_every_order_clear(day: date, between: str, order: list[str]) -> None:
    parts = {"d": str(day.day), "m": MONTHS[day.month - 1], "y": str(day.year)}
    assert read(between.join(parts[part] for part in order)) == day


@given(st.text(max_size=60))
def test_no_text_is_a_traceback(text: str) -> None:
    with contextlib.suppress(NotADayError):
        assert isinstance(read(text), date)
