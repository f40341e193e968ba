"""The chance that is left: conditional power of the planned boundary after a look. Unblinded.

Given Z(t) = z, what is still to come is a process of its own: with W(u − t) = (Z(u)√u − z√t)/√(u − t), information
u − t and the same drift θ, and the boundary b at u becomes (b√u − z√t)/√(u − t). Lan & Wittes (1988),
doi:10.2307/2531870; Jennison & Turnbull (1999), chapter 10.
"""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Any

from analysis.domain import sequential
from analysis.domain.recursion import exit_probabilities
from enrollment.domain.protocol import StoppingRule

STEPS = 24


def conditional_power(
    z: float, t: float, ahead: Sequence[float], boundaries: Sequence[float], drift: float
) -> float:
    """P(cross upwards at a later look | Z(t) = z). `ahead`: information at those looks, `drift`: E[Z] at 1.

    >>> [round(conditional_power(1, 0.5, [1], [1.959964], drift), 6) for drift in (2**0.5, 0)]
    [0.220114, 0.038213]
    """
    later = [u - t for u in ahead]
    upper = [(b * sqrt(u) - z * sqrt(t)) / sqrt(u - t) for b, u in zip(boundaries, ahead, strict=True)]
    exits = exit_probabilities(later, [-inf] * len(later), upper, drift)
    return float(sum(exits.upper))


def curve(rule: StoppingRule, look: int, made: Sequence[float], z: float) -> dict[str, Any] | None:
    """Conditional power in the direction of `z` over assumed drifts; None after the last look.

    `made`: information at the looks up to `look`. `points`: [drift, power]; `null` and `trend` at no effect and at
    the effect seen so far, drift |z|/√t.
    """
    final = rule.looks[-1].completers
    ahead = [
        one.completers / final
        for one in rule.looks
        if one.number > look and one.completers / final > made[-1]
    ]
    if not ahead:
        return None
    planned = [one.completers / final for one in rule.looks]
    values = sequential.boundary(rule.spending, [*made, *ahead], rule.alpha, rule.sides, planned=planned)
    here, t = abs(z) if rule.sides == 2 else z, made[-1]
    trend = here / sqrt(t)
    highest = max(5.0, trend * 1.25)

    def power(drift: float) -> float:
        return conditional_power(here, t, ahead, values[len(made) :], drift)

    return {
        "points": [[highest * k / STEPS, power(highest * k / STEPS)] for k in range(STEPS + 1)],
        "null": power(0.0),
        "trend": [trend, power(trend)],
    }
