"""A count with its denominator, percentage and interval."""

from dataclasses import dataclass

from analysis.domain.intervals import clopper_pearson


@dataclass(frozen=True, slots=True)
class Proportion:
    """`count` of `n` with an interval, both in percent; None when `n` is 0."""

    count: int
    n: int
    percent: float | None
    low: float | None
    high: float | None


def proportion(count: int, n: int) -> Proportion:
    """A count with its denominator, percentage and exact 95 % interval."""
    if not n:
        return Proportion(count, n, None, None, None)
    low, high = clopper_pearson(count, n)
    return Proportion(count, n, 100 * count / n, 100 * low, 100 * high)
