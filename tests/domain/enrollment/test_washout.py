"""From when, best when, and until when the next period may begin."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.protocol import WashoutRule
from enrollment.domain.washout import anchor_date, judge, window
from tests.domain.enrollment.documents import protocol

RULE = WashoutRule("dosing", 14, 33, 63)
AFTER_9_MARCH = window(RULE, date(2026, 3, 9))


@pytest.mark.requirement("SCH-01")
def test_ketnal_from_23_mar_best_11_apr_last_11_may() -> None:
    """The sentence of the washout page, for an infusion on 9 Mar 2026."""
    rule = protocol("ketamine_naltrexone").washout
    assert rule is not None
    found = window(rule, date(2026, 3, 9))
    assert (found.earliest_on, found.target_on, found.latest_on) == (
        date(2026, 3, 23),
        date(2026, 4, 11),
        date(2026, 5, 11),
    )


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (date(2026, 3, 22), "too_early"),
        (date(2026, 3, 23), "possible"),
        (date(2026, 4, 11), "target"),
        (date(2026, 4, 12), "possible"),
        (date(2026, 5, 11), "possible"),
        (date(2026, 5, 12), "late"),
    ],
)
def test_both_ends_of_the_window_belong_to_it(day: date, verdict: str) -> None:
    """Day 14 and day 63 are possible, day 13 is too early, day 64 is late."""
    assert judge(AFTER_9_MARCH, day) == verdict


def test_the_washout_counts_from_what_the_rule_names() -> None:
    """The infusion or the last visit; while that has not happened there is no date, and no guess."""
    last_visit = WashoutRule("last_visit", 14, 33, 63)
    dosed, seen = date(2026, 3, 9), date(2026, 3, 23)
    assert anchor_date(RULE, dosed, seen) == dosed
    assert anchor_date(last_visit, dosed, seen) == seen
    assert anchor_date(RULE, None, seen) is None
    assert anchor_date(last_visit, dosed, None) is None


@given(
    days=st.lists(st.integers(0, 3650), min_size=3, max_size=3).map(sorted),
    anchor_on=st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    offset=st.integers(-10, 3700),
)
def test_the_verdict_is_the_count_of_days(days: list[int], anchor_on: date, offset: int) -> None:
    """For any rule and any day the verdict follows from the days since the anchor alone."""
    low, target, high = days
    verdict = judge(
        window(WashoutRule("dosing", low, target, high), anchor_on), anchor_on + timedelta(days=offset)
    )
    if offset < low:
        assert verdict == "too_early"
    elif offset > high:
        assert verdict == "late"
    else:
        assert verdict == ("target" if offset == target else "possible")
