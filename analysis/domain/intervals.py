"""Confidence intervals of one proportion."""

from scipy.special import betainccinv, betaincinv

from analysis.domain import checks


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of `count` out of `n`, both ends as proportions; never shorter than it claims.

    Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404. Raises ValueError unless 0 ≤ count ≤ n, whole
    numbers, n ≥ 1 and 0 < confidence < 1.

    >>> [round(end, 4) for end in clopper_pearson(7, 12)]
    [0.2767, 0.8483]
    """
    checks.whole(count=count, n=n)
    checks.within(0, 1, confidence=confidence)
    if count > n or n < 1:
        raise ValueError("needs 0 ≤ count ≤ n and n ≥ 1")
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betainccinv(count + 1, n - count, tail)) if count < n else 1.0
    return low, high
