"""How much of the type I error a trial may have spent by a share of its information.

Lan & DeMets (1983), doi:10.1093/biomet/70.3.659. A boundary from such a function needs neither the number nor the
times of the looks in advance, only that neither is chosen for what the data show.
"""

from collections.abc import Callable
from math import e, inf, log, sqrt

from scipy.special import ndtr, ndtri

from analysis.domain import checks


def obrien_fleming_like(t: float, alpha: float) -> float:
    """One-sided error spent by fraction `t`: α(t) = 2 − 2Φ(z₁₋α⸝₂ / √t). Spares early looks.

    α: the one-sided error in all, Φ: the normal distribution function, z its quantile. 0 at t = 0.

    >>> round(obrien_fleming_like(0.4, 0.025), 6)
    0.000394
    """
    _check(t, alpha)
    return float(2 * ndtr(ndtri(alpha / 2) / sqrt(t))) if t > 0 else 0.0


def pocock_like(t: float, alpha: float) -> float:
    """One-sided error spent by fraction `t`: α(t) = α·ln(1 + (e − 1)t). Spends early looks freely.

    >>> round(pocock_like(0.4, 0.025), 6)
    0.013078
    """
    _check(t, alpha)
    return alpha * log(1 + (e - 1) * t)


def _check(t: float, alpha: float) -> None:
    checks.error(alpha, 1)
    if not 0 <= t < inf:
        raise ValueError(f"an information fraction is at least 0, found {t}")


FUNCTIONS: dict[str, Callable[[float, float], float]] = {
    "lan_demets_obf": obrien_fleming_like,
    "lan_demets_pocock": pocock_like,
}


def spent(spending: str, t: float, alpha: float = 0.05, sides: int = 2) -> float:
    """Error of all sides together spent by information fraction `t`; all of it from t = 1 on.

    Two-sided error is spent as twice the one-sided function at alpha/2, which for the O'Brien–Fleming-like function
    is not that function at alpha: by t = 0.4 it would have spent .0019 of .05, not .0008. Raises ValueError for an
    unknown name or a negative fraction.

    >>> round(spent("lan_demets_obf", 0.4), 6)
    0.000788
    """
    checks.one_of("spending function", spending, FUNCTIONS)
    checks.error(alpha, sides)
    return sides * FUNCTIONS[spending](min(t, 1.0), alpha / sides)
