"""Continuous outcomes of an AB/BA crossover trial: the contrasts of Hills & Armitage.

Hills & Armitage (1979), Br J Clin Pharmacol 8:7–20, doi:10.1111/j.1365-2125.1979.tb05903.x.

Model, for participant k of sequence i in period j: y_ijk = μ + π_j + τ_d(i,j) + λ_d(i,j−1) + ξ_ik + ε_ijk, with
period effects π, treatment effects τ, carry-over λ (second period only), participant effects ξ and independent
errors ε. "test" and "reference" are the treatments; sequence AB gives test first, BA reference first. Every
treatment contrast is test − reference, every period contrast period 1 − period 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student_t

from analysis.domain import checks

Floats = NDArray[np.float64]
Rows = ArrayLike | Sequence[Sequence[float | None]]
Gap = Literal["sequence_empty", "too_few", "no_variation", "collinear"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """An estimate with its standard error, degrees of freedom, t, two-sided p and interval at `level`.

    What the data do not determine is None, and `gap` says why: "sequence_empty" (one sequence has nobody, so
    treatment and period are one), "too_few" (no degrees of freedom for an error), "no_variation" (the error
    variance is zero: no t, no p, no interval), "collinear" (the effects cannot be told apart).
    """

    estimate: float | None
    se: float | None
    df: float | None
    t: float | None
    p: float | None
    low: float | None
    high: float | None
    level: float
    gap: Gap | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Values in period 1 and period 2, shape (n, 2), NaN where missing; rows in the order of the ids."""

    ab: Floats
    ba: Floats
    ab_participants: tuple[object, ...]
    ba_participants: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class HillsArmitage:
    """`treatment`, `period`: in units of the outcome. `carryover`: λ_test − λ_reference, a diagnostic.

    `n`: complete participants of AB and BA, the denominators; `excluded`: those with a period missing.
    """

    treatment: Contrast
    period: Contrast
    carryover: Contrast
    n: tuple[int, int]
    excluded: tuple[int, int]


@dataclass(frozen=True, slots=True)
class BaselineAdjusted:
    """As `HillsArmitage`, at equal baselines of the two periods; `slope` per unit of baseline difference."""

    treatment: Contrast
    period: Contrast
    slope: Contrast
    n: tuple[int, int]
    excluded: tuple[int, int]


def unknown(gap: Gap, level: float, estimate: float | None = None, df: float | None = None) -> Contrast:
    """A contrast whose error, or all of it, is not determined."""
    return Contrast(estimate, None, df, None, None, None, None, level, gap)


def student(estimate: float, se: float, df: float, level: float = 0.95) -> Contrast:
    """t = estimate/se on `df` degrees of freedom, p = 2·P(T_df > |t|), interval estimate ± t_df,(1+level)/2·se.

    Assumes a normally distributed estimate and an independent scaled χ² variance. `df` may be a fraction.
    Raises ValueError unless se > 0, df > 0 and 0 < level < 1, and for an estimate that is no number.

    >>> c = student(2.0367647, 0.6186000, 27)
    >>> round(c.p, 7), round(c.low, 5), round(c.high, 5)
    (0.0027725, 0.7675, 3.30603)
    """
    checks.finite(estimate=estimate, se=se)
    checks.within(0, 1, level=level)
    if not (se > 0 and df > 0):
        raise ValueError(f"se {se}, df {df} must be positive")
    estimate, se, df = float(estimate), float(se), float(df)
    half = float(student_t.isf((1 - level) / 2, df)) * se
    p = float(2 * student_t.sf(abs(estimate / se), df))
    return Contrast(estimate, se, df, estimate / se, p, estimate - half, estimate + half, level)


