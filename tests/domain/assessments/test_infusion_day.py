"""The rules of an infusion day: the dose, what is next, and what lies outside the tolerances."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.infusion_day import (
    DayCourse,
    ToleranceBreach,
    dose_of,
    due_steps,
    next_measurement,
    planned_measurements,
    tolerance_breaches,
)
from enrollment.protocol.infusion import InfusionDay, TimedRating

DAY = InfusionDay(
    visit="BASELINE",
    form="INFUSION",
    vital_signs="VITALS",
    capsule_minutes=45,
    capsule_tolerance=5,
    infusion_minutes=40,
    infusion_tolerance=5,
    vital_signs_every=15,
    vital_signs_tolerance=5,
    vital_signs_until=120,
    dose_per_kg=0.5,
    dose_step=0.1,
    dose_maximum=60.0,
    weight_days=7,
    urine_screen="URINE_SCREEN",
    ratings=(TimedRating("CADSS", 40, 15),),
)
START = datetime(2026, 3, 9, 11, 45, tzinfo=UTC)
BEFORE = frozenset({"recheck", "screens", "before", "capsule", "weight", "check"})


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


COURSE = DayCourse(capsule=after(-45), start=START, given=True, weighed_on=date(2026, 3, 9), done=BEFORE)


@pytest.mark.parametrize(
    ("weight", "dose", "limited"),
    [("70", "35.0", False), ("70.5", "35.3", False), ("63.3", "31.7", False), ("120", "60.0", False),
     ("120.1", "60.0", True), ("180", "60.0", True)],
)  # fmt: skip
def test_the_dose_goes_by_weight_step_and_maximum(weight: str, dose: str, limited: bool) -> None:
    """A half is rounded up; above the maximum it is the maximum, and says so."""
    calculated = dose_of(Decimal(weight), DAY)
    assert (str(calculated.dose), calculated.limited) == (dose, limited)


@given(st.decimals(25, 350, places=1), st.sampled_from([0.1, 0.5, 1.0, 2.5]))
def test_no_dose_is_off_its_step_or_above_the_maximum(weight: Decimal, step: float) -> None:
    calculated = dose_of(weight, replace(DAY, dose_step=step))
    assert calculated.dose % Decimal(str(step)) == 0
    assert calculated.dose <= 60
    assert abs(calculated.rounded - calculated.exact) <= Decimal(str(step)) / 2


def test_before_the_start_the_steps_come_in_their_order() -> None:
    assert [due.step for due in due_steps(DAY, DayCourse())] == [
        "recheck", "screens", "before", "capsule", "weight", "check", "start",
    ]  # fmt: skip


def test_the_start_is_due_so_long_after_the_capsule() -> None:
    [due] = due_steps(DAY, DayCourse(capsule=after(-45), done=BEFORE))
    assert (due.step, due.at, due.tolerance) == ("start", START, 5)


def test_after_the_start_what_has_a_time_comes_by_it() -> None:
    steps = due_steps(DAY, replace(COURSE, measured=[after(-20), after(14), after(31)]))
    assert [(due.step, due.at) for due in steps] == [
        ("stop", after(40)),
        ("rating", after(40)),
        ("vital_signs", after(45)),
        ("discharge", None),
    ]


def test_what_was_left_out_before_the_start_is_still_asked_for() -> None:
    steps = due_steps(DAY, replace(COURSE, done=BEFORE - {"check"}))
    assert [due.step for due in steps][-2:] == ["check", "discharge"]


@pytest.mark.parametrize(
    "course", [replace(COURSE, given=False, start=None), replace(COURSE, done=BEFORE | {"discharge"})]
)
def test_nothing_is_due_after_discharge_or_without_an_infusion(course: DayCourse) -> None:
    assert due_steps(DAY, course) == ()


def test_a_measurement_stands_for_the_time_it_is_near() -> None:
    """At 10 minutes it is that of 15; at 9 it is not."""
    assert next_measurement(DAY, START, [after(10)]) == 30
    assert next_measurement(DAY, START, [after(9)]) == 15
    assert next_measurement(DAY, START, [after(120)]) is None


@given(st.lists(st.integers(-60, 200)))
def test_the_next_measurement_only_moves_on(minutes: list[int]) -> None:
    """However late one measures, the time asked for next is never one before."""
    moments = [after(minute) for minute in sorted(minutes)]
    asked = [next_measurement(DAY, START, moments[:count]) or 999 for count in range(len(moments) + 1)]
    assert all(earlier <= later for earlier, later in pairwise(asked))


def test_on_plan_there_is_no_breach() -> None:
    course = replace(
        COURSE,
        capsule=after(-50),
        stop=after(45),
        measured=[after(minute + 5) for minute in planned_measurements(DAY)],
        rated={"CADSS": after(55)},
        weighed_on=date(2026, 3, 2),
    )
    assert tolerance_breaches(DAY, course) == ()


def test_beyond_its_tolerance_each_is_named_once() -> None:
    course = replace(
        COURSE,
        capsule=after(-51),
        stop=after(34),
        measured=[after(15), after(45)],
        rated={"CADSS": after(56)},
        weighed_on=date(2026, 3, 1),
    )
    assert tolerance_breaches(DAY, course) == (
        ToleranceBreach("capsule", 45, 5, 51),
        ToleranceBreach("infusion", 40, 5, 34),
        ToleranceBreach("weight", 0, 7, 8),
        ToleranceBreach("vital_signs", 30, 5, None, "30"),
        ToleranceBreach("rating", 40, 15, 56, "CADSS"),
    )


def test_what_is_still_to_come_is_no_breach() -> None:
    """Nor is anything while the infusion has not started."""
    assert tolerance_breaches(DAY, COURSE) == ()
    assert tolerance_breaches(DAY, DayCourse(capsule=after(-500))) == ()


@given(st.lists(st.integers(1, 130), unique=True))
def test_a_later_measurement_never_takes_a_breach_back(minutes: list[int]) -> None:
    """Filed once, it stays true while the day goes on."""
    moments = [after(minute) for minute in sorted(minutes)]
    filed: set[str] = set()
    for count in range(len(moments) + 1):
        now = {found.subject for found in tolerance_breaches(DAY, replace(COURSE, measured=moments[:count]))}
        assert filed <= now
        filed = now
