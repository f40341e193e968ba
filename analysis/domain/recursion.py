"""First exits of a score process from a continuation region, by recursive numerical integration.

The score S(t) = Z(t)·√t has independent normal increments: S(t) − S(s) ~ N(θ(t − s), t − s). t is the statistical
information at a look, in any unit, and θ the effect per that unit: with t as a fraction of the full information θ
is the drift, the expectation of Z at t = 1; with t = 1/SE² it is the effect itself. The density f of S among trials
that go on follows the recursion

    f₁(s) = φ(s; θt₁, t₁),   fₖ(s) = ∫ fₖ₋₁(r) φ(s − r; θ(tₖ − tₖ₋₁), tₖ − tₖ₋₁) dr over (lₖ₋₁√tₖ₋₁, uₖ₋₁√tₖ₋₁)

of Armitage, McPherson & Rowe (1969), doi:10.2307/2343787. The published grid (Jennison & Turnbull 1999,
doi:10.1201/9780367805326, section 19.2) is laid for looks that lie well apart. Here Gauss–Legendre panels follow the
shorter of the two steps around a look, so that looks close to each other keep the same accuracy; the two are
compared in the tests.

Assumes increments that are independent and normal: score, Wald and log-rank statistics in large samples. An exact
test of few participants has fewer chances to cross than these probabilities say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isnan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from analysis.domain import checks

Floats = NDArray[np.float64]

# Beyond nine standard deviations a normal variable is found with probability 2e-19.
REACH = 9.0
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
PANEL = 2.0
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Exits:
    """Probability of first crossing the upper and the lower boundary at each look."""

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]

    @property
    def crossing(self) -> float:
        """Probability of crossing either boundary at any look."""
        return sum(self.upper) + sum(self.lower)

    @property
    def expected_information(self) -> float:
        """Mean information when the trial ends: at its crossing, or at the last look."""
        early = [up + down for up, down in zip(self.upper[:-1], self.lower[:-1], strict=True)]
        stopped = sum(share * t for share, t in zip(early, self.information[:-1], strict=True))
        return stopped + (1 - sum(early)) * self.information[-1]


def check_information(information: Sequence[float]) -> tuple[float, ...]:
    """The looks' information as floats. Raises ValueError unless positive and increasing by a millionth or more.

    >>> check_information([0.4, 1])
    (0.4, 1.0)
    """
    looks = tuple(float(t) for t in information)
    if not looks or not all(b > a and b - a >= 1e-6 * b for a, b in pairwise((0.0, *looks))):
        raise ValueError(f"information must be positive and increase from look to look, found {list(looks)}")
    if not looks[-1] < float("inf"):
        raise ValueError("information must be finite")
    return looks


class Walk:
    """The process at the next of its looks, among trials that have not stopped; `start` is (information, score)."""

    def __init__(
        self, information: Sequence[float], drift: float = 0.0, start: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self._times = (start[0], *information)
        self._start = start
        self._drift = drift
        self._look = 1
        self._points: Floats = np.array([start[1]])
        self._mass: Floats = np.array([1.0])

    def above(self, z: float) -> float:
        """Probability of reaching the next look with Z ≥ z there."""
        return float(self._mass @ ndtr(self._scaled(z)))

    def below(self, z: float) -> float:
        """Probability of reaching the next look with Z ≤ z there."""
        return float(self._mass @ ndtr(-self._scaled(z)))

    def proceed(self, low: float, high: float) -> None:
        """Pass the next look: trials with low < Z < high there go on."""
        before, now, after = self._times[self._look - 1 : self._look + 2]
        step = sqrt(now - before)
        centre = self._start[1] + self._drift * (now - self._start[0])
        reach = REACH * sqrt(now - self._start[0])
        left, right = max(low * sqrt(now), centre - reach), min(high * sqrt(now), centre + reach)
        if left < right:
            points, weights = _panels(left, right, PANEL * min(step, sqrt(after - now)))
            self._mass = weights * self._density(points, step, self._drift * (now - before))
        else:
            points, self._mass = np.empty(0), np.empty(0)
        self._points = points
        self._look += 1

    def _scaled(self, z: float) -> Floats:
        before, now = self._times[self._look - 1 : self._look + 1]
        mean = self._points + self._drift * (now - before)
        return np.asarray((mean - z * sqrt(now)) / sqrt(now - before))

    def _density(self, points: Floats, step: float, shift: float) -> Floats:
        """∫ f(r) φ(points − r) dr, block by block: where steps are short only near points weigh in."""
        density = np.empty_like(points)
        for first in range(0, len(points), BLOCK):
            block = points[first : first + BLOCK] - shift
            start = np.searchsorted(self._points, block[0] - REACH * step)
            stop = np.searchsorted(self._points, block[-1] + REACH * step)
            distance = (block[:, None] - self._points[None, start:stop]) / step
            density[first : first + BLOCK] = np.exp(-0.5 * distance**2) @ self._mass[start:stop]
        return density / (step * sqrt(2 * np.pi))


def _panels(left: float, right: float, width: float) -> tuple[Floats, Floats]:
    """Points and weights of a Gauss–Legendre rule on equal panels not wider than `width`."""
    edges = np.linspace(left, right, ceil((right - left) / width) + 1)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1] + edges[1:])[:, None] / 2
    return (middle + half * NODES).ravel(), (half * WEIGHTS).ravel()


def exit_probabilities(
    information: Sequence[float], lower: Sequence[float], upper: Sequence[float], drift: float = 0.0
) -> Exits:
    """Probability of first leaving lₖ < Zₖ < uₖ by either side, at each look.

    `information`: t₁ < … < tₖ, in any unit. `lower`, `upper`: critical values of Z at the same looks; −∞ and ∞ stand
    for no boundary. `drift`: θ, with E[Z(t)] = θ√t. Where lₖ ≥ uₖ every trial stops, and one at or above uₖ counts
    as upper. Absolute error below 1e-12. Assumptions and source: this module's head. Raises ValueError for
    sequences of different length, or information that does not increase.

    >>> exits = exit_probabilities([0.4, 1.0], [-3.3569, -1.9623], [3.3569, 1.9623])
    >>> [round(p, 6) for p in exits.upper], round(exits.crossing, 4)
    ([0.000394, 0.024604], 0.05)
    """
    looks = check_information(information)
    if not len(looks) == len(lower) == len(upper):
        raise ValueError("needs one lower and one upper boundary for each look")
    if any(isnan(z) for z in (*lower, *upper)):
        raise ValueError("boundaries must be numbers")
    checks.finite(drift=drift)
    walk, ups, downs = Walk(looks, drift), [], []
    for look, (low, high) in enumerate(zip(lower, upper, strict=True), start=1):
        ups.append(walk.above(high))
        downs.append(walk.below(min(low, high)))
        if look < len(looks):
            walk.proceed(low, high)
    return Exits(looks, tuple(ups), tuple(downs))
