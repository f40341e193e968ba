"""How likely is success at the end, seen from a look? Conditional, predictive and Bayesian predictive power.

In the scale of information, t is the fraction seen, Z(t) the statistic and B(t) = Z(t)√t a Brownian motion with
drift θ = E[Z(1)]: what is still to come, B(1) − B(t), is normal with mean θ(1 − t) and variance 1 − t. Lan & Wittes
(1988), doi:10.2307/2531870. All three assume that the final test is the one-sided Z(1) ≥ `critical`; none corrects
it for stopping early, and a futility stop that is binding must be part of the boundaries.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy import stats
from scipy.special import ndtr

CRITICAL = 1.959963984540054  # one-sided 2.5 %


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
    if t == 1:
        return float(z >= critical)
    return float(ndtr((z * sqrt(t) + drift * (1 - t) - critical) / sqrt(1 - t)))


def trend(z: float, t: float) -> float:
    """The drift that the data seen so far suggest: z/√t. Raises ValueError unless 0 < t ≤ 1.

    >>> round(trend(1, 0.5), 4)
    1.4142
    """
    _fraction(t)
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
    if t == 0:
        raise ValueError("with a flat prior nothing is predicted before the first information")
    if t == 1:
        return float(z >= critical)
    return float(ndtr((z - critical * sqrt(t)) / sqrt(1 - t)))


def power_curve(
    z: float, t: float, drifts: Sequence[float], critical: float = CRITICAL
) -> list[tuple[float, float]]:
    """(drift, conditional power) for each of `drifts`, for a chart.

    >>> [(drift, round(power, 3)) for drift, power in power_curve(1, 0.5, [0, 2.8])]
    [(0, 0.038), (2.8, 0.582)]
    """
    return [(drift, conditional_power(z, t, drift, critical)) for drift in drifts]


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
    outcome, exchangeable participants. Raises ValueError for counts that can't be.

    >>> round(bayesian_predictive_probability(16, 23, 40, p0=0.6, success=0.9, prior=(0.6, 0.4)), 6)
    0.565559
    """
    if not 0 <= responders <= n <= planned:
        raise ValueError(f"0 ≤ responders ≤ n ≤ planned does not hold: {responders}, {n}, {planned}")
    a, b = prior
    to_come = np.arange(planned - n + 1)
    predicted = stats.betabinom.pmf(to_come, planned - n, a + responders, b + n - responders)
    at_end = stats.beta.sf(p0, a + responders + to_come, b + planned - responders - to_come)
    return float(predicted[at_end > success].sum())


def _fraction(t: float) -> None:
    if not 0 <= t <= 1:
        raise ValueError(f"an information fraction is between 0 and 1, found {t}")
