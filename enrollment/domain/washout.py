"""The washout between two periods: from when, best when, and until when the next one may begin.

One function, `window`, says it for every place that asks: the gate that plans, the strip, the calendar, the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from enrollment.domain.schedule import deviation_days
from enrollment.protocol.model import WashoutRule

WashoutVerdict = Literal["too_early", "possible", "target", "late"]


@dataclass(frozen=True, slots=True)
class VisitDates:
    """A visit of the period before. `over`: it was done or missed, and its date will not come out otherwise."""

    day: int
    planned_on: date | None
    performed_on: date | None
    over: bool


@dataclass(frozen=True, slots=True)
class PeriodDates:
    """What the washout after a period rests on."""

    dosed_on: date | None
    planned_on: date | None
    visits: Sequence[VisitDates]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The day from which the rule counts. Not `certain`: from the plan, until what it names is done or missed."""

    on: date
    certain: bool


@dataclass(frozen=True, slots=True)
class WashoutWindow:
    """First, best and last day for the next period's day 0, and what they are counted from."""

    earliest_on: date
    target_on: date
    latest_on: date
    anchor: Anchor
    # The last day on which the period before sees its participant: nobody begins the next one earlier.
    ends_on: date | None = None


def window(rule: WashoutRule, period: PeriodDates) -> WashoutWindow | None:
    """The window after `period`; None while the period has no date. It never opens before the period's last visit."""
    anchor = anchor_of(rule, period)
    if anchor is None:
        return None
    ends_on = last_seen_on(period)
    days = (anchor.on + timedelta(days=n) for n in (rule.min_days, rule.target_days, rule.max_days))
    earliest, target, latest = (max(day, ends_on or day) for day in days)
    return WashoutWindow(earliest, target, latest, anchor, ends_on)


def anchor_of(rule: WashoutRule, period: PeriodDates) -> Anchor | None:
    """The dosing, or the last scheduled visit: on its actual day, else on its planned one."""
    last = _last_scheduled(period.visits)
    if rule.anchor == "dosing" or last is None:
        on = period.dosed_on or period.planned_on
        return None if on is None else Anchor(on, period.dosed_on is not None)
    on = last.performed_on or last.planned_on
    return None if on is None else Anchor(on, last.over)


def last_seen_on(period: PeriodDates) -> date | None:
    """The day of the period's last visit: of those done, and of the last scheduled one while it is to come."""
    last = _last_scheduled(period.visits)
    days = [visit.performed_on for visit in period.visits if visit.performed_on]
    if last and last.planned_on and not last.over:
        days.append(last.planned_on)
    return max(days, default=None)


def judge(window: WashoutWindow, day: date) -> WashoutVerdict:
    """How `day` stands to the window."""
    if day < window.earliest_on:
        return "too_early"
    if day > window.latest_on:
        return "late"
    return "target" if day == window.target_on else "possible"


def days_outside(window: WashoutWindow, day: date) -> int:
    """Days outside the window: negative early, positive late, 0 inside."""
    return deviation_days(window.earliest_on, window.latest_on, day)


def covers(overridden: int, outside: int) -> bool:
    """Whether an override given for `overridden` days outside covers `outside`: the same side, and no further."""
    return min(overridden, 0) <= outside <= max(overridden, 0)


def _last_scheduled(visits: Sequence[VisitDates]) -> VisitDates | None:
    """The last of the protocol's order: by day, and of one day the one that comes later."""
    return max(reversed(visits), key=lambda visit: visit.day, default=None)
