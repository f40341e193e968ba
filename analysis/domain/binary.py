"""Paired binary outcomes of an AB/BA crossover trial: response, remission.

"test" and "reference" are the treatments; sequence AB gives test first, BA reference first. A participant with
the same outcome in both periods is a tie. Counts are whole numbers, at least 0; anything else is a ValueError.
"""

from dataclasses import dataclass
from math import comb, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, chi2, chi2_contingency, fisher_exact, norm
from scipy.stats.contingency import odds_ratio

from analysis.domain import checks
from analysis.domain.crossover import Rows, as_pairs
from analysis.domain.intervals import Interval

# Exact tests whose cost grows with the square of the participants and more hand over to their χ² above so many.
EXACT_UP_TO = 500


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A χ² statistic on one degree of freedom; None where it is 0/0."""

    statistic: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class PairedTable:
    """Participants by their outcome on both treatments."""

    both: int
    test_only: int
    reference_only: int
    neither: int

    def __post_init__(self) -> None:
        _counts(self.both, self.test_only, self.reference_only, self.neither)

    @property
    def n(self) -> int:
        """Participants with an outcome on both treatments."""
        return self.both + self.test_only + self.reference_only + self.neither


@dataclass(frozen=True, slots=True)
class Preferences:
    """Participants of each sequence whose outcome was good in (period 1 only, both or neither, period 2 only)."""

    ab: tuple[int, int, int]
    ba: tuple[int, int, int]

    def __post_init__(self) -> None:
        if (len(self.ab), len(self.ba)) != (3, 3):
            raise ValueError("needs three counts for each sequence")
        _counts(*self.ab, *self.ba)

    @property
    def zero_cells(self) -> tuple[str, ...]:
        """Which of the four discordant cells are empty: "ab_period1", "ab_period2", "ba_period1", "ba_period2".

        With any of them empty a logistic model of treatment and period has no finite estimate (the data are
        separated): Albert & Anderson (1984), doi:10.1093/biomet/71.1.1. Report the tests, not such a fit.
        """
        names = ("ab_period1", "ab_period2", "ba_period1", "ba_period2")
        cells = (self.ab[0], self.ab[2], self.ba[0], self.ba[2])
        return tuple(name for name, cell in zip(names, cells, strict=True) if cell == 0)


@dataclass(frozen=True, slots=True)
class MainlandGart:
    """`fisher_p`: exact, two-sided; None above EXACT_UP_TO discordant participants, where `pearson` takes its place.
    `odds`: of a good outcome, test against reference, at equal period effect."""

    fisher_p: float | None
    pearson: ChiSquare
    corrected: ChiSquare
    odds: Interval
    zero_cells: tuple[str, ...]

    @property
    def p(self) -> float | None:
        """The exact p, above EXACT_UP_TO the asymptotic one."""
        return self.pearson.p if self.fisher_p is None else self.fisher_p


@dataclass(frozen=True, slots=True)
class Prescott:
    """`exact_p`: two-sided, over all ways to deal the observed outcomes to the two sequences; None above EXACT_UP_TO
    participants, where `trend` takes its place."""

    exact_p: float | None
    trend: ChiSquare

    @property
    def p(self) -> float | None:
        """The exact p, above EXACT_UP_TO the asymptotic one."""
        return self.trend.p if self.exact_p is None else self.exact_p


def preferences(ab: Rows, ba: Rows) -> Preferences:
    """Count outcomes of shape (n, 2), period 1 and 2, True, False or None; incomplete participants are left out.

    >>> preferences([(True, False), (True, True), (True, None)], [(False, True)])
    Preferences(ab=(1, 1, 0), ba=(0, 0, 1))
    """
    counts = []
    for rows in (as_pairs(ab), as_pairs(ba)):
        complete = rows[~np.isnan(rows).any(axis=1)]
        if not np.isin(complete, (0.0, 1.0)).all():
            raise ValueError("outcomes must be True, False or None")
        sign = complete[:, 0] - complete[:, 1]
        counts.append((int((sign > 0).sum()), int((sign == 0).sum()), int((sign < 0).sum())))
    return Preferences(counts[0], counts[1])


def paired_table(ab: Rows, ba: Rows) -> PairedTable:
    """The same outcomes by treatment, whatever the order.

    >>> paired_table([(True, False), (True, True), (True, None)], [(False, True)])
    PairedTable(both=1, test_only=2, reference_only=0, neither=0)
    """
    order = preferences(ab, ba)
    rows = np.vstack([as_pairs(ab), as_pairs(ba)])
    both = int((rows == 1.0).all(axis=1).sum())
    return PairedTable(
        both, order.ab[0] + order.ba[2], order.ab[2] + order.ba[0], order.ab[1] + order.ba[1] - both
    )


def mcnemar_chi2(first: int, second: int, correct: bool = False) -> ChiSquare:
    """McNemar's χ² = (b − c)²/(b + c), or (max(|b − c| − 1, 0))²/(b + c) with `correct`.

    `first`, `second`: b and c, discordant pairs in favour of each side. Under the null hypothesis b ~
    Binomial(b + c, 1/2). Assumes independent participants and no period effect. Not for fewer than about 25
    discordant pairs: take `mcnemar_mid_p` or `mcnemar_exact`. Without a discordant pair statistic and p are None.
    McNemar (1947), doi:10.1007/BF02295996; Edwards (1948), doi:10.1007/BF02289261.

    >>> round(mcnemar_chi2(150, 86).statistic, 5), round(mcnemar_chi2(150, 86, correct=True).statistic, 5)
    (17.35593, 16.8178)
    """
    _counts(first, second)
    pairs = first + second
    if pairs == 0:
        return ChiSquare(None, None)
    distance = max(abs(first - second) - correct, 0)
    return _chi2(distance**2 / pairs)


def mcnemar_exact(first: int, second: int) -> float:
    """Two-sided exact p-value of McNemar's test.

    `first`, `second`: discordant pairs in favour of each side. Under the null hypothesis first ~
    Binomial(first + second, 1/2), so p = 2·P(X ≥ max), at most 1. Never above its level, often far below it. As
    many on both sides: p is 1; no discordant pair: p is 1. McNemar (1947), doi:10.1007/BF02295996.

    >>> round(mcnemar_exact(7, 0), 6)
    0.015625
    """
    _counts(first, second)
    pairs = first + second
    return float(binomtest(first, pairs).pvalue) if pairs else 1.0


def mcnemar_mid_p(first: int, second: int) -> float:
    """Mid-p of McNemar's exact test: p − P(X = first), and 1 − ½·P(X = first) when both sides have as many.

    Half of the probability of what was observed is left out; close to the level, now and then above it. No
    discordant pair: p is 1. Fagerland, Lydersen & Laake (2013), doi:10.1186/1471-2288-13-91.

    >>> round(mcnemar_mid_p(9, 1), 6), mcnemar_mid_p(7, 0)
    (0.011719, 0.0078125)
    """
    exact, pairs = mcnemar_exact(first, second), first + second
    if pairs == 0:
        return 1.0
    point = float(binom.pmf(first, pairs, 0.5))
    return 1 - point / 2 if first == second else exact - point


def mainland_gart(order: Preferences, level: float = 0.95) -> MainlandGart:
    """Compare treatments within the discordant participants, with the period taken into account.

    The 2 × 2 table of sequence by preferred period, ties left out: Fisher's exact test (two-sided by
    probability) and Pearson's χ² without and with Yates' correction. In Gart's model logit P(outcome) = μ_k +
    period + treatment, the table's odds ratio is the square of the treatment's, so `odds` is the square root of
    the conditional maximum-likelihood estimate and of its exact interval. With an empty cell the estimate, or
    a bound, is not finite: None. With an empty row or column Fisher's p is 1 and χ² None. Above EXACT_UP_TO discordant
    participants there is no exact figure: p is Pearson's, and `odds` the root of ad/bc with Woolf's interval,
    ln(ad/bc) ± z·√(1/a + 1/b + 1/c + 1/d): Woolf (1955), doi:10.1111/j.1469-1809.1955.tb01348.x.

    Assumes equal carry-over. Not for unpaired data; ties tell nothing here, see `prescott`. Mainland (1963),
    Elementary Medical Statistics; Gart (1969), doi:10.1093/biomet/56.1.75.

    >>> result = mainland_gart(Preferences(ab=(9, 3, 0), ba=(1, 5, 6)))
    >>> round(result.fisher_p, 6), result.odds.estimate, result.zero_cells
    (0.000874, None, ('ab_period2',))
    """
    checks.within(0, 1, level=level)
    table = np.array([[order.ab[0], order.ab[2]], [order.ba[0], order.ba[2]]])
    n = int(table.sum())
    margins = bool(table.sum(axis=0).all() and table.sum(axis=1).all())
    empty = Interval(None, None, None, level, n, "conditional exact")
    if not margins:
        return MainlandGart(1.0, ChiSquare(None, None), ChiSquare(None, None), empty, order.zero_cells)
    return MainlandGart(
        fisher_p=float(fisher_exact(table).pvalue) if n <= EXACT_UP_TO else None,
        pearson=_chi2(float(chi2_contingency(table, correction=False).statistic)),
        corrected=_chi2(float(chi2_contingency(table, correction=True).statistic)),
        odds=_exact_odds(table, level) if n <= EXACT_UP_TO else _woolf(table, level),
        zero_cells=order.zero_cells,
    )


def _exact_odds(table: NDArray[np.int64], level: float) -> Interval:
    fit = odds_ratio(table, kind="conditional")
    bounds = fit.confidence_interval(level)
    estimate, low, high = (_root(float(value)) for value in (fit.statistic, bounds.low, bounds.high))
    return Interval(None if 0 in table else estimate, low, high, level, int(table.sum()), "conditional exact")


def _woolf(table: NDArray[np.int64], level: float) -> Interval:
    n = int(table.sum())
    if 0 in table:
        return Interval(None, None, None, level, n, "Woolf")
    (a, b), (c, d) = table.astype(float)
    middle = log(a * d / (b * c))
    half = float(norm.isf((1 - level) / 2)) * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    estimate, low, high = (exp(value / 2) for value in (middle, middle - half, middle + half))
    return Interval(estimate, low, high, level, n, "Woolf")


def prescott(order: Preferences) -> Prescott:
    """Compare treatments with ties counted: score +1, 0, −1 for period 1 only, tie, period 2 only.

    T = sum of the scores in AB. Exact: p = P(|T − E T| ≥ observed) over all C(N, n_AB) ways to deal the N
    scores to the sequences, by whole numbers. χ²: the Cochran–Armitage test for trend, (T − E T)²/(n_AB·n_BA·s²/N)
    with s² the variance of the scores over N. One sequence empty, or all scores equal: exact p is 1, χ² None. Above
    EXACT_UP_TO participants there is no exact p: the deals are too many, and χ²'s is as good.

    Assumes randomised sequences and equal carry-over. Finer p-values than `mainland_gart`'s, for the ties were
    dealt to the sequences too. Prescott (1981), doi:10.2307/2346652; Armitage (1955), doi:10.2307/3001775.

    >>> round(prescott(Preferences(ab=(4, 2, 0), ba=(0, 3, 3))).exact_p, 5)
    0.02165
    """
    plus, ties, minus = (a + b for a, b in zip(order.ab, order.ba, strict=True))
    n_ab, n = sum(order.ab), plus + ties + minus
    spread = (plus + minus) * n - (plus - minus) ** 2
    if n_ab in (0, n) or spread == 0:
        return Prescott(1.0, ChiSquare(None, None))
    expected = n_ab * (plus - minus)
    observed = abs(n * (order.ab[0] - order.ab[2]) - expected)
    trend = _chi2(observed**2 * n / (n_ab * (n - n_ab) * spread))
    if n > EXACT_UP_TO:
        return Prescott(None, trend)
    ways = sum(
        comb(plus, a) * comb(minus, c) * comb(ties, n_ab - a - c)
        for a in range(min(plus, n_ab) + 1)
        for c in range(min(minus, n_ab - a) + 1)
        if abs(n * (a - c) - expected) >= observed
    )
    return Prescott(ways / comb(n, n_ab), trend)


def _chi2(statistic: float) -> ChiSquare:
    return ChiSquare(statistic, float(chi2.sf(statistic, 1)))


def _root(value: float) -> float | None:
    return sqrt(value) if np.isfinite(value) else None


def _counts(*counts: int) -> None:
    for count in counts:
        checks.whole(count=count)
