"""Random-intercept models by restricted maximum likelihood (REML), with small-sample tests.

Model: y = Xβ + Zu + ε, u ~ N(0, τ²) for each participant, ε ~ N(0, σ²) for each observation, so that
V = σ²I + τ²ZZ'. Everything about V is known from three kinds of sums: a participant's deviations have variance σ²,
the mean of m observations has σ² + mτ² over m. So the cost is one pass over the rows, then matrices of the
size of β.

Patterson & Thompson (1971), doi:10.1093/biomet/58.3.545; Kenward & Roger (1997), doi:10.2307/2533558;
Satterthwaite (1946), doi:10.2307/3002019.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from analysis.domain import checks
from analysis.domain.crossover import Contrast, Floats, Gap, rounding, student

DegreesOfFreedom = Literal["kenward_roger", "satterthwaite"]
METHODS = get_args(DegreesOfFreedom)
RATIOS = np.concatenate([[0.0], np.logspace(-8, 12, 81)])  # λ: from nothing to more than rounding can tell


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted random-intercept model with p columns.

    `covariance`: of `beta`, (p, p), at the estimated variances; `adjusted`: the same after Kenward & Roger;
    `gradient`: its derivatives by σ² and τ², (2, p, p). `expected`, `observed`: information of (σ², τ²), (2, 2).
    `boundary`: τ² was estimated as 0. `deviance`: −2 × restricted log-likelihood, without constants.
    """

    beta: Floats
    covariance: Floats
    adjusted: Floats
    gradient: Floats
    expected: Floats
    observed: Floats
    residual_variance: float
    participant_variance: float
    boundary: bool
    deviance: float
    observations: int
    participants: int


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Cross products of (X, y): `within` of deviations from participant means, `between[k]` of means, times m.

    `sizes[k]`: m, the number of observations of `counts[k]` participants.
    """

    within: Floats
    between: Floats
    sizes: Floats
    counts: Floats
    observations: int

    def weighted(self, within: float, between: Floats) -> Floats:
        """(X, y)'f(V)(X, y) for a function f of V with these values on deviations and on means."""
        return np.asarray(within * self.within + np.tensordot(between, self.between, 1))


def contrast(
    fit: Fit, weights: ArrayLike, method: DegreesOfFreedom = "kenward_roger", level: float = 0.95
) -> Contrast:
    """w'β with its standard error, degrees of freedom, t, p and interval.

    df = 2·v² / (g'Wg) with v = w'Φw, Φ = (X'V⁻¹X)⁻¹, g the gradient of v by (σ², τ²) and W the covariance of their
    estimates. "kenward_roger": W from the expected information and the standard error from Φ adjusted for the
    variances being estimates; for one contrast their scale factor is 1 and their df this formula.
    "satterthwaite": W from the observed information and Φ as it is (lmerTest's default). At the boundary
    Kenward–Roger goes on as before, Satterthwaite has only σ² to estimate.

    >>> fit = random_intercept([1, 2, 4, 3, 6, 9], np.column_stack([np.ones(6), [0, 1] * 3]), [1, 1, 2, 2, 3, 3])
    >>> round(contrast(fit, [0, 1]).df, 6)
    2.0
    """
    checks.one_of("method", method, METHODS)
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != fit.beta.shape or not np.isfinite(w).all():
        raise ValueError("needs a finite weight for each coefficient")
    v = float(w @ fit.covariance @ w)
    g = w @ fit.gradient @ w
    if method == "kenward_roger":
        information, se = fit.expected, float(np.sqrt(w @ fit.adjusted @ w))
    else:
        information, se = fit.observed, float(np.sqrt(v))
        if fit.boundary:
            information, g = fit.observed[:1, :1], g[:1]
    df = 2 * v**2 / float(g @ np.linalg.solve(information, g))
    return student(float(w @ fit.beta), se, df, level)


