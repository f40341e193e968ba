"""When visits are due, and how a visit stands today. Dates are site-local; differences are whole days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from enrollment.protocol.model import VisitSpec

VisitState = Literal["planned", "due", "overdue", "done", "done_out_of_window", "missed"]
# Of what is dated on the wrong side of the dose: where it lies.
WrongSide = Literal["before_dose", "after_dose"]


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of one period with its dates."""

    code: str
    label: str
    day: int
    planned_on: date
    earliest_on: date
    latest_on: date


def plan_period(visits: Iterable[VisitSpec], day0: date) -> tuple[PlannedVisit, ...]:
    """Dates of a period's visits from its day 0.

    A visit after day 0 is never due on day 0 itself or before: a window of −1 around day 1 would
    otherwise let a rating made before the dosing count as one after it.
    """
    planned = []
    for visit in visits:
        target = day0 + timedelta(days=visit.day)
        earliest = target - timedelta(days=visit.before)
        if visit.day > 0:
            earliest = max(earliest, day0 + timedelta(days=1))
        planned.append(
            PlannedVisit(
                visit.code, visit.label, visit.day, target, earliest, target + timedelta(days=visit.after)
            )
        )
    return tuple(planned)


def visit_state(
    earliest_on: date, latest_on: date, performed_on: date | None, missed: bool, today: date
) -> VisitState:
    """How a visit stands on `today`. What was done counts before everything else."""
    if performed_on is not None:
        return "done" if earliest_on <= performed_on <= latest_on else "done_out_of_window"
    if missed:
        return "missed"
    if today > latest_on:
        return "overdue"
    return "due" if today >= earliest_on else "planned"


def deviation_days(earliest_on: date, latest_on: date, performed_on: date) -> int:
    """Days outside the window: negative early, positive late, 0 inside."""
    if performed_on < earliest_on:
        return (performed_on - earliest_on).days
    return max(0, (performed_on - latest_on).days)


def visits_after_dose(visits: Sequence[VisitSpec], baseline: str) -> frozenset[str]:
    """Codes of the visits that see what the dose did: those after day 0, and those of day 0 that follow the visit
    `baseline` in the order of the protocol."""
    codes = [visit.code for visit in visits]
    follows = codes.index(baseline) if baseline in codes else -1
    return frozenset(
        visit.code
        for place, visit in enumerate(visits)
        if visit.day > 0 or (visit.day == 0 and place > follows)
    )


def wrong_side_of_dose(
    after_dose: bool, performed_on: date | None, dosed_on: date | None
) -> WrongSide | None:
    """Where a rating lies that can't be what its visit is for: of a visit after the dose (`after_dose`) dated before it,
    of one before the dose dated after it. On the day of the dose itself the dates alone do not tell, and it counts.

    The same in SQL, for many at once: assessments/sql/functions/assessment_wrong_side.sql.
    """
    if performed_on is None or dosed_on is None:
        return None
    if after_dose:
        return "before_dose" if performed_on < dosed_on else None
    return "after_dose" if performed_on > dosed_on else None
