"""The washout between two periods: from when, best when, and until when the next one may begin."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from enrollment.domain.protocol import WashoutRule

WashoutVerdict = Literal["too_early", "possible", "target", "late"]


@dataclass(frozen=True, slots=True)
class WashoutWindow:
    """First, best and last day for the next period's day 0."""

    earliest_on: date
    target_on: date
    latest_on: date


def window(rule: WashoutRule, anchor_on: date) -> WashoutWindow:
    """The window that follows a period whose anchor (its dosing or its last visit) was `anchor_on`."""
    return WashoutWindow(
        anchor_on + timedelta(days=rule.min_days),
        anchor_on + timedelta(days=rule.target_days),
        anchor_on + timedelta(days=rule.max_days),
    )


def judge(window: WashoutWindow, day: date) -> WashoutVerdict:
    """How `day` stands to the window."""
    if day < window.earliest_on:
        return "too_early"
    if day > window.latest_on:
        return "late"
    return "target" if day == window.target_on else "possible"


def anchor_date(rule: WashoutRule, dosed_on: date | None, last_visit_on: date | None) -> date | None:
    """The day from which the rule counts; None while it has not happened."""
    return dosed_on if rule.anchor == "dosing" else last_visit_on