def random_intercept(outcome: ArrayLike, design: ArrayLike, participant: ArrayLike) -> Fit | Gap:
    """Fit y = Xβ + Zu + ε by REML; τ² is at least 0.

    `outcome`: shape (n,); `design`: shape (n, p), X; `participant`: shape (n,), who gave each row. With λ = τ²/σ² the
    profile deviance (n − p)·log r(λ) + Σ log(1 + mλ) + log|X'H⁻¹X|, H = V/σ², r the generalised residual sum of
    squares, is searched on a grid (it may have two minima when participants differ in m), then the root of
    its exact derivative is taken. Returns the gap instead of a fit when X has not full rank ("collinear"), when
    no degrees of freedom are left within participants or between them ("too_few"), or when nothing varies
    within participants ("no_variation"). Raises ValueError for missing or infinite values.

    Use it when participants are a sample and differ by a constant. Not for slopes that differ between
    participants, nor for binary outcomes. Laird & Ware (1982), doi:10.2307/2529876.

    >>> fit = random_intercept([1, 2, 4, 3, 6, 9], np.ones((6, 1)), [1, 1, 2, 2, 3, 3])
    >>> round(fit.residual_variance, 4), round(fit.participant_variance, 4)
    (1.8333, 8.4167)
    """
    y, x = np.asarray(outcome, dtype=np.float64), np.asarray(design, dtype=np.float64)
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ValueError("outcome and design must be finite")
    whose = pd.Series(np.asarray(participant))
    if x.ndim != 2 or not len(y) == len(x) == len(whose) or whose.isna().any():
        raise ValueError("needs an outcome, a row of the design and a participant for each observation")
    n, p = x.shape
    if np.linalg.matrix_rank(x) < p:
        return "collinear"
    _, codes = np.unique(whose.to_numpy(), return_inverse=True)
    start = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], dtype=np.float64)
    sums = _sums(np.column_stack([x, y - x @ start]), codes)
    inside, outside = sums.within[:p, :p], sums.between[:, :p, :p].sum(axis=0)
    participants = int(sums.counts.sum())
    rank_inside, rank_outside = np.linalg.matrix_rank(inside, hermitian=True), np.linalg.matrix_rank(outside)
    if n - participants - rank_inside <= 0 or participants - rank_outside <= 0:
        return "too_few"
    if _residual(sums.within, p) <= rounding(y):
        return "no_variation"
    ratio = _best_ratio(sums, p)
    return "no_variation" if ratio is None else _fit(sums, p, ratio, start)


