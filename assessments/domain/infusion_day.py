"""The rules of an infusion day: the dose, what is due next, and what was done outside the tolerances of the protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from enrollment.protocol.infusion import InfusionDay

# In the order of the day. Vital signs and ratings come in between, at their times.
BEFORE_START = ("recheck", "screens", "before", "capsule", "weight", "check")
Subject = Literal["capsule", "infusion", "weight", "vital_signs", "rating"]


@dataclass(frozen=True, slots=True)
class Dose:
    """How a dose was calculated, in kg and mg. `exact`: before it was rounded; `limited`: the maximum is less."""

    weight: Decimal
    exact: Decimal
    rounded: Decimal
    dose: Decimal
    limited: bool


@dataclass(frozen=True, slots=True)
class DayCourse:
    """What is known of one day. `measured`: times of the vital signs in force; `rated`: instrument → when, None where only
    that it was rated is known; `done`: steps that are recorded; `given` None: not known yet."""

    capsule: datetime | None = None
    start: datetime | None = None
    stop: datetime | None = None
    given: bool | None = None
    weighed_on: date | None = None
    measured: Sequence[datetime] = ()
    rated: Mapping[str, datetime | None] = field(default_factory=dict)
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DueStep:
    """`at`: when, None for what has no time of its own. `subject`: the instrument of a rating."""

    step: str
    at: datetime | None = None
    subject: str = ""
    tolerance: int = 0


@dataclass(frozen=True, slots=True)
class ToleranceBreach:
    """Outside a tolerance. Minutes, of a weight days; `actual` None: not at all. `subject`: the instrument of a rating, or
    the minute after the start at which vital signs were due."""

    rule: Subject
    planned: int
    tolerance: int
    actual: int | None
    subject: str = ""


def dose_of(weight: Decimal, day: InfusionDay) -> Dose:
    """weight × dose per kg, rounded to a multiple of the step, a half away from zero, and at most the maximum."""
    step, maximum = Decimal(str(day.dose_step)), Decimal(str(day.dose_maximum))
    exact = weight * Decimal(str(day.dose_per_kg))
    rounded = (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step
    return Dose(weight, exact, rounded, min(rounded, maximum), rounded > maximum)


def due_steps(day: InfusionDay, course: DayCourse) -> tuple[DueStep, ...]:
    """What is still to be done, the next first. After the start what has a time comes by it, then what was left out."""
    if course.given is False or "discharge" in course.done:
        return ()
    skipped = tuple(DueStep(step) for step in BEFORE_START if step not in course.done)
    if course.start is None:
        at = course.capsule + timedelta(minutes=day.capsule_minutes) if course.capsule else None
        return (*skipped, DueStep("start", at, tolerance=day.capsule_tolerance))
    timed = sorted(_timed(day, course, course.start), key=lambda due: due.at or course.start or datetime.max)
    return (*timed, *skipped, DueStep("discharge"))


def _timed(day: InfusionDay, course: DayCourse, start: datetime) -> list[DueStep]:
    steps = []
    if course.stop is None:
        at = start + timedelta(minutes=day.infusion_minutes)
        steps.append(DueStep("stop", at, tolerance=day.infusion_tolerance))
    if minute := next_measurement(day, start, course.measured):
        at = start + timedelta(minutes=minute)
        steps.append(DueStep("vital_signs", at, tolerance=day.vital_signs_tolerance))
    steps += [
        DueStep("rating", start + timedelta(minutes=rating.minutes), rating.instrument, rating.tolerance)
        for rating in day.ratings
        if rating.instrument not in course.rated
    ]
    return steps


def planned_measurements(day: InfusionDay) -> tuple[int, ...]:
    """Minutes after the start at which vital signs are due."""
    return tuple(range(day.vital_signs_every, day.vital_signs_until + 1, day.vital_signs_every))


def next_measurement(day: InfusionDay, start: datetime, measured: Sequence[datetime]) -> int | None:
    """The minute of the next vital signs: the first that comes after the last measurement, and that this does not stand
    for. What was left out before it is not made up for."""
    after = max((_minutes(start, moment) for moment in measured), default=0)
    left = (minute for minute in planned_measurements(day) if minute - day.vital_signs_tolerance > after)
    return next(left, None)


def tolerance_breaches(day: InfusionDay, course: DayCourse) -> tuple[ToleranceBreach, ...]:
    """Each of what is recorded that lies outside its tolerance, and vital signs that were left out. The same for the same
    course, whatever the time is: nothing that is still to come is in it."""
    start, stop = course.start, course.stop
    if start is None:
        return ()
    outside: list[ToleranceBreach] = []
    if course.capsule:
        wait = _minutes(course.capsule, start)
        outside += _beyond("capsule", day.capsule_minutes, day.capsule_tolerance, wait)
    if stop:
        outside += _beyond("infusion", day.infusion_minutes, day.infusion_tolerance, _minutes(start, stop))
    if course.weighed_on:
        age = (start.date() - course.weighed_on).days
        if age > day.weight_days:
            outside.append(ToleranceBreach("weight", 0, day.weight_days, age))
    outside += _left_out(day, start, course.measured)
    for rating in day.ratings:
        rated_at = course.rated.get(rating.instrument)
        if rated_at:
            minute = _minutes(start, rated_at)
            outside += _beyond("rating", rating.minutes, rating.tolerance, minute, rating.instrument)
    return tuple(outside)


def _left_out(day: InfusionDay, start: datetime, measured: Sequence[datetime]) -> list[ToleranceBreach]:
    minutes = [_minutes(start, moment) for moment in measured]
    tolerance, last = day.vital_signs_tolerance, max(minutes, default=0)
    return [
        ToleranceBreach("vital_signs", planned, tolerance, None, str(planned))
        for planned in planned_measurements(day)
        if planned + tolerance < last and not any(abs(minute - planned) <= tolerance for minute in minutes)
    ]


def _beyond(
    rule: Subject, planned: int, tolerance: int, actual: int, subject: str = ""
) -> list[ToleranceBreach]:
    return (
        []
        if abs(actual - planned) <= tolerance
        else [ToleranceBreach(rule, planned, tolerance, actual, subject)]
    )


def _minutes(earlier: datetime, later: datetime) -> int:
    """Whole minutes of the clock that runs on, over changes of the local one too."""
    return round((later - earlier).total_seconds() / 60)
