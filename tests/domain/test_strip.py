"""The crossover strip: where things stand, and what it says in words."""

from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.strip import layout as strip
from enrollment.strip.marks import Mark

DOSED = date(2026, 3, 9)
DAYS = (0, 1, 3, 5, 7, 14)


def visit(
    day: int, day0: date | None, state: str = "planned", performed_on: date | None = None
) -> strip.StripVisit:
    planned = day0 + timedelta(days=day) if day0 else None
    done = state in {"done", "done_out_of_window", "signed"}
    return strip.StripVisit(
        code=f"DAY{day}",
        label=f"Day {day}",
        day=day,
        planned_on=planned,
        earliest_on=planned - timedelta(days=1) if planned else None,
        latest_on=planned + timedelta(days=1) if planned else None,
        performed_on=performed_on or (planned if done else None),
        state=state,  # type: ignore[arg-type]
        url=f"/visits/{day}/",
    )


def period(
    number: int, dosed: date | None = None, planned: date | None = None, state: str = "planned"
) -> strip.StripPeriod:
    visits = tuple(visit(day, dosed or planned, state) for day in DAYS)
    return strip.StripPeriod(number, dosed, planned, visits)


def washout(anchor: date, after: int = 1) -> strip.StripWashout:
    return strip.StripWashout(
        after, anchor + timedelta(days=14), anchor + timedelta(days=33), anchor + timedelta(days=63)
    )


def course(
    *periods: strip.StripPeriod, today: date, washouts: tuple[strip.StripWashout, ...] = ()
) -> strip.StripInput:
    return strip.StripInput("P-0107", "Infusion", date(2026, 3, 2), "done", periods, washouts, today)


def number(percent: str) -> float:
    assert percent.endswith("%")
    return float(percent[:-1])


def test_marks_stand_in_order_and_apart() -> None:
    """However long the study, ticks run from left to right and never touch."""
    built = strip.build(course(period(1, DOSED), period(2), today=DOSED))
    places = [number(mark.x) for mark in built.marks]
    assert len(places) == 1 + 2 * 7
    assert all(right - left > 2 for left, right in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 100


def test_baseline_comes_before_the_dosing() -> None:
    """A visit of day 0 is done before the infusion, and is drawn there."""
    built = strip.build(course(period(1, DOSED), today=DOSED))
    assert [mark.label for mark in built.marks][1:4] == ["0", "9 Mar", "1"]


def test_without_dates_the_plan_is_still_drawn() -> None:
    """Before the first infusion is planned the strip shows what will come, and says that it has no date."""
    built = strip.build(course(period(1), period(2), today=date(2026, 3, 5)))
    assert [mark.state for mark in built.marks if mark.kind == "dosing"] == ["open", "open"]
    assert "not planned yet" in built.sentence
    assert built.today is not None
    assert number(built.marks[0].x) < number(built.today) < number(built.marks[1].x)


def test_the_washout_band_keeps_proportion() -> None:
    """Target day 33 lies at 19/49 between earliest (14) and latest (63)."""
    built = strip.build(
        course(period(1, DOSED, state="done"), period(2), today=DOSED, washouts=(washout(DOSED),))
    )
    at = {mark.kind: number(mark.x) for mark in built.bands[0].marks}
    assert (at["target"] - at["earliest"]) / (at["latest"] - at["earliest"]) == pytest.approx(
        19 / 49, abs=0.005
    )


def test_a_band_ends_where_the_next_dosing_was_given() -> None:
    """What lies after the infusion that happened is no longer shown as possible."""
    second = DOSED + timedelta(days=20)
    built = strip.build(
        course(period(1, DOSED, state="done"), period(2, second), today=second, washouts=(washout(DOSED),))
    )
    assert {mark.kind for mark in built.bands[0].marks} == {"earliest"}
    assert built.bands[0].end == second


def test_a_plan_after_the_longest_interval_stays_at_the_edge_of_the_band() -> None:
    """A day that is too late can be planned; its mark does not leave the band."""
    late = DOSED + timedelta(days=80)
    built = strip.build(
        course(
            period(1, DOSED, state="done"),
            period(2, None, late),
            today=DOSED,
            washouts=(washout(DOSED),),
        )
    )
    planned = next(mark for mark in built.bands[0].marks if mark.kind == "planned")
    assert number(planned.x) == pytest.approx(built.bands[0].right, abs=0.01)


def test_today_stands_between_the_dates_around_it() -> None:
    """On day 4 today lies half way between the ticks of day 3 and day 5."""
    built = strip.build(course(period(1, DOSED), today=DOSED + timedelta(days=4)))
    at = {mark.label: number(mark.x) for mark in built.marks if mark.kind == "visit"}
    assert built.today is not None
    assert number(built.today) == pytest.approx((at["3"] + at["5"]) / 2, abs=0.01)


def test_a_finished_course_has_no_today() -> None:
    """Years later the line of today would say nothing."""
    done = period(1, DOSED, state="done")
    assert strip.build(course(done, today=date(2030, 1, 1))).today is None


def test_a_tick_says_window_and_state() -> None:
    """Pointer and screen reader get day, window and state in one sentence."""
    late = replace(period(1, DOSED), visits=(visit(3, DOSED, "overdue"),))
    built = strip.build(course(late, today=date(2026, 3, 20)))
    assert built.marks[-1].text == "Day 3, window 11–13 Mar 2026, overdue"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (date(2026, 3, 11), date(2026, 3, 13), "11–13 Mar 2026"),
        (date(2026, 3, 30), date(2026, 4, 1), "30 Mar – 1 Apr 2026"),
        (date(2026, 12, 31), date(2027, 1, 2), "31 Dec 2026 – 2 Jan 2027"),
        (date(2026, 3, 9), date(2026, 3, 9), "9 Mar 2026"),
    ],
)
def test_a_window_is_as_short_as_its_dates_allow(start: date, end: date, said: str) -> None:
    """The month and the year are said once where they are the same."""
    one = replace(visit(3, DOSED, "due"), earliest_on=start, latest_on=end)
    built = strip.build(course(replace(period(1, DOSED), visits=(one,)), today=start))
    assert built.rows[-1].window == said


