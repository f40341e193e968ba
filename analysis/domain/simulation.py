"""What a design does in the long run: type I error, power, and when and why it stops, by simulation.

Each figure comes with its Monte Carlo error: √(p(1 − p)/N) of a share, s/√N of a mean. Trials are drawn in blocks of
one size, block k from the stream `numpy.random.SeedSequence(seed, spawn_key=(…, k))`, so that the result depends on seed
and number of trials alone, not on how many processes share the blocks, or in which order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.domain import checks
from analysis.domain.paired import cells
from analysis.domain.recursion import check_information

BLOCK = 50_000
# z of a p that no number can hold, as analysis/monitoring/interim.py has it.
SMALLEST = 5e-324
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
# Participants up to which each p is computed once, as a table of all counts, and not for each trial.
TABLE_UP_TO = 500


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of trials, or a mean over them, with its Monte Carlo standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What ends a trial at a look: one entry a look in each tuple, and an empty tuple for no such rule.

    `upper`: z of the efficacy boundary, of |z| with two sides. `futile`: z below which the look says futility, None
    where it never does; of |z| with two sides, but of z·`direction` where that is 1 or −1. `harmful`: participants
    with an event that stop the trial, None where no number does. Where several apply, safety comes before efficacy,
    and efficacy before futility. The last look ends all that are left.
    """

    upper: tuple[float, ...]
    sides: int = 2
    futile: tuple[float | None, ...] = ()
    direction: int = 0
    harmful: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        checks.one_of("sides", self.sides, (1, 2))
        checks.one_of("direction", self.direction, (-1, 0, 1))
        for z in (*self.upper, *(limit for limit in self.futile if limit is not None)):
            checks.finite(z=z)
        if any(limits and len(limits) != len(self.upper) for limits in (self.futile, self.harmful)):
            raise ValueError("as many limits as boundaries")


class Model(Protocol):
    """Trials of the future. `at`: where the looks are, in completers or information."""

    @property
    def at(self) -> Sequence[float]: ...

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """z at each look, n × looks."""
        ...


@dataclass(frozen=True, slots=True)
class Normal:
    """Score statistics: Z(t)√t is a Brownian motion with `drift` = E[Z(1)]; `at`: information at the looks."""

    at: tuple[float, ...]
    drift: float

    def __post_init__(self) -> None:
        check_information(self.at)
        checks.finite(drift=self.drift)

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        steps = np.diff(np.asarray(self.at), prepend=0.0)
        path = rng.standard_normal((n, len(steps))) * np.sqrt(steps) + self.drift * steps
        z: Floats = np.cumsum(path, axis=1) / np.sqrt(np.asarray(self.at))
        return z


@dataclass(frozen=True, slots=True)
class Paired:
    """Paired binary responses; z = ±Φ⁻¹(1 − p/2) of McNemar's exact test, with the sign of the difference.

    `completers`: cumulative number at each look; `responses`, `correlation`: as in `paired.cells`. McNemar (1947),
    doi:10.1007/BF02295996. Participants are independent; there is no period effect and no carry-over.
    """

    completers: tuple[int, ...]
    responses: tuple[float, float]
    correlation: float = 0.0
    _z: Floats | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        cells(self.responses, self.correlation)
        _increasing(self.completers)
        most = max(self.completers)
        table = _mcnemar_z(*np.indices((most + 1, most + 1))) if most <= TABLE_UP_TO else None
        object.__setattr__(self, "_z", table)

    @property
    def at(self) -> tuple[float, ...]:
        return tuple(float(n) for n in self.completers)

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        shares = np.clip(cells(self.responses, self.correlation), 0, 1)
        counts, statistics = np.zeros((n, 4), dtype=np.int64), []
        for size in np.diff(np.asarray(self.completers), prepend=0):
            counts = counts + rng.multinomial(size, shares, size=n)
            b, c = counts[:, 0], counts[:, 1]
            statistics.append(_mcnemar_z(b, c) if self._z is None else self._z[b, c])
        return np.column_stack(statistics)


