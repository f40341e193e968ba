"""An estimate with its interval, and confidence intervals of one proportion."""

from dataclasses import dataclass

from scipy.special import betainccinv, betaincinv
from scipy.stats import binomtest

from analysis.domain import checks


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate of `n` observations with its interval at `level`; None without observations or a bound."""

    estimate: float | None
    low: float | None
    high: float | None
    level: float
    n: int
    method: str


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of `count` out of `n`, both ends as proportions; never shorter than it claims.

    Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404. Raises ValueError unless 0 ≤ count ≤ n, whole
    numbers, n ≥ 1 and 0 < confidence < 1.

    >>> [round(end, 4) for end in clopper_pearson(7, 12)]
    [0.2767, 0.8483]
    """
    _check(count, n, confidence)
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betainccinv(count + 1, n - count, tail)) if count < n else 1.0
    return low, high


def wilson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of `count` out of `n`, both ends as proportions; covers `confidence` on average, and is shorter than
    Clopper & Pearson's.

    The p for which |p̂ − p| ≤ z·√(p(1 − p)/n). Wilson (1927), doi:10.1080/01621459.1927.10502953; compared by Newcombe
    (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E. Raises ValueError as `clopper_pearson`.

    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    _check(count, n, confidence)
    interval = binomtest(count, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def _check(count: int, n: int, confidence: float) -> None:
    checks.whole(count=count, n=n)
    checks.within(0, 1, confidence=confidence)
    if count > n or n < 1:
        raise ValueError("needs 0 ≤ count ≤ n and n ≥ 1")
