"""The treatment comparison against R: every figure that docs/statistics/reference.R has written."""

import pandas as pd
import pytest

from analysis.domain import binary, crossover, intervals, mixed, reml
from analysis.domain.crossover import Contrast
from tests.reference.comparison import TREATMENTS, data, values_of_r

R = values_of_r()
PREFERENCES = {
    "formoterol": binary.Preferences((9, 3, 0), (1, 5, 6)),
    "unequal": binary.Preferences((8, 4, 3), (2, 5, 7)),
    "split 4/3": binary.Preferences((4, 2, 0), (0, 3, 3)),
    "split 5/2": binary.Preferences((5, 1, 0), (0, 4, 2)),
    "split 6/1": binary.Preferences((6, 0, 0), (0, 5, 1)),
}


def figures(**effects: Contrast | None) -> dict[str, float | None]:
    return {
        f"{effect}.{name}": getattr(found, name)
        for effect, found in effects.items()
        if found is not None
        for name in ("estimate", "se", "df", "t", "p", "low", "high")
    }


def known(case: str, found: dict[str, float | None]) -> dict[str, float | None]:
    return {name: found[name] for name in R[case]}


def rows(case: str) -> pd.DataFrame:
    """The data of a case; `_short` ones lack the rows that reference.R leaves out."""
    name = case.removesuffix("_short")
    frame = data(name)
    if case == "enuresis_short":
        return frame[~(frame["participant"].isin([3, 10, 20]) & (frame["period"] == 2))]
    if case == "asthma_short":
        second = frame["participant"].isin([4, 13]) & (frame["period"] == 2)
        return frame[~(second | ((frame["participant"] == 7) & (frame["period"] == 1)))]
    return frame


@pytest.mark.requirement("STA-01")
@pytest.mark.parametrize("case", ["enuresis", "asthma", "machines", "made_up_negative"])
def test_hills_armitage_is_what_t_test_gives_in_r(case: str) -> None:
    """Estimates, standard errors, degrees of freedom, t, p and intervals of all three contrasts."""
    both = crossover.pairs(rows(case), *TREATMENTS[case])
    found = crossover.hills_armitage(both.ab, both.ba)
    expected = {name: value for name, value in R[case].items() if "." in name}
    got = figures(treatment=found.treatment, period=found.period, carryover=found.carryover)
    assert {name: got[name] for name in expected} == pytest.approx(expected, rel=1e-10)


@pytest.mark.requirement("STA-01")
@pytest.mark.parametrize("method", ["kenward_roger", "satterthwaite"])
@pytest.mark.parametrize(
    "case",
    [
        "enuresis",
        "enuresis_short",
        "asthma",
        "asthma_short",
        "machines",
        "made_up_negative",
        "made_up_baselines",
    ],
)
def test_mixed_model_is_what_lmertest_gives_in_r(case: str, method: reml.DegreesOfFreedom) -> None:
    """REML fit with both kinds of degrees of freedom, single periods, a boundary and baselines included.

    lmer finds the variances by a search without derivatives, to about seven digits.
    """
    test, reference = TREATMENTS[case.removesuffix("_short")]
    baseline = "baseline" if case == "made_up_baselines" else None
    model = mixed.crossover(rows(case), test, reference, baseline=baseline, method=method)
    found = figures(
        treatment=model.treatment, period=model.period, sequence=model.sequence, baseline=model.baseline
    )
    name = f"{case}:{method}"
    assert known(name, found) == pytest.approx(R[name], rel=2e-6)
    variances = (model.participant_variance, model.residual_variance)
    expected = (R[case]["participant_variance"], R[case]["residual_variance"])
    assert variances == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_baseline_adjustment_is_what_lm_gives_in_r() -> None:
    """Regression of the difference on the sequence and the difference of the baselines."""
    frame = data("made_up_baselines")
    both = crossover.pairs(frame, "ketamine", "naltrexone")
    start = crossover.pairs(frame, "ketamine", "naltrexone", "baseline")
    found = crossover.baseline_adjusted(both.ab, both.ba, start.ab, start.ba)
    case = "made_up_baselines:complete"
    got = figures(treatment=found.treatment, period=found.period, slope=found.slope)
    assert known(case, got) == pytest.approx(R[case], rel=1e-10)


@pytest.mark.parametrize("case", PREFERENCES)
def test_mainland_gart_and_prescott_are_what_r_gives(case: str) -> None:
    """fisher.test, chisq.test, coin's exact independence test and prop.trend.test on five tables."""
    gart, prescott = binary.mainland_gart(PREFERENCES[case]), binary.prescott(PREFERENCES[case])
    found = {
        "fisher_p": gart.fisher_p,
        "pearson": gart.pearson.statistic,
        "corrected": gart.corrected.statistic,
        "prescott_exact": prescott.exact_p,
        "prescott_trend": prescott.trend.statistic,
        "prescott_trend_p": prescott.trend.p,
    }
    assert found == pytest.approx({name: R[case][name] for name in found}, rel=1e-9)
    odds = {"odds_low": gart.odds.low, "odds_estimate": gart.odds.estimate, "odds_high": gart.odds.high}
    assert {name: value for name, value in odds.items() if value is not None} == pytest.approx(
        {name: value for name, value in R[case].items() if name.startswith("odds_")}, rel=2e-4
    ), "fisher.test searches its bounds to about four digits"


@pytest.mark.parametrize("pair", [(150, 86), (9, 1), (7, 0), (7, 1), (6, 16), (5, 5)])
def test_mcnemar_is_what_r_gives(pair: tuple[int, int]) -> None:
    """mcnemar.test with and without correction, binom.test, and mid-p from dbinom."""
    chi2 = binary.mcnemar_chi2(*pair)
    found = {
        "chi2": chi2.statistic,
        "chi2_p": chi2.p,
        "corrected": binary.mcnemar_chi2(*pair, correct=True).statistic,
        "exact": binary.mcnemar_exact(*pair),
        "mid_p": binary.mcnemar_mid_p(*pair),
    }
    assert found == pytest.approx(R[f"mcnemar {pair[0]}/{pair[1]}"], rel=1e-9)


@pytest.mark.parametrize(("count", "n"), [(81, 263), (15, 148), (0, 20), (1, 29), (7, 12), (12, 12)])
def test_intervals_of_a_proportion_are_what_r_gives(count: int, n: int) -> None:
    """binom.test and prop.test, none and all included."""
    exact, score = intervals.clopper_pearson(count, n), intervals.wilson(count, n)
    names = ("clopper_pearson_low", "clopper_pearson_high", "wilson_low", "wilson_high")
    ends = dict(zip(names, (*exact, *score), strict=True))
    assert ends == pytest.approx(R[f"proportion {count}/{n}"], rel=1e-9, abs=1e-12)
