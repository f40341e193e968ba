"""What a design does in the long run: type I error, power and when it stops, by simulation.

Each figure comes with its Monte Carlo error √(p(1 − p)/N). Trials are drawn in blocks of one size from streams that
`numpy.random.SeedSequence(seed).spawn` makes, one a block, so that the result depends on seed and number of trials
alone, not on how many processes share the blocks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

BLOCK = 50_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frequency:
    """A share of trials with its Monte Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Characteristics:
    """`crossing`: share of trials that cross at any look; `stopped`: share that end at each look (the last one ends
    all that are left); `expected`: mean of `at` at which trials end, in the unit of the looks."""

    trials: int
    crossing: Frequency
    stopped: tuple[Frequency, ...]
    expected: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one block: trials, trials that crossed first at each look. Tallies of blocks add up."""

    trials: int
    crossed: tuple[int, ...]

    def __add__(self, other: "Tally") -> "Tally":
        crossed = tuple(a + b for a, b in zip(self.crossed, other.crossed, strict=True))
        return Tally(self.trials + other.trials, crossed)


def simulate(
    information: Sequence[float],
    boundary: Sequence[float],
    *,
    drift: float,
    trials: int,
    seed: int,
    sides: int = 2,
) -> Characteristics:
    """Score statistics: Z(t)√t is a Brownian motion with `drift` = E[Z(1)]; `boundary` holds critical z.

    Raises ValueError for looks and boundaries of different number, or sides other than 1 and 2.

    >>> found = simulate([1.0], [1.959964], drift=3.2415, trials=100_000, seed=7)
    >>> abs(found.crossing.value - 0.9) < 4 * found.crossing.error
    True
    """
    looks = np.asarray(information, dtype=float)
    limits = np.asarray(boundary, dtype=float)
    if looks.shape != limits.shape or sides not in (1, 2):
        raise ValueError("as many boundaries as looks, and one or two sides")

    def block(n: int, rng: np.random.Generator) -> Tally:
        steps = np.diff(looks, prepend=0.0)
        path = np.cumsum(rng.standard_normal((n, len(looks))) * np.sqrt(steps) + drift * steps, axis=1)
        z = path / np.sqrt(looks)
        return _tally((np.abs(z) if sides == 2 else z) >= limits)

    return _characteristics(_run(block, trials, seed), information)


def simulate_paired(
    completers: Sequence[int],
    levels: Sequence[float],
    *,
    responses: tuple[float, float],
    correlation: float = 0.0,
    trials: int,
    seed: int,
) -> Characteristics:
    """Paired binary responses, tested at each look by the exact two-sided McNemar test: crossing when p ≤ its level.

    `completers`: cumulative number at each look; `levels`: two-sided significance level at each look (2 − 2Φ(boundary));
    `responses`: probability of response on either treatment; `correlation`: of a participant's two responses, within
    what the two probabilities allow. McNemar (1947), doi:10.1007/BF02295996. Participants are independent; there is no
    period effect and no carry-over. Raises ValueError where the joint probabilities would be negative.

    >>> found = simulate_paired([12, 30], [0.0008, 0.0497], responses=(0.6, 0.1), trials=20_000, seed=3)
    >>> found.crossing.value > 0.9
    True
    """
    both = responses[0] * responses[1] + correlation * sqrt(
        responses[0] * (1 - responses[0]) * responses[1] * (1 - responses[1])
    )
    cells = np.array([responses[0] - both, responses[1] - both, both, 1 - sum(responses) + both])
    if (cells < -1e-12).any():
        raise ValueError(f"responses {responses} do not allow a correlation of {correlation}")
    critical = _mcnemar_table(max(completers))
    new = np.diff(np.asarray(completers), prepend=0)

    def block(n: int, rng: np.random.Generator) -> Tally:
        counts = np.zeros((n, 4), dtype=np.int64)
        crosses = []
        for size, level in zip(new, levels, strict=True):
            counts = counts + rng.multinomial(size, np.clip(cells, 0, 1), size=n)
            crosses.append(critical[counts[:, 0], counts[:, 1]] <= level)
        return _tally(np.column_stack(crosses))

    return _characteristics(_run(block, trials, seed), [float(n) for n in completers])


def _mcnemar_table(largest: int) -> Floats:
    """Exact two-sided p by the discordant counts (b, c): 2·P(X ≤ min(b, c)), X binomial(b + c, ½), at most 1."""
    b, c = np.indices((largest + 1, largest + 1))
    p: Floats = 2 * stats.binom.cdf(np.minimum(b, c), b + c, 0.5)
    return np.minimum(p, 1.0)


def _tally(crosses: NDArray[np.bool_]) -> Tally:
    """Rows are trials, columns looks: count where each trial crosses first."""
    first = np.where(crosses.any(axis=1), crosses.argmax(axis=1), crosses.shape[1])
    counts = np.bincount(first, minlength=crosses.shape[1] + 1)
    return Tally(len(crosses), tuple(int(count) for count in counts[:-1]))


def _run(block: Callable[[int, np.random.Generator], Tally], trials: int, seed: int) -> Tally:
    """All blocks, added up."""
    if trials < 1:
        raise ValueError("at least one trial")
    sizes = [BLOCK] * (trials // BLOCK) + ([trials % BLOCK] if trials % BLOCK else [])
    streams = np.random.SeedSequence(seed).spawn(len(sizes))
    tallies = [block(n, np.random.default_rng(stream)) for n, stream in zip(sizes, streams, strict=True)]
    whole = tallies[0]
    for tally in tallies[1:]:
        whole = whole + tally
    return whole


def _characteristics(tally: Tally, at: Sequence[float]) -> Characteristics:
    n = tally.trials
    crossed = sum(tally.crossed)
    ended = [*tally.crossed[:-1], n - sum(tally.crossed[:-1])]
    return Characteristics(
        trials=n,
        crossing=_frequency(crossed, n),
        stopped=tuple(_frequency(count, n) for count in ended),
        expected=float(sum(count * where for count, where in zip(ended, at, strict=True)) / n),
    )


def _frequency(count: int, n: int) -> Frequency:
    share = count / n
    return Frequency(share, sqrt(share * (1 - share) / n))
