"""Days that somebody types: those that cannot be, and those so improbable that they are asked about first.

Nearly always such a day is a slip: a month or a year too few or too many.
"""

from datetime import date, timedelta
from typing import Literal

# Ten years hold any trial, as for the days of a protocol; what is planned further ahead leaves the calendar in the end.
TRIAL = timedelta(days=3650)
FURTHEST = 2 * TRIAL
# Half a year: a year typed wrong is always further off, what a site writes down late seldom is.
UNUSUAL = timedelta(days=180)
# A dosing is moved by days, or by a few weeks.
FROM_PLAN = timedelta(days=30)

Doubt = Literal["long_ago", "far_ahead", "past", "off_plan"]


def before_any_trial(day: date, today: date) -> bool:
    """Whether no participant of a running trial consented as early as `day`."""
    return today - day > TRIAL


def beyond_any_plan(day: date, today: date) -> bool:
    """Whether nobody plans as far ahead as `day`."""
    return day - today > FURTHEST


def doubt_of_past(day: date, today: date) -> Doubt | None:
    """Of a day on which something happened.

    >>> doubt_of_past(date(2025, 3, 9), date(2026, 3, 9))
    'long_ago'
    """
    return "long_ago" if today - day > UNUSUAL else None


def doubt_of_plan(day: date, today: date) -> Doubt | None:
    """Of a day for which something is planned.

    >>> doubt_of_plan(date(2036, 3, 9), date(2026, 3, 9))
    'far_ahead'
    """
    if day - today > UNUSUAL:
        return "far_ahead"
    return "past" if today - day > FROM_PLAN else None


def doubt_of_dosing(day: date, planned_on: date | None, today: date) -> Doubt | None:
    """Of the day on which a treatment was given, planned for `planned_on`.

    >>> doubt_of_dosing(date(2026, 3, 9), date(2026, 4, 19), date(2026, 4, 20))
    'off_plan'
    """
    if planned_on and abs(day - planned_on) > FROM_PLAN:
        return "off_plan"
    return doubt_of_past(day, today)
