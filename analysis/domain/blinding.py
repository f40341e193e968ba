"""Whether a blind held: indices of what people guess that their treatment was.

`Guesses` are counts of people who were asked: what was guessed is one of the arms, or "do not know". Both indices are of two
arms; a trial with more is looked at two arms at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.stats import norm

from analysis.domain import checks
from analysis.domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class Guesses:
    """Of one arm: how many guessed it, guessed the other arm, and did not know."""

    right: int
    wrong: int
    unknown: int

    def __post_init__(self) -> None:
        checks.whole(right=self.right, wrong=self.wrong, unknown=self.unknown)

    @property
    def n(self) -> int:
        """How many were asked."""
        return self.right + self.wrong + self.unknown


def bang(guesses: Guesses, level: float = 0.95) -> Interval | None:
    """Bang's blinding index of one arm, with its two-sided Wald interval at `level`; None where nobody was asked.

    With the shares r of right and w of wrong guesses among all n asked, "do not know" included,

        BI = r − w,    Var = (r(1 − r) + w(1 − w) + 2rw) / n.

    1: everybody guessed right; 0: as by chance, blinded; −1: everybody guessed the other arm. An interval of 0 width comes
    of guesses that are all alike, and says nothing.

    Bang, Ni & Davis (2004), Control Clin Trials 25:143–156, doi:10.1016/j.cct.2003.10.016. Raises ValueError for a level
    outside 0 and 1.

    >>> index = bang(Guesses(right=82, wrong=25, unknown=170))
    >>> round(index.estimate, 3), round(index.low, 3), round(index.high, 3)
    (0.206, 0.137, 0.275)
    """
    checks.within(0, 1, level=level)
    if not guesses.n:
        return None
    right, wrong = guesses.right / guesses.n, guesses.wrong / guesses.n
    variance = (right * (1 - right) + wrong * (1 - wrong) + 2 * right * wrong) / guesses.n
    return _interval(right - wrong, variance, level, guesses.n)


def james(first: Guesses, second: Guesses, level: float = 0.95) -> Interval | None:
    """James' blinding index of two arms together, with its two-sided Wald interval at `level`; None where it is 0/0: nobody
    was asked, or everybody who guessed guessed one arm and had it.

    A kappa of disagreement with weights w: 0 for a right guess, 1/2 for a wrong one. With p of guess i in arm j, the share
    d of "do not know", the margins g of guesses and a of arms, the latter without those who do not know,

        D_o = Σ w p / (1 − d),   D_e = Σ w g a / (1 − d)²,   κ = D_o / D_e − 1,   BI = (1 + d + (1 − d) κ) / 2.

    1: nobody knows; 1/2: guesses as by chance; 0: everybody guessed right. All "do not know": 1, with no width. The variance
    is the delta method's of the same paper.

    James, Bloch, Lee, Kraemer & Fuller (1996), Stat Med 15:1421–1434,
    doi:10.1002/(SICI)1097-0258(19960715)15:13<1421::AID-SIM266>3.0.CO;2-H. Raises ValueError for a level outside 0 and 1.

    >>> index = james(Guesses(82, 25, 170), Guesses(29, 27, 83))
    >>> round(index.estimate, 3), round(index.low, 3), round(index.high, 3)
    (0.748, 0.705, 0.791)
    """
    checks.within(0, 1, level=level)
    n = first.n + second.n
    if not n:
        return None
    unknown = (first.unknown + second.unknown) / n
    if unknown == 1:
        return _interval(1.0, 0.0, level, n)
    # Rows: what was guessed; columns: the arm.
    cells = [[first.right / n, second.wrong / n], [first.wrong / n, second.right / n]]
    kappa = _kappa(cells, 1 - unknown)
    if kappa is None:
        return None
    variance = (_cells_variance(cells, 1 - unknown, kappa) + _unknown_variance(unknown, kappa)) / n
    return _interval((1 + unknown + (1 - unknown) * kappa) / 2, variance, level, n)


WEIGHTS = ((0.0, 0.5), (0.5, 0.0))


def _margins(cells: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Of guesses and of arms."""
    return [sum(row) for row in cells], [sum(column) for column in zip(*cells, strict=True)]


def _expected(cells: Sequence[Sequence[float]]) -> float:
    guessed, had = _margins(cells)
    return sum(WEIGHTS[i][j] * guessed[i] * had[j] for i in (0, 1) for j in (0, 1))


def _kappa(cells: Sequence[Sequence[float]], known: float) -> float | None:
    observed = sum(WEIGHTS[i][j] * cells[i][j] for i in (0, 1) for j in (0, 1)) / known
    expected = _expected(cells) / known**2
    return observed / expected - 1 if expected else None


def _cells_variance(cells: Sequence[Sequence[float]], known: float, kappa: float) -> float:
    """What the guesses bring, times n."""
    guessed, had = _margins(cells)
    total = 0.0
    for i in (0, 1):
        for j in (0, 1):
            leverage = sum(WEIGHTS[k][j] * guessed[k] + WEIGHTS[i][k] * had[k] for k in (0, 1))
            total += cells[i][j] * known**2 * (known * WEIGHTS[i][j] - (1 + kappa) * leverage) ** 2
    return total / (4 * _expected(cells) ** 2)


def _unknown_variance(unknown: float, kappa: float) -> float:
    """What those who do not know bring, times n."""
    known = 1 - unknown
    return unknown * known - known * (1 + kappa) * (unknown + known * (1 + kappa) / 4)


def _interval(estimate: float, variance: float, level: float, n: int) -> Interval:
    half = float(norm.ppf((1 + level) / 2)) * sqrt(max(variance, 0.0))
    return Interval(estimate, estimate - half, estimate + half, level, n, "wald")
