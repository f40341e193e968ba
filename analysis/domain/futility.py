"""How likely is success at the end, seen from a look? Conditional, predictive and Bayesian predictive power.

In the scale of information, t is the fraction seen, Z(t) the statistic and B(t) = Z(t)√t a Brownian motion with
drift θ = E[Z(1)]: what is still to come, B(1) − B(t), is normal with mean θ(1 − t) and variance 1 − t. Lan & Wittes
(1988), doi:10.2307/2531870. Success is crossing upwards; for the other direction turn the signs of z and drift. With
one look left success is Z(1) ≥ `critical`; with several, `crossing_power` and `predictive_crossing` take the boundary of
each. A futility stop that is binding must be part of the boundaries.
"""

from collections.abc import Callable, Sequence
from math import inf, sqrt

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln

from analysis.domain import checks
from analysis.domain.recursion import exit_probabilities

CRITICAL = 1.959963984540054  # one-sided 2.5 %
# A statistic beyond every boundary.
FARTHEST = 40.0


def conditional_power(z: float, t: float, drift: float, critical: float = CRITICAL) -> float:
    """P(Z(1) ≥ critical | Z(t) = z) when E[Z(1)] is `drift`: Φ((z√t + θ(1 − t) − c)/√(1 − t)).

    `t` is in [0, 1]; at 1 the answer is known, 1.0 or 0.0. Drift 0 gives power under no effect, `trend(z, t)` under
    the effect seen, the design's own under the one planned for. Raises ValueError for another `t`.

    >>> round(conditional_power(1, 0.5, drift=trend(1, 0.5)), 6)
    0.220114
    >>> round(conditional_power(1, 0.5, drift=0), 6)
    0.038213
    """
    _fraction(t)
    checks.finite(z=z, drift=drift, critical=critical)
    if t == 1:
        return float(z >= critical)
    return crossing_power(z, t, drift, [1.0], [critical])


def crossing_power(
    z: float, t: float, drift: float, ahead: Sequence[float], boundaries: Sequence[float]
) -> float:
    """P(Z(u) ≥ its boundary at one of the looks `ahead` | Z(t) = z) when E[Z(1)] is `drift`.

    `ahead`: information u > t of the looks to come, increasing. What is still to come is a process of its own: W(u − t) =
    (Z(u)√u − z√t)/√(u − t) has information u − t and the same drift, and the boundary b at u becomes (b√u − z√t)/√(u − t).
    Jennison & Turnbull (1999), chapter 10, doi:10.1201/9780367805326. Raises ValueError for information that does not
    increase from t, or not one boundary for each look.

    >>> round(crossing_power(1, 0.5, 2**0.5, [1.0], [CRITICAL]), 6)
    0.220114
    >>> round(crossing_power(1, 0.5, 2**0.5, [0.75, 1.0], [2.4, 2.0]), 4)
    0.2062
    """
    _fraction(t)
    checks.finite(z=z)
    later = [u - t for u in ahead]
    upper = [(b * sqrt(u) - z * sqrt(t)) / sqrt(u - t) for b, u in _pairs(boundaries, ahead, t)]
    return sum(exit_probabilities(later, [-inf] * len(later), upper, drift).upper)


def trend(z: float, t: float) -> float:
    """The drift that the data seen so far suggest: z/√t. Raises ValueError unless 0 < t ≤ 1.

    >>> round(trend(1, 0.5), 4)
    1.4142
    """
    _fraction(t)
    checks.finite(z=z)
    if t == 0:
        raise ValueError("there is no trend before the first information")
    return z / sqrt(t)


def predictive_power(z: float, t: float, critical: float = CRITICAL) -> float:
    """Conditional power averaged over what the data say of the drift, with a flat prior: Φ((z − c√t)/√(1 − t)).

    Spiegelhalter, Freedman & Blackburn (1986), doi:10.1016/0197-2456(86)90003-6. Closer to one half than conditional
    power under the trend, since it does not take the trend for the truth. Raises ValueError unless 0 < t ≤ 1.

    >>> round(predictive_power(1, 0.5), 6)
    0.292619
    """
    _fraction(t)
    checks.finite(z=z, critical=critical)
    if t == 0:
        raise ValueError("with a flat prior nothing is predicted before the first information")
    if t == 1:
        return float(z >= critical)
    return predictive_crossing(z, t, [1.0], [critical])


def predictive_crossing(z: float, t: float, ahead: Sequence[float], boundaries: Sequence[float]) -> float:
    """`crossing_power` averaged over what the data say of the drift, with a flat prior.

    The posterior mean of the drift, M(u) = Z(u)/√u, is then a martingale with M(u) − M(t) ~ N(0, 1/t − 1/u): the same
    crossing, with information 1/t − 1/u, no drift, and boundaries (b/√u − z/√t)/√(1/t − 1/u). Raises ValueError as
    `crossing_power`, and for t = 0.

    >>> round(predictive_crossing(1, 0.5, [1.0], [CRITICAL]), 6)
    0.292619
    """
    _fraction(t)
    checks.finite(z=z)
    if t == 0:
        raise ValueError("with a flat prior nothing is predicted before the first information")
    later = [1 / t - 1 / u for u in ahead]
    upper = [(b / sqrt(u) - z / sqrt(t)) / sqrt(1 / t - 1 / u) for b, u in _pairs(boundaries, ahead, t)]
    return sum(exit_probabilities(later, [-inf] * len(later), upper).upper)


