"""A count with its denominator, percentage and interval."""

from typing import Any

from analysis.domain.intervals import clopper_pearson


def proportion(count: int, n: int) -> dict[str, Any]:
    """A count with its denominator, percentage and exact 95 % interval."""
    low, high = clopper_pearson(count, n) if n else (None, None)
    return {
        "count": count,
        "n": n,
        "percent": 100 * count / n if n else None,
        "low": None if low is None else 100 * low,
        "high": None if high is None else 100 * high,
    }
