"""Treatment effects of crossover trials by the mixed model: fixed treatment, period and sequence, random participant.

The fit and its small-sample tests are those of `analysis/domain/reml.py`; here are the designs. Jones & Kenward (2014),
doi:10.1201/b17537, chapter 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.domain import checks
from analysis.domain.crossover import Contrast, Floats, Gap, Pairs, pairs, unknown
from analysis.domain.reml import METHODS, DegreesOfFreedom, Fit, contrast, random_intercept


@dataclass(frozen=True, slots=True)
class CrossoverModel:
    """`treatment`: test − reference. `period`: 1 − 2. `sequence`: AB − BA, half of Hills & Armitage's carry-over
    contrast, a diagnostic that never chooses the analysis. `baseline`: slope within participants, if adjusted.

    `complete`, `single`: participants with both periods and with one; the variances are None without a fit.
    """

    treatment: Contrast
    period: Contrast
    sequence: Contrast
    baseline: Contrast | None
    complete: int
    single: int
    residual_variance: float | None
    participant_variance: float | None
    boundary: bool
    method: DegreesOfFreedom


@dataclass(frozen=True, slots=True)
class TreatmentComparison:
    """`treatments`: treatment → it − reference. `complete`: participants with every period there is, `partial`: the others
    who have a value; `observations`: values used. The variances are None without a fit."""

    treatments: dict[str, Contrast]
    complete: int
    partial: int
    observations: int
    residual_variance: float | None
    participant_variance: float | None
    boundary: bool
    method: DegreesOfFreedom


def crossover(
    frame: pd.DataFrame,
    test: str,
    reference: str,
    value: str = "value",
    baseline: str | None = None,
    method: DegreesOfFreedom = "kenward_roger",
    level: float = 0.95,
) -> CrossoverModel:
    """Treatment effect of an AB/BA trial with fixed treatment, period and sequence and random participant.

    `frame` as for `crossover.pairs`; a row without `value` (or `baseline`) counts as absent. Participants with one
    period are used: they tell of differences between participants. With complete data and τ² > 0 all
    contrasts equal those of Hills & Armitage. With `baseline` the model has two more columns: the mean of a
    participant's baselines and the deviation from it, so that the slope within participants is not mixed up
    with the slope between them: Kenward & Roger (2010), doi:10.1093/biostatistics/kxp046.

    Assumes normal errors of equal variance, periods missing at random, equal carry-over, and a correlation
    within participants that is not negative. Where it is negative τ² is put at 0 (`boundary`), and the result
    differs from Hills & Armitage's, which has no such bound. `method` names the degrees of freedom: see
    `contrast`. Edges give contrasts without figures, see `crossover.Contrast.gap`.

    >>> rows = pd.DataFrame({"participant": [1, 1, 2, 2, 3, 3, 4, 4, 5], "period": [1, 2] * 4 + [1],
    ...     "treatment": ["a", "b", "b", "a"] * 2 + ["a"], "value": [8, 5, 6, 9, 14, 10, 11, 16, 12]})
    >>> model = crossover(rows, test="a", reference="b")
    >>> round(model.treatment.estimate, 3), model.complete, model.single
    (3.759, 4, 1)
    """
    checks.one_of("method", method, METHODS)
    checks.within(0, 1, level=level)
    used = frame.dropna(subset=[value] if baseline is None else [value, baseline])
    both = pairs(used, test, reference, value)
    design = _design(used, both, test, baseline)
    fit = random_intercept(used[value].to_numpy(dtype=np.float64), design, used["participant"].to_numpy())
    if not isinstance(fit, Fit) and not (both.ab_participants and both.ba_participants):
        fit = "sequence_empty"
    effects = [_effect(fit, column, design.shape[1], method, level) for column in range(1, design.shape[1])]
    per_participant = (~np.isnan(np.vstack([both.ab, both.ba]))).sum(axis=1)
    return CrossoverModel(
        treatment=effects[0],
        period=effects[1],
        sequence=effects[2],
        baseline=None if baseline is None else effects[-1],
        complete=int((per_participant == 2).sum()),
        single=int((per_participant == 1).sum()),
        residual_variance=fit.residual_variance if isinstance(fit, Fit) else None,
        participant_variance=fit.participant_variance if isinstance(fit, Fit) else None,
        boundary=isinstance(fit, Fit) and fit.boundary,
        method=method,
    )


def compare(
    frame: pd.DataFrame,
    reference: str,
    value: str = "value",
    method: DegreesOfFreedom = "kenward_roger",
    level: float = 0.95,
) -> TreatmentComparison:
    """Every treatment against `reference` in a trial of any number of treatments, periods and sequences.

    Fixed treatment, period and sequence, random participant: `crossover` is its case of AB and BA. `frame`: columns
    participant, period, sequence, treatment and `value`; a row without a value counts as absent. All periods are used,
    also where a treatment comes more than once, and participants with some of them. Sequences and periods that the data
    cannot tell apart are one effect; a treatment that cannot be told from them has gap "collinear". Intervals and p are
    each at their own level: many comparisons are not allowed for. Assumptions as for `crossover`. Raises ValueError for a
    participant with a period twice or in two sequences, and for a reference that nobody has.
    Jones & Kenward (2014), doi:10.1201/b17537, chapter 5.

    >>> rows = pd.DataFrame({"participant": [1, 1, 2, 2, 3, 3, 4, 4, 5], "period": [1, 2] * 4 + [1],
    ...     "sequence": ["AB", "AB", "BA", "BA"] * 2 + ["AB"], "treatment": ["a", "b", "b", "a"] * 2 + ["a"],
    ...     "value": [8, 5, 6, 9, 14, 10, 11, 16, 12]})
    >>> found = compare(rows, reference="b")
    >>> round(found.treatments["a"].estimate, 3), found.complete, found.partial, found.observations
    (3.759, 4, 1, 9)
    """
    checks.one_of("method", method, METHODS)
    checks.within(0, 1, level=level)
    _check_rows(frame, reference)
    used = frame.dropna(subset=[value])
    others = sorted(set(frame["treatment"].unique()) - {reference})
    design, columns = _general_design(used, reference, others)
    outcome, participant = used[value].to_numpy(dtype=np.float64), used["participant"].to_numpy()
    seen = set(used["treatment"].unique())
    fit = random_intercept(outcome, design, participant) if reference in seen else "too_few"
    sizes = used.groupby("participant").size()
    complete = int((sizes == frame["period"].nunique()).sum())
    treatments = {}
    for name in others:
        gap: Gap = "collinear" if name in seen else "too_few"
        estimable = fit if name in columns or not isinstance(fit, Fit) else gap
        treatments[name] = _effect(estimable, columns.get(name, 0), design.shape[1], method, level)
    return TreatmentComparison(
        treatments=treatments,
        complete=complete,
        partial=len(sizes) - complete,
        observations=len(used),
        residual_variance=fit.residual_variance if isinstance(fit, Fit) else None,
        participant_variance=fit.participant_variance if isinstance(fit, Fit) else None,
        boundary=isinstance(fit, Fit) and fit.boundary,
        method=method,
    )


def _check_rows(frame: pd.DataFrame, reference: str) -> None:
    if frame["participant"].isna().any() or frame.duplicated(["participant", "period"]).any():
        raise ValueError("a row is nobody's, or a participant has one period twice")
    if frame[["participant", "sequence"]].drop_duplicates()["participant"].duplicated().any():
        raise ValueError("a participant has two sequences")
    if len(frame) and reference not in frame["treatment"].unique():
        raise ValueError(f"nobody has the reference {reference!r}")


def _general_design(
    used: pd.DataFrame, reference: str, others: Sequence[str]
) -> tuple[Floats, dict[str, int]]:
    """Columns 1, periods, sequences, treatments, without those that follow from the ones before; where each of `others`
    is, if it can be told from what stands before it."""
    effects = [
        (name, level) for name in ("period", "sequence") for level in sorted(used[name].unique())[1:]
    ] + [("treatment", other) for other in others]
    # The rank is that of the distinct rows: a handful, whatever the number of participants.
    cells = used[["period", "sequence", "treatment"]].drop_duplicates()
    kept, known = list[tuple[str, object]](), np.ones((len(cells), 1))
    for name, level in effects:
        wider = np.column_stack([known, cells[name] == level])
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            kept, known = [*kept, (name, level)], wider
    design = np.column_stack([np.ones(len(used)), *(used[name] == level for name, level in kept)])
    places = {str(level): place for place, (name, level) in enumerate(kept, start=1) if name == "treatment"}
    return design, places


def _design(used: pd.DataFrame, both: Pairs, test: str, baseline: str | None) -> Floats:
    """Columns: 1, test, period 1, sequence AB, and with a baseline its mean and the deviation from it."""
    in_ab = set(both.ab_participants)
    columns = [
        pd.Series(1.0, index=used.index),
        used["treatment"] == test,
        used["period"] == 1,
        used["participant"].isin(in_ab),
    ]
    if baseline is not None:
        at_start = used[baseline].astype("float64")
        mean = at_start.groupby(used["participant"]).transform("mean")
        columns += [mean, at_start - mean]
    return np.column_stack([column.to_numpy(dtype=np.float64) for column in columns])


def _effect(fit: Fit | Gap, column: int, columns: int, method: DegreesOfFreedom, level: float) -> Contrast:
    return (
        contrast(fit, np.eye(columns)[column], method, level) if isinstance(fit, Fit) else unknown(fit, level)
    )
