"""When visits are due, and how a visit stands on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.schedule import deviation_days, plan_period, visit_state
from enrollment.protocol.model import VisitSpec
from tests.domain.enrollment.protocol.documents import protocol

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
VISITS = st.lists(
    st.builds(
        VisitSpec,
        code=st.just("V"),
        label=st.just("V"),
        day=st.integers(-30, 400),
        before=st.integers(0, 60),
        after=st.integers(0, 60),
        instruments=st.just(()),
    ),
    max_size=8,
)
WINDOW = (date(2026, 3, 11), date(2026, 3, 13))


def test_visits_follow_the_infusion() -> None:
    """Infusion 9 Mar 2026: day 14 is planned for 23 Mar with two days either way."""
    planned = {
        visit.code: visit for visit in plan_period(protocol("ketamine_naltrexone").visits, date(2026, 3, 9))
    }
    assert planned["BASELINE"].earliest_on == planned["BASELINE"].latest_on == date(2026, 3, 9)
    last = planned["DAY14"]
    assert (last.earliest_on, last.planned_on, last.latest_on) == (
        date(2026, 3, 21),
        date(2026, 3, 23),
        date(2026, 3, 25),
    )


def test_the_first_day_after_the_infusion_is_never_due_before_it() -> None:
    """Day 1 with a window of ±1 runs from 10 to 11 Mar: a rating of 9 Mar may be from before the infusion."""
    planned = {
        visit.code: visit for visit in plan_period(protocol("ketamine_naltrexone").visits, date(2026, 3, 9))
    }
    assert (planned["DAY1"].earliest_on, planned["DAY1"].latest_on) == (date(2026, 3, 10), date(2026, 3, 11))


def test_weekly_visits_without_an_infusion_follow_the_start() -> None:
    """Weeks 0 to 5 of the imipramine series fall on the same weekday."""
    planned = plan_period(protocol("reisby_imipramine").visits, date(2026, 3, 9))
    assert [visit.planned_on.isoweekday() for visit in planned] == [1] * 6


@given(visits=VISITS, day0=DAYS)
def test_the_window_holds_the_planned_day_and_lies_on_its_side_of_day_0(
    visits: list[VisitSpec], day0: date
) -> None:
    """Earliest ≤ planned ≤ latest, and no visit after day 0 reaches back to day 0."""
    for spec, visit in zip(visits, plan_period(visits, day0), strict=True):
        assert visit.earliest_on <= visit.planned_on <= visit.latest_on
        assert (visit.planned_on - day0).days == spec.day
        assert (visit.latest_on - visit.planned_on).days == spec.after
        if spec.day > 0:
            assert visit.earliest_on > day0
        else:
            assert (visit.planned_on - visit.earliest_on).days == spec.before


@given(visits=VISITS, day0=DAYS, shift=st.integers(1, 100))
def test_everything_moves_with_day_0(visits: list[VisitSpec], day0: date, shift: int) -> None:
    """An infusion that moves by n days moves every date of its period by n days."""
    delta = timedelta(days=shift)
    for before, after in zip(plan_period(visits, day0), plan_period(visits, day0 + delta), strict=True):
        assert after.planned_on - before.planned_on == delta
        assert after.earliest_on - before.earliest_on == delta
        assert after.latest_on - before.latest_on == delta


@pytest.mark.parametrize(
    ("today", "state"),
    [(10, "planned"), (11, "due"), (13, "due"), (14, "overdue")],
)
def test_an_open_visit_is_planned_then_due_then_overdue(today: int, state: str) -> None:
    """The first and the last day of the window belong to it."""
    assert visit_state(*WINDOW, None, False, date(2026, 3, today)) == state


@pytest.mark.parametrize(
    ("performed", "state", "deviation"),
    [
        (9, "done_out_of_window", -2),
        (11, "done", 0),
        (13, "done", 0),
        (16, "done_out_of_window", 3),
    ],
)
def test_a_visit_that_took_place_counts_also_out_of_its_window(
    performed: int, state: str, deviation: int
) -> None:
    """It is never refused: it is done, with the number of days early (negative) or late."""
    day = date(2026, 3, performed)
    assert visit_state(*WINDOW, day, False, date(2026, 4, 1)) == state
    assert deviation_days(*WINDOW, day) == deviation


def test_a_missed_visit_is_not_overdue_and_a_done_one_not_missed() -> None:
    """What happened counts before what was marked, and what was marked before the calendar."""
    late = date(2026, 4, 1)
    assert visit_state(*WINDOW, None, True, late) == "missed"
    assert visit_state(*WINDOW, date(2026, 3, 12), True, late) == "done"


@given(start=DAYS, length=st.integers(0, 30), offset=st.integers(-60, 60))
def test_out_of_window_means_a_deviation_and_the_other_way_round(
    start: date, length: int, offset: int
) -> None:
    """State and deviation never disagree, and the deviation leads back to the window's edge."""
    end, performed = start + timedelta(days=length), start + timedelta(days=offset)
    deviation = deviation_days(start, end, performed)
    assert (visit_state(start, end, performed, False, end) == "done") == (deviation == 0)
    if deviation:
        assert performed - timedelta(days=deviation) == (start if deviation < 0 else end)
