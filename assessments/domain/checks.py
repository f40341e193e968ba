"""Edit checks of a rating, each with an identifier and a version that change only together with its rule.

A hard check keeps a rating from being saved, a soft one asks for a second look. None looks at an earlier
score: raters see these messages, and raters do not see earlier scores. What a rating says about somebody's safety
is no question about data: safety.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from assessments.domain.instrument import Instrument, Rule, problems
from enrollment.domain.schedule import deviation_days

Severity = Literal["hard", "soft"]

HARD: dict[Rule, tuple[str, str]] = {
    "unknown": ("RATING-ITEM-UNKNOWN", "1"),
    "range": ("RATING-ITEM-RANGE", "1"),
    "alternatives": ("RATING-ITEM-ALTERNATIVES", "1"),
    "value_and_reason": ("RATING-ITEM-VALUE-AND-REASON", "1"),
    "unexplained": ("RATING-ITEM-UNEXPLAINED", "1"),
    "reason": ("RATING-ITEM-REASON", "1"),
}
OUT_OF_WINDOW = ("RATING-OUT-OF-WINDOW", "1")


@dataclass(frozen=True, slots=True)
class Check:
    """A check that fired. `item`: item code, empty for the rating as a whole. `message` is an English
    template to translate and fill with `params`; it names no figure, for a query outlives the dates it was raised for."""

    id: str
    version: str
    severity: Severity
    item: str
    message: str
    params: dict[str, object]


def check(
    instrument: Instrument,
    items: Mapping[str, int | None],
    missing: Mapping[str, str],
    *,
    performed_on: date | None = None,
    earliest_on: date | None = None,
    latest_on: date | None = None,
) -> tuple[Check, ...]:
    """Every check that fires on a rating, hard ones first.

    `items`: item code to value; `missing`: item code to reason code. The window is looked at when all three
    dates are known.
    """
    found = [
        Check(*HARD[problem.rule], "hard", problem.item, problem.message, problem.params)
        for problem in problems(instrument, items, missing)
    ]
    if performed_on and earliest_on and latest_on:
        found += _window(deviation_days(earliest_on, latest_on, performed_on))
    return tuple(found)


def _window(days: int) -> list[Check]:
    if not days:
        return []
    message = (
        "The date of the rating lies before the visit's window. Is it right?"
        if days < 0
        else "The date of the rating lies after the visit's window. Is it right?"
    )
    return [Check(*OUT_OF_WINDOW, "soft", "", message, {"days": abs(days)})]
