"""From when, best when, and until when the next period may begin."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.washout import (
    PeriodDates,
    VisitDates,
    WashoutWindow,
    covers,
    days_outside,
    judge,
    window,
)
from enrollment.protocol.model import WashoutRule
from tests.domain.enrollment.protocol.documents import protocol

RULE = WashoutRule("dosing", 14, 33, 63)
LAST_VISIT = WashoutRule("last_visit", 14, 33, 63)
DOSED = date(2026, 3, 9)


def visit(day: int, done: int | None = None, *, missed: bool = False) -> VisitDates:
    """A visit of a period that was dosed on 9 Mar 2026, done on the day `done` of it."""
    performed = None if done is None else DOSED + timedelta(days=done)
    return VisitDates(day, DOSED + timedelta(days=day), performed, missed or done is not None)


def after(rule: WashoutRule, *visits: VisitDates, dosed_on: date | None = DOSED) -> WashoutWindow:
    opening = window(rule, PeriodDates(dosed_on, DOSED, visits))
    assert opening
    return opening


def anchored(opening: WashoutWindow) -> tuple[int, bool]:
    """The day of the period from which it counts, and whether that is certain."""
    return (opening.anchor.on - DOSED).days, opening.anchor.certain


AFTER_9_MARCH = after(RULE)


@pytest.mark.requirement("SCH-01")
def test_ketnal_from_6_apr_target_25_apr_no_later_than_25_may() -> None:
    """The article's words: from the end of the first condition. An infusion on 9 Mar 2026 ends with day 14, 23 Mar."""
    rule = protocol("ketamine_naltrexone").washout
    assert rule is not None
    opening = after(rule, visit(7, 7), visit(14, 14))
    assert (opening.earliest_on, opening.target_on, opening.latest_on) == (
        date(2026, 4, 6),
        date(2026, 4, 25),
        date(2026, 5, 25),
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
    """The infusion, or the last scheduled visit on its actual day."""
    visits = visit(7, 8), visit(14, 16)
    assert anchored(after(RULE, *visits)) == (0, True)
    assert anchored(after(LAST_VISIT, *visits)) == (16, True)


def test_until_the_last_visit_is_done_or_missed_its_planned_day_counts() -> None:
    """A period of which only day 1 was seen ends on day 14, by the plan; a missed day 14 does not move any more."""
    assert anchored(after(LAST_VISIT, visit(1, 1), visit(14))) == (14, False)
    assert anchored(after(LAST_VISIT, visit(1, 1), visit(14, missed=True))) == (14, True)
    assert anchored(after(RULE, visit(1), dosed_on=None)) == (0, False)


def test_without_any_date_the_window_is_not_known() -> None:
    """No guess."""
    for rule in (RULE, LAST_VISIT):
        assert window(rule, PeriodDates(None, None, [VisitDates(14, None, None, False)])) is None


def test_visits_out_of_order_leave_one_anchor() -> None:
    """Day 14 was seen on day 14 and day 7 made up on day 18: the last scheduled visit is the anchor."""
    opening = after(LAST_VISIT, visit(7, 18), visit(14, 14))
    assert anchored(opening) == (14, True)
    assert (opening.earliest_on - DOSED).days == 28


def test_no_period_begins_before_the_last_visit_of_the_one_before() -> None:
    """Whatever the anchor: 14 days after an infusion whose day 14 was seen on day 16, or is to come on it."""
    for last in (visit(14, 16), VisitDates(14, DOSED + timedelta(days=16), None, False)):
        opening = after(RULE, visit(1, 1), last)
        assert judge(opening, DOSED + timedelta(days=15)) == "too_early"
        assert judge(opening, DOSED + timedelta(days=16)) == "possible"


def test_an_override_covers_as_far_as_it_was_given_for() -> None:
    """Three days early were answered for: two are covered, four are not, and nothing late is."""
    assert covers(-3, -2)
    assert covers(-3, -3)
    assert covers(2, 0)
    assert not covers(-3, -4)
    assert not covers(-3, 1)
    assert not covers(5, -1)


@given(
    days=st.lists(st.integers(0, 3650), min_size=3, max_size=3).map(sorted),
    anchor_on=st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    offset=st.integers(-10, 3700),
)
def test_the_verdict_is_the_count_of_days(days: list[int], anchor_on: date, offset: int) -> None:
    """For any rule and any day the verdict follows from the days since the anchor alone."""
    low, target, high = days
    opening = window(WashoutRule("dosing", low, target, high), PeriodDates(anchor_on, None, []))
    assert opening
    verdict = judge(opening, anchor_on + timedelta(days=offset))
    assert days_outside(opening, anchor_on + timedelta(days=offset)) == min(0, offset - low) + max(
        0, offset - high
    )
    if offset < low:
        assert verdict == "too_early"
    elif offset > high:
        assert verdict == "late"
    else:
        assert verdict == ("target" if offset == target else "possible")