def test_the_sentence_counts_what_is_done_and_overdue() -> None:
    """The text alternative carries the finding, not only the names."""
    visits = (
        visit(0, DOSED, "done"),
        visit(1, DOSED, "done_out_of_window"),
        visit(3, DOSED, "overdue"),
    )
    built = strip.build(
        course(
            replace(period(1, DOSED), visits=visits),
            period(2),
            today=DOSED,
            washouts=(washout(DOSED),),
        )
    )
    assert "Infusion 1, given 9 Mar 2026; 2 of 3 visits done, 1 overdue." in built.sentence
    assert (
        "Washout: next possible from 23 Mar 2026, target 11 Apr 2026, no later than 11 May 2026."
    ) in built.sentence


def test_what_is_not_done_is_said_so_in_the_table() -> None:
    """An empty cell could mean anything; "not done" means one thing."""
    built = strip.build(course(period(1), today=DOSED))
    assert {row.performed for row in built.rows} == {"not done"}
    assert len(built.rows) == 7


def test_treatment_has_no_place() -> None:
    """Nothing that goes in or comes out has a field for arm, sequence, treatment or kit."""
    types = (strip.StripInput, strip.StripPeriod, strip.StripVisit, strip.StripWashout, strip.Strip, Mark)
    names = {field.name for kind in types for field in fields(kind)}
    assert not [name for name in names if any(word in name for word in ("arm", "sequence", "treat", "kit"))]


offsets = st.integers(min_value=-40, max_value=400)


@given(
    dosed=st.lists(st.one_of(st.none(), offsets), min_size=1, max_size=5),
    today=offsets,
    performed=st.lists(st.one_of(st.none(), offsets), min_size=6, max_size=6),
)
def test_any_course_stays_on_the_paper(
    dosed: list[int | None], today: int, performed: list[int | None]
) -> None:
    """Dates in any order, early, late or absent: all marks are drawn, in order, within the picture."""
    periods, washouts = [], []
    for index, offset in enumerate(dosed, start=1):
        day0 = None if offset is None else DOSED + timedelta(days=offset)
        visits = tuple(
            visit(
                day,
                day0,
                "planned" if done is None else "done",
                None if done is None else DOSED + timedelta(days=done),
            )
            for day, done in zip(DAYS, performed, strict=True)
        )
        periods.append(strip.StripPeriod(index, day0, None, visits))
        if day0 and index < len(dosed):
            washouts.append(washout(day0, index))
    given_today = DOSED + timedelta(days=today)
    built = strip.build(course(*periods, today=given_today, washouts=tuple(washouts)))
    places = [number(mark.x) for mark in built.marks]
    assert places == sorted(places)
    inside = [*places, *(number(m.x) for band in built.bands for m in band.marks)]
    inside += [number(built.today)] if built.today else []
    assert all(0 <= x <= 100 for x in inside)
    assert all(number(band.width) > 0 for band in built.bands)
    assert all(number(band.possible_width) >= 0 for band in built.bands if band.possible_width)
