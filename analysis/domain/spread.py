"""A distribution of whole numbers from how often each occurs: thousands of values cost as much as a few."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import fsum, sqrt

from scipy.special import stdtrit

from analysis.domain import checks

Counts = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Spread:
    """`sd` with n − 1, None for fewer than two values; quartiles as R's default (type 7)."""

    n: int
    mean: float
    sd: float | None
    low: int
    first_quartile: float
    median: float
    third_quartile: float
    high: int


def spread(counts: Counts) -> Spread | None:
    """The distribution of `counts`: (value, how many), ascending; None of nothing. Raises ValueError for others.

    Quantile p is at place (n − 1) p of the ordered values, between two of them in proportion: Hyndman & Fan
    (1996), doi:10.1080/00031305.1996.10473566, definition 7.

    >>> spread([(1, 1), (2, 1), (10, 2)]).median
    6.0
    """
    for value, count in counts:
        checks.finite(value=value)
        checks.whole(count=count)
    if any(low >= high for (low, _n), (high, _m) in pairwise(counts)):
        raise ValueError("the values must ascend")
    known = [(value, count) for value, count in counts if count]
    n = sum(count for _value, count in known)
    if not n:
        return None
    mean = sum(value * count for value, count in known) / n
    squares = fsum(count * (value - mean) ** 2 for value, count in known)
    ends = list(accumulate(count for _value, count in known))

    def at(place: int) -> int:
        return next(value for (value, _count), end in zip(known, ends, strict=True) if place < end)

    def quantile(p: float) -> float:
        place = (n - 1) * p
        low = int(place)
        return at(low) + (place - low) * (at(min(low + 1, n - 1)) - at(low))

    return Spread(
        n=n,
        mean=mean,
        sd=sqrt(squares / (n - 1)) if n > 1 else None,
        low=known[0][0],
        first_quartile=quantile(0.25),
        median=quantile(0.5),
        third_quartile=quantile(0.75),
        high=known[-1][0],
    )


def mean_interval(summary: Spread, confidence: float = 0.95) -> tuple[float, float] | None:
    """Interval of the mean by Student's t with n − 1 degrees of freedom; None for fewer than two values.

    >>> [round(end, 3) for end in mean_interval(spread([(1, 1), (2, 1), (3, 1)]))]
    [-0.484, 4.484]
    """
    checks.within(0, 1, confidence=confidence)
    if summary.sd is None:
        return None
    half = float(stdtrit(summary.n - 1, (1 + confidence) / 2)) * summary.sd / sqrt(summary.n)
    return summary.mean - half, summary.mean + half