@dataclass(frozen=True, slots=True)
class Events:
    """Each participant has an event with probability `rate`, whatever the treatments do; `treated` at each look."""

    treated: tuple[int, ...]
    rate: float

    def __post_init__(self) -> None:
        checks.share(rate=self.rate)
        _increasing(self.treated)

    def draw(self, n: int, rng: np.random.Generator) -> Counts:
        new = np.diff(np.asarray(self.treated), prepend=0)
        return np.cumsum(rng.binomial(new, self.rate, size=(n, len(new))), axis=1)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of some trials, which add up: those that reach the efficacy boundary at any look (whatever else would
    have stopped them before), and at each look those that end there for efficacy, futility and safety."""

    trials: int
    crossing: int
    efficacy: tuple[int, ...]
    futility: tuple[int, ...]
    safety: tuple[int, ...]

    def __add__(self, other: "Tally") -> "Tally":
        def sums(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(x + y for x, y in zip(a, b, strict=True))

        return Tally(
            self.trials + other.trials,
            self.crossing + other.crossing,
            sums(self.efficacy, other.efficacy),
            sums(self.futility, other.futility),
            sums(self.safety, other.safety),
        )


@dataclass(frozen=True, slots=True)
class Characteristics:
    """Shares of all trials. `crossing`: reach the efficacy boundary at any look, were it the only rule: type I error
    without effect, power with it. `success`: end for efficacy, all rules obeyed. `efficacy`, `futility`, `safety`:
    end for that at each look. `stopped`: end at each look; the last one ends all that are left. `expected`: mean of
    `at` at which trials end."""

    trials: int
    crossing: Estimate
    success: Estimate
    efficacy: tuple[Estimate, ...]
    futility: tuple[Estimate, ...]
    safety: tuple[Estimate, ...]
    stopped: tuple[Estimate, ...]
    expected: Estimate


def run(
    model: Model, rules: Rules, *, trials: int, seed: int, events: Events | None = None
) -> Characteristics:
    """All blocks in this process, added up. Raises ValueError for less than one trial.

    >>> design = Normal((0.4, 1.0), drift=0.0)
    >>> found = run(design, Rules((3.3569, 1.9623), futile=(0.25, None)), trials=100_000, seed=1)
    >>> found.success.value < found.crossing.value, found.futility[0].value > 0.1
    (True, True)
    """
    tallies = [block(model, rules, n, (k,), seed, events) for k, n in enumerate(sizes(trials))]
    return characteristics(total(tallies), model.at)


def sizes(trials: int) -> list[int]:
    """Trials of each block: full ones and the rest. Raises ValueError for less than one trial.

    >>> sizes(120_000)
    [50000, 50000, 20000]
    """
    checks.whole(trials=trials)
    if trials < 1:
        raise ValueError("at least one trial")
    return [BLOCK] * (trials // BLOCK) + ([trials % BLOCK] if trials % BLOCK else [])


def block(
    model: Model, rules: Rules, n: int, key: tuple[int, ...], seed: int, events: Events | None = None
) -> Tally:
    """`n` trials of the stream that `seed` and `key` name, whoever draws it.

    >>> block(Normal((1.0,), 0.0), Rules((9.0,)), 100, (0,), 1)
    Tally(trials=100, crossing=0, efficacy=(0,), futility=(0,), safety=(0,))
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    z = model.draw(n, rng)
    crosses = (np.abs(z) if rules.sides == 2 else z) >= np.asarray(rules.upper)
    futile, harmful = np.zeros_like(crosses), np.zeros_like(crosses)
    if rules.futile:
        here = z * rules.direction if rules.direction else np.abs(z) if rules.sides == 2 else z
        futile = here < np.array([-np.inf if limit is None else limit for limit in rules.futile])
    if rules.harmful and events:
        stops = np.array([np.inf if limit is None else limit for limit in rules.harmful])
        harmful = events.draw(n, rng) >= stops
    return _tally(crosses, futile, harmful)


def total(tallies: Sequence[Tally]) -> Tally:
    """All of them added up.

    >>> total([Tally(2, 1, (1,), (0,), (0,)), Tally(3, 0, (0,), (0,), (0,))]).trials
    5
    """
    whole = tallies[0]
    for tally in tallies[1:]:
        whole = whole + tally
    return whole


def characteristics(tally: Tally, at: Sequence[float]) -> Characteristics:
    """Counts as shares with their errors; `at`: where the looks are.

    >>> characteristics(Tally(100, 20, (10, 10), (0, 0), (0, 0)), [12, 30]).crossing
    Estimate(value=0.2, error=0.04)
    """
    n = tally.trials
    early = [sum(reasons) for reasons in zip(tally.efficacy, tally.futility, tally.safety, strict=True)][:-1]
    ended = [*early, n - sum(early)]
    mean = sum(count * where for count, where in zip(ended, at, strict=True)) / n
    spread = sum(count * (where - mean) ** 2 for count, where in zip(ended, at, strict=True)) / n
    return Characteristics(
        trials=n,
        crossing=_share(tally.crossing, n),
        success=_share(sum(tally.efficacy), n),
        efficacy=tuple(_share(count, n) for count in tally.efficacy),
        futility=tuple(_share(count, n) for count in tally.futility),
        safety=tuple(_share(count, n) for count in tally.safety),
        stopped=tuple(_share(count, n) for count in ended),
        expected=Estimate(float(mean), sqrt(spread / n)),
    )


def _increasing(counts: Sequence[int]) -> None:
    """Whole numbers that grow from look to look, from 1 on."""
    for count in counts:
        checks.whole(count=count)
    if not counts or any(high <= low for low, high in pairwise((0, *counts))):
        raise ValueError(f"the numbers at the looks must increase from 1 on, found {list(counts)}")


def _share(count: int, n: int) -> Estimate:
    share = count / n
    return Estimate(share, sqrt(share * (1 - share) / n))


def _mcnemar_z(b: Counts, c: Counts) -> Floats:
    """z by the discordant counts (b, c): Φ⁻¹(1 − p/2) of p = 2·P(X ≤ min(b, c)), X binomial(b + c, ½), at most 1."""
    half = np.minimum(stats.binom.cdf(np.minimum(b, c), b + c, 0.5), 0.5)
    z: Floats = stats.norm.isf(np.maximum(half, SMALLEST)) * np.where(b >= c, 1, -1)
    return z


def _tally(crosses: Flags, futile: Flags, harmful: Flags) -> Tally:
    """Rows are trials, columns looks: where each ends, and why."""
    stops = crosses | futile | harmful
    here = np.zeros_like(stops)
    ends = stops.any(axis=1)
    here[np.flatnonzero(ends), stops.argmax(axis=1)[ends]] = True

    def counts(reason: Flags) -> tuple[int, ...]:
        return tuple(int(count) for count in (here & reason).sum(axis=0))

    return Tally(
        trials=len(crosses),
        crossing=int(crosses.any(axis=1).sum()),
        efficacy=counts(crosses & ~harmful),
        futility=counts(futile & ~crosses & ~harmful),
        safety=counts(harmful),
    )
