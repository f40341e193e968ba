"""Group-sequential boundaries by recursive numerical integration.

Armitage, McPherson & Rowe (1969), doi:10.2307/2343787; Lan & DeMets (1983), doi:10.1093/biomet/70.3.659;
grid after Jennison & Turnbull (1999), Group Sequential Methods, chapter 19.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

Floats = NDArray[np.float64]
TAIL = 8.0


def boundary(spending: str, information: Sequence[float], alpha: float = 0.05, sides: int = 2) -> tuple[float, ...]:
    """Critical values of |Z| (two-sided) or Z (one-sided) at each look.

    `information`: increasing fractions of the full information at the looks made so far, at most 1. Spending
    functions need only those. Pocock, O'Brien–Fleming and Haybittle–Peto depend on the whole plan: for them
    the looks given are completed by a last one at 1. Two-sided alpha is spent as twice the one-sided function
    at alpha/2. Raises ValueError for fractions that do not increase within (0, 1], or an unknown name.

    >>> [round(z, 4) for z in boundary("lan_demets_obf", [0.4, 1.0])]
    [3.3569, 1.9623]
    """
    fractions = [float(f) for f in information]
    if not fractions or any(b <= a for a, b in zip([0.0, *fractions], fractions, strict=False)) or fractions[-1] > 1 + 1e-12:
        raise ValueError("information fractions must increase within (0, 1]")
    tail = alpha / sides
    if spending == "lan_demets_obf":
        return _spend(lambda t: 2 * norm.sf(norm.isf(tail / 2) / np.sqrt(t)), fractions, sides)
    if spending == "lan_demets_pocock":
        return _spend(lambda t: tail * np.log(1 + (np.e - 1) * t), fractions, sides)
    full = fractions if fractions[-1] >= 1 - 1e-12 else [*fractions, 1.0]
    shapes: dict[str, Callable[[float], Floats]] = {
        "pocock": lambda c: np.full(len(full), c),
        "obrien_fleming": lambda c: c / np.sqrt(np.array(full)),
        "haybittle_peto": lambda c: np.array([3.0] * (len(full) - 1) + [c]),
    }
    if spending not in shapes:
        raise ValueError(f"unknown boundary {spending!r}")
    shape = shapes[spending]
    constant = brentq(lambda c: _total(shape(c), full, sides) - tail, 0.5, 6.0, xtol=1e-10)
    return tuple(float(z) for z in shape(constant)[: len(fractions)])


def _grid(low: float, high: float) -> tuple[Floats, Floats]:
    """Gauss–Legendre panels: points and weights."""
    edges = np.linspace(low, high, 41)
    x, w = np.polynomial.legendre.leggauss(15)
    half = np.diff(edges) / 2
    points = ((edges[:-1] + edges[1:]) / 2)[:, None] + half[:, None] * x[None, :]
    return points.ravel(), (half[:, None] * w[None, :]).ravel()


class _Walk:
    """The density of the score process S = Z·√t among trials that have not stopped."""

    def __init__(self, sides: int) -> None:
        self.sides = sides
        self.at = 0.0
        self.points: Floats = np.array([0.0])
        self.mass: Floats = np.array([1.0])

    def crossing(self, t: float, z: float) -> float:
        """Probability under the null of first crossing the upper boundary `z` at information `t`."""
        deviation = np.sqrt(t - self.at)
        return float(np.sum(self.mass * norm.sf((z * np.sqrt(t) - self.points) / deviation)))

    def advance(self, t: float, z: float) -> None:
        high = z * np.sqrt(t)
        low = -high if self.sides == 2 else -TAIL * np.sqrt(t)
        points, weights = _grid(low, high)
        deviation = np.sqrt(t - self.at)
        density = norm.pdf((points[:, None] - self.points[None, :]) / deviation) / deviation
        self.mass = weights * (density @ self.mass)
        self.points, self.at = points, t


def _spend(function: Callable[[float], float], fractions: list[float], sides: int) -> tuple[float, ...]:
    walk, spent, found = _Walk(sides), 0.0, []
    for t in fractions:
        now = float(function(min(t, 1.0)))
        z = float(brentq(lambda c, t=t, step=now - spent: walk.crossing(t, c) - step, 0.0, 12.0, xtol=1e-11))
        walk.advance(t, z)
        spent = now
        found.append(z)
    return tuple(found)


def _total(boundaries: Floats, fractions: list[float], sides: int) -> float:
    walk, total = _Walk(sides), 0.0
    for t, z in zip(fractions, boundaries, strict=True):
        total += walk.crossing(t, float(z))
        walk.advance(t, float(z))
    return total