def pairs(frame: pd.DataFrame, test: str, reference: str, value: str = "value") -> Pairs:
    """Rows of one participant, period and treatment to pairs by sequence.

    `frame`: columns participant, period (1 or 2), treatment and `value`; a missing period is no row or a
    missing value. The sequence follows from treatment and period, so one period is enough to know it. Calls
    with the same rows and another `value` (the baselines) give the same order. Participants without any row
    are unknown here: whoever counts them counts them before. Raises ValueError for other periods or
    treatments, a period given twice, or one treatment in both periods.

    >>> rows = pd.DataFrame({"participant": [1, 1, 2], "period": [1, 2, 2],
    ...                      "treatment": ["drug", "placebo", "drug"], "value": [8, 5, 11]})
    >>> pairs(rows, "drug", "placebo").ba.tolist()
    [[nan, 11.0]]
    """
    if test == reference or frame["participant"].isna().any():
        raise ValueError("needs two treatments, and whose each row is")
    if not (
        set(frame["period"].unique()) <= {1, 2} and set(frame["treatment"].unique()) <= {test, reference}
    ):
        raise ValueError(f"an AB/BA trial has periods 1 and 2 and treatments {test!r} and {reference!r} only")
    if frame.duplicated(["participant", "period"]).any():
        raise ValueError("a participant has one period twice")
    test_first = (frame["period"] == 1) == (frame["treatment"] == test)
    orders = test_first.groupby(frame["participant"]).agg(["min", "max"])
    if (orders["min"] != orders["max"]).any():
        raise ValueError("a participant has the same treatment in both periods")
    wide = frame.pivot(index="participant", columns="period", values=value).reindex(columns=[1, 2])
    values = wide.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise ValueError("a value is infinite")
    first = orders["min"].reindex(wide.index).to_numpy(dtype=bool)
    ids = list(wide.index)
    return Pairs(values[first], values[~first], tuple(compress(ids, first)), tuple(compress(ids, ~first)))


def as_pairs(rows: Rows) -> Floats:
    """Rows of (period 1, period 2) as floats of shape (n, 2), None as NaN. ValueError for anything else."""
    array = np.array(rows, dtype=np.float64)
    array = array.reshape(0, 2) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 2 or np.isinf(array).any():
        raise ValueError("expected finite values of shape (participants, 2)")
    return array


def hills_armitage(ab: Rows, ba: Rows, level: float = 0.95) -> HillsArmitage:
    """Treatment, period and carry-over contrasts of an AB/BA trial, from complete participants.

    `ab`, `ba`: shape (n, 2), period 1 and 2; test first in `ab`. With d = y_1 − y_2, s = y_1 + y_2 and means by
    sequence: treatment = (d̄_AB − d̄_BA)/2, period = (d̄_AB + d̄_BA)/2, carry-over = s̄_AB − s̄_BA; standard error
    ½·√(v_d·(1/n_AB + 1/n_BA)) for the first two and √(v_s·(1/n_AB + 1/n_BA)) for the third, v the variance pooled
    within sequences on n_AB + n_BA − 2 degrees of freedom.

    Assumes d (or s) normal with equal variance in both sequences and, for treatment, equal carry-over. A
    participant with one period is left out and counted: `mixed.crossover` uses them. Edges: see `Contrast.gap`.

    The carry-over contrast never chooses the analysis: it rests on differences between participants and has
    little power, and testing it first and falling back on period 1 inflates the type I error of the whole.
    Freeman (1989), doi:10.1002/sim.4780081202; Senn (2002), doi:10.1002/0470854596.

    >>> formoterol = [(310, 270), (310, 260), (370, 300), (410, 390), (250, 210), (380, 350), (330, 365)]
    >>> salbutamol = [(370, 385), (310, 400), (380, 410), (290, 320), (260, 340), (90, 220)]
    >>> result = hills_armitage(formoterol, salbutamol)
    >>> round(result.treatment.estimate, 4), round(result.treatment.t, 3), result.treatment.df, result.n
    (46.6071, 4.325, 11.0, (7, 6))
    """
    checks.within(0, 1, level=level)
    (first, second), excluded = _complete(as_pairs(ab), as_pairs(ba))
    n = len(first), len(second)
    differences = first[:, 0] - first[:, 1], second[:, 0] - second[:, 1]
    floor = rounding(np.vstack([first, second]))
    return HillsArmitage(
        treatment=_two_samples(*differences, (0.5, -0.5), floor, level),
        period=_two_samples(*differences, (0.5, 0.5), floor, level),
        carryover=_two_samples(first.sum(axis=1), second.sum(axis=1), (1.0, -1.0), floor, level),
        n=n,
        excluded=excluded,
    )


def within(changes: ArrayLike, level: float = 0.95) -> Contrast:
    """The mean of `changes` from baseline, one for each participant, tested against 0: t = d̄/(s/√n) on n − 1 df.

    Says that a score moved under a treatment, not that the treatment moved it: time and regression to the mean move it
    too. Assumes independent changes, near normal. Student (1908), doi:10.1093/biomet/6.1.1. Raises ValueError for a
    change that is no number.

    >>> found = within([-24, -22, -24, -23, -24, -20, -19])
    >>> round(found.estimate, 2), round(found.t, 1), found.df
    (-22.29, -28.6, 6.0)
    """
    checks.within(0, 1, level=level)
    values = np.asarray(changes, dtype=np.float64).reshape(-1)
    if not np.isfinite(values).all():
        raise ValueError("a change is no finite number")
    if len(values) < 2:
        return unknown("too_few", level, float(values[0]) if len(values) else None)
    squares, df = float(((values - values.mean()) ** 2).sum()), len(values) - 1
    if squares <= rounding(values):
        return unknown("no_variation", level, float(values.mean()), df)
    return student(float(values.mean()), np.sqrt(squares / df / len(values)), df, level)


