"""Inference after a group-sequential trial has ended, in the stage-wise ordering of its outcomes.

A crossing at an earlier look is more extreme than any result at a later one; at the same look the larger Z is.
Armitage (1957), doi:10.1093/biomet/44.1-2.9; Fairbanks & Madsen (1982), doi:10.1093/biomet/69.1.69; Tsiatis, Rosner
& Mehta (1984), doi:10.2307/2531150. The ordering asks for no look after the last one made: it suits spending
functions and trials halted off plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from scipy.optimize import brentq

from analysis.domain.recursion import Walk, check_information


@dataclass(frozen=True, slots=True)
class Stagewise:
    """What a trial that has ended says, its looks allowed for.

    `p`: two-sided, or one-sided with one side. `estimate`: median-unbiased; `low`, `high`: interval of `level`, of
    which `high` is ∞ with one side; `naive`: the estimate without allowing for looks. All per unit of information.
    """

    p: float
    estimate: float
    low: float
    high: float
    level: float
    naive: float


def after_stop(
    information: Sequence[float],
    z: float,
    upper: Sequence[float],
    lower: Sequence[float] | None = None,
    sides: int = 2,
    level: float = 0.95,
) -> Stagewise:
    """p-value, median-unbiased estimate and confidence interval of a trial that ended at its k-th look with `z`.

    `information`: t₁ < … < tₖ at the looks made, the last the one at which it ended, by crossing or as planned. In
    fractions of the full information the estimates are drifts, the expectation of Z at information 1; with 1/SE² of
    the effect's estimate at each look they are effects. `upper`: boundaries at the looks before (more are ignored);
    `lower`: likewise, where None means −upper with two sides and none with one. A lower boundary that was planned
    but need not have been obeyed is best left out.

    With F(θ) = P_θ(outcome at least as extreme upwards) = Σⱼ P_θ(cross upper at j < k) + P_θ(reach k, Zₖ ≥ z):
    one-sided p = F(0), two-sided p = 2·min(F(0), 1 − F(0)); the estimate solves F(θ) = 1/2, the ends of the interval
    F = (1 − level)/2 and (1 + level)/2; with one side the lower end solves F = 1 − level. p is at most alpha exactly
    when the last boundary of an alpha-level design is reached. A stop at the first look gives the ordinary figures.

    Raises ValueError for too few boundaries, a `z` that is not finite, or an earlier look whose region is empty.

    >>> result = after_stop([0.4, 1.0], 2.2, upper=[3.3569])
    >>> round(result.p, 4), round(result.estimate, 3), round(result.low, 3), round(result.high, 3), result.naive
    (0.0282, 2.198, 0.236, 4.159, 2.2)
    """
    looks = check_information(information)
    highs = [float(u) for u in upper[: len(looks) - 1]]
    lows = _lower(highs, lower, sides)
    if len(highs) < len(looks) - 1 or not all(low < high for low, high in zip(lows, highs, strict=True)):
        raise ValueError("needs a boundary for each look before the last, and room between lower and upper")
    if not isfinite(z) or not 0 < level < 1:
        raise ValueError("needs a finite z, and a level between 0 and 1")
    up, down = _tails(looks, lows, highs, z, 0.0)
    tail = (1 - level) / sides
    return Stagewise(
        p=min(1.0, 2 * min(up, down)) if sides == 2 else up,
        estimate=_solve(looks, lows, highs, z, 0.5),
        low=_solve(looks, lows, highs, z, tail),
        high=_solve(looks, lows, highs, z, 1 - tail) if sides == 2 else inf,
        level=level,
        naive=z / sqrt(looks[-1]),
    )


def _lower(highs: list[float], lower: Sequence[float] | None, sides: int) -> list[float]:
    if sides not in (1, 2):
        raise ValueError(f"a test has one or two sides, found {sides}")
    if lower is not None:
        if len(lower) < len(highs):
            raise ValueError("needs a lower boundary for each look before the last")
        return [float(low) for low in lower[: len(highs)]]
    return [-high if sides == 2 else -inf for high in highs]


def _tails(
    looks: tuple[float, ...], lows: list[float], highs: list[float], z: float, drift: float
) -> tuple[float, float]:
    """Probability of an outcome at least as extreme upwards, and downwards."""
    walk, up, down = Walk(looks, drift), 0.0, 0.0
    for low, high in zip(lows, highs, strict=True):
        up, down = up + walk.above(high), down + walk.below(low)
        walk.proceed(low, high)
    return up + walk.above(z), down + walk.below(z)


def _solve(looks: tuple[float, ...], lows: list[float], highs: list[float], z: float, share: float) -> float:
    """The drift at which the outcome's upward tail has probability `share`; the tail grows with the drift."""

    def excess(drift: float) -> float:
        up, down = _tails(looks, lows, highs, z, drift)
        return up - share if up < down else 1 - down - share

    scale = 1 / sqrt(looks[0])
    low = high = z / sqrt(looks[-1])
    while excess(low) > 0:
        low -= scale
    while excess(high) < 0:
        high += scale
    return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-14)) if low < high else low