def limit(chance: Callable[[float], float], below: float, lowest: float = 0.0) -> float | None:
    """The z under which `chance`, which grows with z, lies below `below`; None when it does not from `lowest` on.

    >>> round(limit(lambda z: predictive_power(z, 0.4), 0.1) or 0, 4)
    0.2469
    """
    checks.within(0, 1, below=below)
    checks.finite(lowest=lowest)
    if chance(lowest) >= below:
        return None
    return float(brentq(lambda z: chance(z) - below, lowest, FARTHEST, xtol=1e-10))


def bayesian_predictive_probability(
    responders: int,
    n: int,
    planned: int,
    *,
    p0: float,
    success: float,
    prior: tuple[float, float] = (1.0, 1.0),
) -> float:
    """P(at `planned` participants the posterior will say P(p > p0) > success | `responders` of `n` so far).

    The m = planned − n to come are beta-binomial given x and the Beta(a, b) prior: PP = Σ_y P(y | x) · 1{P(p > p0 | x + y
    of planned) > success}. Lee & Liu (2008), doi:10.1177/1740774508089279; their example follows. One arm, a binary
    outcome, exchangeable participants. Raises ValueError for counts that can't be,
    shares outside 0 and 1, and an improper prior.

    >>> round(bayesian_predictive_probability(16, 23, 40, p0=0.6, success=0.9, prior=(0.6, 0.4)), 6)
    0.565559
    """
    checks.whole(responders=responders, n=n, planned=planned)
    checks.within(0, 1, p0=p0, success=success)
    checks.prior(prior, 2)
    if not responders <= n <= planned:
        raise ValueError(f"0 ≤ responders ≤ n ≤ planned does not hold: {responders}, {n}, {planned}")
    a, b = prior
    to_come = np.arange(planned - n + 1)
    predicted = stats.betabinom.pmf(to_come, planned - n, a + responders, b + n - responders)
    at_end = stats.beta.sf(p0, a + responders + to_come, b + planned - responders - to_come)
    return float(predicted[at_end > success].sum())


def paired_predictive_probability(
    first: int,
    second: int,
    n: int,
    planned: int,
    *,
    level: float,
    prior: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> float:
    """P(McNemar's exact two-sided p will be ≤ `level` at `planned` participants, in favour of the first | so far).

    `first`, `second`: participants of `n` who responded with that treatment only. The shares (first only, second only, the
    rest) are Dirichlet(`prior`); the m = planned − n to come are Dirichlet-multinomial, and every future is summed:
    PP = Σ P(i, j | data)·1{first + i > second + j, p(first + i, second + j) ≤ level}. The idea of
    `bayesian_predictive_probability`, for pairs and for the very test that will be made: Spiegelhalter, Freedman &
    Blackburn (1986), doi:10.1016/0197-2456(86)90003-6. The default prior is uniform over the shares. Participants are
    exchangeable; looks between are not counted; the cost grows with m². Raises ValueError for counts that can't be,
    shares outside 0 and 1, and an improper prior.

    >>> round(paired_predictive_probability(7, 0, 12, 30, level=0.0497), 4)
    0.9559
    >>> paired_predictive_probability(0, 0, 28, 30, level=0.0497)
    0.0
    """
    checks.whole(first=first, second=second, n=n, planned=planned)
    checks.share(level=level)
    checks.prior(prior, 3)
    if not first + second <= n <= planned:
        raise ValueError(f"0 ≤ first + second ≤ n ≤ planned does not hold: {first}, {second}, {n}, {planned}")
    more = planned - n
    i, j = np.indices((more + 1, more + 1))
    i, j = i[i + j <= more], j[i + j <= more]
    seen = np.array([first, second, n - first - second]) + np.array(prior)
    counts = np.stack([i, j, more - i - j])
    ways = gammaln(more + 1) - gammaln(counts + 1).sum(axis=0)
    shares = gammaln(counts + seen[:, None]).sum(axis=0) - gammaln(seen).sum()
    scale = gammaln(seen.sum()) - gammaln(seen.sum() + more)
    higher, lower = first + i, second + j
    p = np.minimum(2 * stats.binom.cdf(np.minimum(higher, lower), higher + lower, 0.5), 1.0)
    return float(np.exp(ways + shares + scale)[(p <= level) & (higher > lower)].sum())


def _pairs(boundaries: Sequence[float], ahead: Sequence[float], t: float) -> list[tuple[float, float]]:
    if len(boundaries) != len(ahead) or not ahead or min(ahead) <= t:
        raise ValueError("needs a boundary for each look ahead, and looks ahead of the information seen")
    return list(zip(boundaries, ahead, strict=True))


def _fraction(t: float) -> None:
    if not 0 <= t <= 1:
        raise ValueError(f"an information fraction is between 0 and 1, found {t}")