def baseline_adjusted(
    ab: Rows, ba: Rows, ab_baselines: Rows, ba_baselines: Rows, level: float = 0.95
) -> BaselineAdjusted:
    """Treatment and period contrasts adjusted for the baseline of each period.

    Least squares of d = y_1 − y_2 on the baseline difference x = x_1 − x_2: d = π ± τ + β·x, + in AB and − in BA, on
    n − 3 degrees of freedom. All four arrays have shape (n, 2); rows of values and baselines belong together.
    Whether y is a total or a change from the same baselines makes no difference but to β, which moves by 1.

    Assumes a linear relation with one slope, and baselines untouched by the treatment before: carry-over into
    the second baseline would be adjusted away with the effect. Not for outcomes without a baseline in both
    periods: such participants are left out and counted. Gap "collinear": the baseline differences do not vary
    within sequences. Kenward & Roger (2010), doi:10.1093/biostatistics/kxp046.

    >>> result = baseline_adjusted([(9, 4), (7, 3), (8, 2)], [(5, 9), (4, 7), (6, 8)],
    ...                            [(5, 5), (4, 3), (6, 4)], [(5, 5), (4, 4), (6, 5)])
    >>> round(result.treatment.estimate, 3), result.treatment.df
    (3.75, 3.0)
    """
    checks.within(0, 1, level=level)
    values, baselines = (as_pairs(ab), as_pairs(ba)), (as_pairs(ab_baselines), as_pairs(ba_baselines))
    if [v.shape for v in values] != [b.shape for b in baselines]:
        raise ValueError("values and baselines must have the same participants")
    wide = [np.hstack(both) for both in zip(values, baselines, strict=True)]
    (first, second), excluded = _complete(wide[0], wide[1])
    rows = np.vstack([first, second])
    sign = np.repeat([1.0, -1.0], [len(first), len(second)])
    d, x = rows[:, 0] - rows[:, 1], rows[:, 2] - rows[:, 3]
    design = np.column_stack([np.ones_like(d), sign, x])
    period, treatment, slope = _least_squares(design, d, rounding(rows), level)
    return BaselineAdjusted(treatment, period, slope, (len(first), len(second)), excluded)


def _complete(ab: Floats, ba: Floats) -> tuple[tuple[Floats, Floats], tuple[int, int]]:
    keep = ~np.isnan(ab).any(axis=1), ~np.isnan(ba).any(axis=1)
    return (ab[keep[0]], ba[keep[1]]), (int((~keep[0]).sum()), int((~keep[1]).sum()))


def rounding(values: Floats) -> float:
    """The residual sum of squares that floating point alone can leave of `values`."""
    return float(values.size * (1e-12 * np.abs(values).max(initial=0.0)) ** 2)


def _two_samples(
    first: Floats, second: Floats, weights: tuple[float, float], floor: float, level: float
) -> Contrast:
    """Weighted sum of two means, with the pooled variance; the weights differ in sign at most."""
    a, b = weights
    if not (len(first) and len(second)):
        return unknown("sequence_empty", level)
    estimate = float(a * first.mean() + b * second.mean())
    df = len(first) + len(second) - 2
    if df == 0:
        return unknown("too_few", level, estimate)
    squares = float(((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum())
    if squares <= floor:
        return unknown("no_variation", level, estimate, df)
    return student(estimate, abs(a) * np.sqrt(squares / df * (1 / len(first) + 1 / len(second))), df, level)


def _least_squares(design: Floats, d: Floats, floor: float, level: float) -> list[Contrast]:
    """A contrast for each column of (1, sign of the sequence, baseline difference)."""
    n, columns = design.shape
    if len(set(design[:, 1])) < 2:
        return [unknown("sequence_empty", level)] * columns
    if n <= columns:
        return [unknown("too_few", level)] * columns
    if np.linalg.matrix_rank(design) < columns:
        return [unknown("collinear", level)] * columns
    solution = np.linalg.lstsq(design, d, rcond=None)[0]
    squares = float(((d - design @ solution) ** 2).sum())
    if squares <= floor:
        return [unknown("no_variation", level, float(e), n - columns) for e in solution]
    errors = np.sqrt(squares / (n - columns) * np.diag(np.linalg.inv(design.T @ design)))
    return [student(e, se, n - columns, level) for e, se in zip(solution, errors, strict=True)]
