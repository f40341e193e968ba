"""Patterns in ratings that a monitor looks into. None of them says that a rating is wrong; nothing here knows a treatment.

A rating is a mapping of item codes to the values that were rated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

Items = Mapping[str, int]


def straight_line(items: Items) -> bool:
    """Whether every item has one value above 0. All 0 is what somebody well has, and no pattern.

    >>> straight_line({"A": 1, "B": 1, "C": 1}), straight_line({"A": 0, "B": 0}), straight_line({"A": 1, "B": 2})
    (True, False, False)
    """
    values = set(items.values())
    return len(items) > 1 and len(values) == 1 and values != {0}


def repeated(before: Items, items: Items) -> bool:
    """Whether a rating repeats the one before it item by item, other than all 0.

    >>> repeated({"A": 1, "B": 2}, {"A": 1, "B": 2}), repeated({"A": 0}, {"A": 0}), repeated({"A": 1}, {"A": 2})
    (True, False, False)
    """
    return bool(items) and any(items.values()) and dict(before) == dict(items)


@dataclass(frozen=True, slots=True)
class RatedTotal:
    """A total, by whom, and at what `visit`: raters are compared where both rated. `order`: in which they were made."""

    rater: str
    visit: str
    total: int
    order: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Of the `n` totals of a rater at visits that others rated too: the mean difference from the others' mean there, and by
    how much it is higher in the later half of them than in the earlier one; None below `DRIFT_FROM` totals."""

    n: int
    difference: float | None
    change: float | None


# Fewer totals say more about the participants than about the rater.
DRIFT_FROM = 6


def drift(totals: Sequence[RatedTotal]) -> dict[str, Drift]:
    """Rater → how far their totals lie from the others'.

    For each total x of a rater at a visit: d = x − mean of the other raters' totals at that visit. The difference is the
    mean of d; the change is the mean of d over the later half, in the order in which they were made, minus that over the
    earlier half (with an odd number the middle one belongs to the later half). Participants differ between raters, so a
    difference is a question and no finding; treatments are pooled.

    >>> totals = [RatedTotal(r, "DAY1", t, n) for n, (r, t) in enumerate([("A", 10), ("B", 12), ("A", 14), ("B", 12)] * 3)]
    >>> drift(totals)["A"]
    Drift(n=6, difference=0.0, change=1.3333333333333333)
    """
    by_visit: dict[str, dict[str, list[int]]] = {}
    for total in totals:
        by_visit.setdefault(total.visit, {}).setdefault(total.rater, []).append(total.total)
    differences: dict[str, list[float]] = {total.rater: [] for total in totals}
    for total in sorted(totals, key=lambda total: total.order):
        others = [
            value
            for rater, values in by_visit[total.visit].items()
            if rater != total.rater
            for value in values
        ]
        if others:
            differences[total.rater].append(total.total - fmean(others))
    return {rater: _drift(values) for rater, values in differences.items()}


def _drift(values: Sequence[float]) -> Drift:
    n = len(values)
    if n < DRIFT_FROM:
        return Drift(n, None, None)
    return Drift(n, fmean(values), fmean(values[n // 2 :]) - fmean(values[: n // 2]))