def _sums(rows: Floats, codes: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> _Sums:
    size = np.bincount(codes)
    totals = np.column_stack([np.bincount(codes, column) for column in rows.T])
    deviations = rows - (totals / size[:, None])[codes]
    sizes, counts = np.unique(size, return_counts=True)
    between = [totals[size == m].T @ totals[size == m] / m for m in sizes]
    return _Sums(
        deviations.T @ deviations, np.stack(between), sizes.astype(float), counts.astype(float), len(rows)
    )


def _residual(products: Floats, p: int) -> float:
    """y'y − y'X(X'X)⁻X'y from the cross products of (X, y); X may be short of rank."""
    cross = products[:p, p]
    return float(products[p, p] - cross @ np.linalg.lstsq(products[:p, :p], cross, rcond=None)[0])


def _profile(sums: _Sums, p: int, ratio: float) -> tuple[float, float]:
    """Profile deviance at λ = `ratio`, and its derivative."""
    h = 1 + ratio * sums.sizes
    products, slope = sums.weighted(1.0, 1 / h), sums.weighted(0.0, -sums.sizes / h**2)
    free = sums.observations - p
    u = np.append(-np.linalg.solve(products[:p, :p], products[:p, p]), 1.0)
    r = float(u @ products @ u)
    deviance = free * np.log(r) + sums.counts @ np.log(h) + np.linalg.slogdet(products[:p, :p])[1]
    trace = np.trace(np.linalg.solve(products[:p, :p], slope[:p, :p]))
    derivative = free * (u @ slope @ u) / r + sums.counts @ (sums.sizes / h) + trace
    return float(deviance), float(derivative)


def _best_ratio(sums: _Sums, p: int) -> float | None:
    """λ ≥ 0 with the least deviance; None when it is beyond what rounding leaves of σ²."""
    best = int(np.argmin([_profile(sums, p, ratio)[0] for ratio in RATIOS]))
    low, high = RATIOS[max(best - 1, 0)], RATIOS[min(best + 1, len(RATIOS) - 1)]
    if _profile(sums, p, low)[1] >= 0:
        return float(low)
    if _profile(sums, p, high)[1] <= 0:
        return None
    return float(brentq(lambda ratio: _profile(sums, p, ratio)[1], low, high, xtol=1e-14, rtol=1e-14))


def _fit(sums: _Sums, p: int, ratio: float, start: Floats) -> Fit:
    """Estimates at λ = `ratio`."""
    unit = sums.weighted(1.0, 1 / (1 + ratio * sums.sizes))
    beta = np.linalg.solve(unit[:p, :p], unit[:p, p])
    u = np.append(-beta, 1.0)
    residual = float(u @ unit @ u) / (sums.observations - p)
    phi = np.asarray(residual * np.linalg.inv(unit[:p, :p]), dtype=np.float64)
    first, second, traces = _derivatives(sums, residual, ratio)
    p_i, q_ij = first[:, :p, :p], second[:, :, :p, :p]
    trace = traces - 2 * np.einsum("ijab,ba->ij", q_ij, phi) + np.einsum("iab,jba->ij", p_i @ phi, p_i @ phi)
    scores = (first @ u)[:, :p]
    quadratic = np.einsum("a,ijab,b->ij", u, second, u) - scores @ phi @ scores.T
    bias = np.einsum(
        "ij,ijab->ab", np.linalg.inv(trace / 2), q_ij - np.einsum("iab,jbc->ijac", p_i @ phi, p_i)
    )
    return Fit(
        beta=start + beta,
        covariance=phi,
        adjusted=phi + 2 * phi @ bias @ phi,
        gradient=-phi @ p_i @ phi,
        expected=trace / 2,
        observed=quadratic - trace / 2,
        residual_variance=residual,
        participant_variance=ratio * residual,
        boundary=ratio == 0,
        deviance=_profile(sums, p, ratio)[0],
        observations=sums.observations,
        participants=int(sums.counts.sum()),
    )


def _derivatives(sums: _Sums, residual: float, ratio: float) -> tuple[Floats, Floats, Floats]:
    """P_i, Q_ij of (X, y) and tr(V⁻¹V_iV⁻¹V_j), where V = σ²V_1 + τ²V_2, V_1 = I, V_2 = ZZ'.

    P_i = −X'V⁻¹V_iV⁻¹X and Q_ij = X'V⁻¹V_iV⁻¹V_jV⁻¹X. As V is linear in (σ², τ²), Kenward & Roger's adjustment has no
    second derivatives: Φ + 2Φ[Σ W_ij (Q_ij − P_iΦP_j)]Φ, and ∂Φ/∂θ_i = −ΦP_iΦ.
    """
    m = sums.sizes
    v = residual * (1 + ratio * m)
    inside = sums.observations - sums.counts.sum()
    first = [-sums.weighted(residual**-2, v**-2), -sums.weighted(0.0, m * v**-2)]
    mixed = sums.weighted(0.0, m * v**-3)
    second = [[sums.weighted(residual**-3, v**-3), mixed], [mixed, sums.weighted(0.0, m**2 * v**-3)]]
    cross = sums.counts @ (m * v**-2)
    traces = [[inside * residual**-2 + sums.counts @ v**-2, cross], [cross, sums.counts @ (m**2 * v**-2)]]
    return np.array(first), np.array(second), np.array(traces)
