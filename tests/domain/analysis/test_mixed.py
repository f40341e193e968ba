"""The random-intercept model: golden values, a dense second implementation, identities and edges."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM

from analysis.domain import crossover, mixed, reml
from analysis.domain.crossover import Floats, hills_armitage, pairs
from tests.reference.comparison import data

METHODS: tuple[reml.DegreesOfFreedom, ...] = ("kenward_roger", "satterthwaite")


def number(value: float | None) -> float:
    assert value is not None
    return value


def trial(seed: int, ab: int, ba: int, single: int = 0, between: float = 3.0) -> pd.DataFrame:
    """A made-up trial with `ab` + `ba` participants, of whom `single` have one period."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(ab + ba), 2)
    period = np.tile([1, 2], ab + ba)
    on_test = (people < ab) == (period == 1)
    value = rng.normal(0, between, ab + ba)[people] + rng.normal(0, 2, len(people)) + 3.0 * on_test + period
    frame = pd.DataFrame(
        {"participant": people, "period": period, "treatment": np.where(on_test, "a", "b"), "value": value}
    )
    short = rng.choice(ab + ba, single, replace=False)
    lost = frame["participant"].isin(short) & (frame["period"] == rng.integers(1, 3, ab + ba)[people])
    return frame[~lost]


def fitted(frame: pd.DataFrame) -> tuple[reml.Fit, Floats, Floats, Floats]:
    """The fit of a trial with X, y and Z."""
    ab = pairs(frame, "a", "b").ab_participants
    columns = [
        frame["period"] > 0,
        frame["treatment"] == "a",
        frame["period"] == 1,
        frame["participant"].isin(ab),
    ]
    x = np.column_stack([column.to_numpy(dtype=np.float64) for column in columns])
    y = frame["value"].to_numpy(dtype=np.float64)
    z = (frame["participant"].to_numpy()[:, None] == frame["participant"].unique()[None, :]).astype(
        np.float64
    )
    fit = reml.random_intercept(y, x, frame["participant"])
    assert isinstance(fit, reml.Fit)
    return fit, x, y, z


def dense_deviance(x: Floats, y: Floats, z: Floats, residual: float, participant: float) -> float:
    """−2 × restricted log-likelihood from the whole of V, without its constant."""
    v = residual * np.eye(len(y)) + participant * z @ z.T
    w = np.linalg.inv(v)
    information = x.T @ w @ x
    error = y - x @ np.linalg.solve(information, x.T @ w @ y)
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(logs + error @ w @ error)


@pytest.mark.parametrize("method", METHODS)
def test_enuresis_trial_gives_hills_and_armitages_figures(method: reml.DegreesOfFreedom) -> None:
    """R 4.2.2's values of the complete trial; the sequence effect is half of the carry-over contrast."""
    found = mixed.crossover(data("enuresis"), "drug", "placebo", method=method)
    t = found.treatment
    assert (t.estimate, t.se, t.t, t.df) == pytest.approx((2.0367647, 0.6186000, 3.2925390, 27), abs=5e-8)
    assert (t.p, t.low, t.high) == pytest.approx((0.0027725, 0.7675023, 3.3060271), abs=5e-8)
    assert found.sequence.t == pytest.approx(-1.2997, abs=5e-5)
    assert (found.complete, found.single, found.boundary) == (29, 0, False)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(2, 8), st.sampled_from(METHODS))
def test_complete_data_give_hills_and_armitages_figures(
    seed: int, ab: int, ba: int, method: reml.DegreesOfFreedom
) -> None:
    """Whatever the data, unless the variance between participants is put at 0."""
    frame = trial(seed, ab, ba)
    model = mixed.crossover(frame, "a", "b", method=method)
    assume(not model.boundary)
    both = pairs(frame, "a", "b")
    simple = hills_armitage(both.ab, both.ba)
    for name in ("estimate", "se", "df", "p", "low", "high"):
        for effect in ("treatment", "period"):
            found, expected = getattr(getattr(model, effect), name), getattr(getattr(simple, effect), name)
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert model.sequence.estimate == pytest.approx(number(simple.carryover.estimate) / 2, abs=1e-9)
    assert model.sequence.t == pytest.approx(number(simple.carryover.t), rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, 5), st.sampled_from([0.2, 3.0]))
def test_no_other_variances_are_more_likely(seed: int, single: int, between: float) -> None:
    """The dense restricted likelihood is nowhere higher than at the estimates."""
    fit, x, y, z = fitted(trial(seed, 7, 6, single, between))
    best = dense_deviance(x, y, z, fit.residual_variance, fit.participant_variance)
    for a, b in product([0.5, 0.9, 0.999, 1, 1.001, 1.1, 2], [-0.5, -0.01, 0, 0.01, 0.5, 5]):
        participant = max(fit.participant_variance + b * fit.residual_variance, 0.0)
        assert dense_deviance(x, y, z, a * fit.residual_variance, participant) >= best - 1e-9


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, 5), st.sampled_from([0.2, 3.0]))
def test_information_and_adjustment_are_those_of_the_dense_formulas(
    seed: int, single: int, between: float
) -> None:
    """Kenward & Roger (1997) as printed, with the whole of V: P_i, Q_ij, W, Φ_A, and the observed information."""
    fit, x, y, z = fitted(trial(seed, 7, 6, single, between))
    parts = [np.eye(len(y)), z @ z.T]
    w = np.linalg.inv(fit.residual_variance * parts[0] + fit.participant_variance * parts[1])
    phi = np.linalg.inv(x.T @ w @ x)
    projection = w - w @ x @ phi @ x.T @ w
    expected = np.array([[np.trace(projection @ a @ projection @ b) / 2 for b in parts] for a in parts])
    middle = np.array([[y @ projection @ a @ projection @ b @ projection @ y for b in parts] for a in parts])
    p_i = [-x.T @ w @ part @ w @ x for part in parts]
    v_theta = np.linalg.inv(expected)
    bias = sum(
        v_theta[i, j] * (x.T @ w @ parts[i] @ w @ parts[j] @ w @ x - p_i[i] @ phi @ p_i[j])
        for i in range(2)
        for j in range(2)
    )
    assert fit.beta == pytest.approx(phi @ x.T @ w @ y, rel=1e-8, abs=1e-8)
    assert fit.covariance == pytest.approx(phi, rel=1e-8, abs=1e-10)
    assert fit.adjusted == pytest.approx(phi + 2 * phi @ bias @ phi, rel=1e-7, abs=1e-10)
    assert fit.expected == pytest.approx(expected, rel=1e-7)
    assert fit.observed == pytest.approx(middle - expected, rel=1e-6, abs=1e-9)


def test_statsmodels_finds_the_same_variances() -> None:
    """An independent REML fit of incomplete data; its z-tests are not used."""
    fit, x, y, _ = fitted(trial(5, 9, 8, 5))
    other = MixedLM(y, x, groups=trial(5, 9, 8, 5)["participant"]).fit(reml=True)
    assert fit.residual_variance == pytest.approx(other.scale, rel=1e-4)
    assert fit.participant_variance == pytest.approx(other.cov_re[0, 0], rel=1e-3)
    assert fit.beta == pytest.approx(other.fe_params, rel=1e-4)


def test_single_periods_are_used() -> None:
    """With three second periods lost the estimate is neither that of the complete ones nor has their df."""
    frame = data("enuresis")
    short = frame[~(frame["participant"].isin([3, 10, 20]) & (frame["period"] == 2))]
    both = pairs(short, "drug", "placebo")
    model, simple = mixed.crossover(short, "drug", "placebo"), hills_armitage(both.ab, both.ba)
    assert (model.complete, model.single, simple.n) == (26, 3, (15, 11))
    assert number(model.treatment.df) > number(simple.treatment.df)
    assert abs(number(model.treatment.estimate) - number(simple.treatment.estimate)) > 0.1


def test_single_periods_tell_little_when_participants_differ_much() -> None:
    """As the variance between participants grows, the estimate tends to that of the complete ones."""
    frame = trial(11, 8, 8, 5)
    shift = np.random.default_rng(3).normal(0, 1e4, 16)
    frame = frame.assign(value=frame["value"] + shift[frame["participant"]])
    both = pairs(frame, "a", "b")
    complete = hills_armitage(both.ab, both.ba).treatment
    found = mixed.crossover(frame, "a", "b").treatment
    assert (found.estimate, found.se) == pytest.approx((complete.estimate, complete.se), rel=1e-3)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.floats(-100, 100), st.floats(0.01, 100))
def test_units_and_names_do_not_matter(seed: int, shift: float, scale: float) -> None:
    """Other units change the estimate with them; other names and another order of the rows change nothing."""
    frame = trial(seed, 6, 5, 3)
    names = {participant: f"P{(7 * participant) % 11:02}" for participant in range(11)}
    other = frame.assign(value=scale * frame["value"] + shift, participant=frame["participant"].map(names))
    one, two = (
        mixed.crossover(frame, "a", "b"),
        mixed.crossover(other.sample(frac=1, random_state=1), "a", "b"),
    )
    assert two.treatment.estimate == pytest.approx(scale * number(one.treatment.estimate), rel=1e-5)
    assert (two.treatment.t, two.treatment.df) == pytest.approx((one.treatment.t, one.treatment.df), rel=1e-4)


def test_a_negative_correlation_puts_the_variance_at_zero() -> None:
    """The boundary is said, and the estimate is that of least squares without participants."""
    frame = data("made_up_negative").replace({"test": "a", "reference": "b"})
    model = mixed.crossover(frame, "a", "b")
    _, x, y, _ = fitted(frame)
    assert (model.boundary, model.participant_variance) == (True, 0)
    assert model.treatment.estimate == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0][1])


def test_many_participants_cost_one_pass() -> None:
    """Ten thousand participants are no more than sums: the model has no matrix of their size."""
    found = mixed.crossover(trial(1, 5000, 5000, 800), "a", "b")
    assert found.treatment.estimate == pytest.approx(3.0, abs=0.2)
    assert (found.complete, found.single) == (9200, 800)


def frame_of(rows: list[tuple[int, int, str, float | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant", "period", "treatment", "value"])


PAIR = [(1, 1, "a", 5.0), (1, 2, "b", 2.0), (2, 1, "b", 1.0), (2, 2, "a", 2.0)]


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        ([], "sequence_empty"),
        ([*PAIR[:2], (3, 1, "a", 4.0), (3, 2, "b", 6.0)], "sequence_empty"),
        (PAIR, "too_few"),
        ([(n, 1, "a" if n % 2 else "b", float(n)) for n in range(8)], "collinear"),
        ([*PAIR, (3, 1, "a", 15.0), (3, 2, "b", 12.0), (4, 1, "b", 7.0), (4, 2, "a", 8.0)], "no_variation"),
        ([*PAIR, (3, 1, "a", None), (3, 2, "b", None)], "too_few"),
    ],
)
def test_what_the_data_do_not_determine_is_none(
    rows: list[tuple[int, int, str, float | None]], gap: str
) -> None:
    """Nobody, one sequence, two participants, no pair, no variation: a reason instead of figures."""
    found = mixed.crossover(frame_of(rows), "a", "b")
    for effect in (found.treatment, found.period, found.sequence):
        assert (effect.gap, effect.estimate, effect.p) == (gap, None, None)
    assert (found.residual_variance, found.boundary) == (None, False)


def test_missing_values_are_absent_rows() -> None:
    """A row without a value counts as no row; a row without a baseline only where baselines are used."""
    frame = data("made_up_baselines")
    without = frame.dropna(subset=["baseline"])
    plain, adjusted = (
        mixed.crossover(frame, "ketamine", "naltrexone", baseline=b) for b in (None, "baseline")
    )
    assert (plain.complete, plain.single, plain.baseline) == (11, 3, None)
    assert (adjusted.complete, adjusted.single) == (10, 4)
    assert adjusted == mixed.crossover(without, "ketamine", "naltrexone", baseline="baseline")


def test_baselines_in_the_model_are_the_adjustment_within_participants() -> None:
    """With complete data the treatment estimate and its slope are those of the regression of differences."""
    frame = data("made_up_baselines").dropna()
    frame = frame[frame.groupby("participant")["period"].transform("size") == 2]
    both, start = pairs(frame, "ketamine", "naltrexone"), pairs(frame, "ketamine", "naltrexone", "baseline")
    simple = crossover.baseline_adjusted(both.ab, both.ba, start.ab, start.ba)
    model = mixed.crossover(frame, "ketamine", "naltrexone", baseline="baseline")
    assert model.baseline is not None
    assert not model.boundary
    for found, expected in ((model.treatment, simple.treatment), (model.baseline, simple.slope)):
        assert (found.estimate, found.se) == pytest.approx((expected.estimate, expected.se), rel=1e-6)
        assert found.df == pytest.approx(number(expected.df), rel=1e-6)


def test_numbers_that_are_not_finite_are_refused() -> None:
    """The fit itself takes no missing values."""
    with pytest.raises(ValueError, match="finite"):
        reml.random_intercept([1.0, float("nan")], np.ones((2, 1)), [1, 1])


def test_each_variance_needs_degrees_of_freedom_of_its_own() -> None:
    """One observation each tells nothing of σ²; two participants in two groups tell nothing of τ²."""
    assert reml.random_intercept([1.0, 4.0, 2.0, 7.0], np.ones((4, 1)), [1, 2, 3, 4]) == "too_few"
    group = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    assert reml.random_intercept([1.0, 4.0, 2.0, 7.0, 5.0, 9.0], group, [1, 1, 1, 2, 2, 2]) == "too_few"


def williams(seed: int, people: int, lost: int) -> pd.DataFrame:
    """Three treatments in six orders, with `lost` periods missing."""
    rng = np.random.default_rng(seed)
    orders = ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"]
    rows = [
        (
            n,
            k,
            orders[n % 6],
            orders[n % 6][k - 1],
            who + {"A": 0, "B": 2, "C": -1}[orders[n % 6][k - 1]] + k + noise,
        )
        for n, who in enumerate(rng.normal(0, 2, people))
        for k, noise in enumerate(rng.normal(0, 1, 3), start=1)
    ]
    frame = pd.DataFrame(rows, columns=["participant", "period", "sequence", "treatment", "value"])
    frame.loc[rng.choice(len(frame), lost, replace=False), "value"] = np.nan
    return frame


@pytest.mark.parametrize("lost", [0, 7])
def test_three_treatments_are_compared_as_statsmodels_does(lost: int) -> None:
    """Estimates and variances of statsmodels' MixedLM, whose standard errors are not adjusted."""
    frame = williams(3, 30, lost)
    found = mixed.compare(frame, "A", method="satterthwaite")
    used = frame.dropna()
    fit = MixedLM.from_formula(
        "value ~ C(treatment) + C(period) + C(sequence)", used, groups="participant"
    ).fit(reml=True, method=["powell", "bfgs"])
    for arm in ("B", "C"):
        contrast = found.treatments[arm]
        assert number(contrast.estimate) == pytest.approx(fit.params[f"C(treatment)[T.{arm}]"], rel=1e-4)
        assert number(contrast.se) == pytest.approx(fit.bse[f"C(treatment)[T.{arm}]"], rel=1e-3)
    assert number(found.residual_variance) == pytest.approx(fit.scale, rel=1e-3)
    assert (found.observations, found.complete + found.partial) == (90 - lost, 30)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.integers(3, 9), st.integers(3, 9), st.integers(0, 3))
def test_two_treatments_in_two_periods_are_a_case_of_it(seed: int, ab: int, ba: int, single: int) -> None:
    """Estimate, error, degrees of freedom and p of the AB/BA model, or the same reason why there are none."""
    frame = trial(seed, ab, ba, single)
    frame["sequence"] = np.where((frame["period"] == 1) == (frame["treatment"] == "a"), "AB", "BA")
    known, general = mixed.crossover(frame, "a", "b"), mixed.compare(frame, "b")
    contrast = general.treatments["a"]
    assert contrast.gap == known.treatment.gap
    for name in ("estimate", "se", "df", "p", "low") if contrast.gap is None else ():
        assert getattr(contrast, name) == pytest.approx(getattr(known.treatment, name), rel=1e-6), name
    assert (general.complete, general.partial) == (known.complete, known.single)


def test_a_treatment_that_is_a_period_or_nobodys_has_no_figure() -> None:
    """One order alone: treatment and period are one. A treatment nobody was rated with has too few."""
    frame = trial(1, 8, 8)
    frame["sequence"] = np.where((frame["period"] == 1) == (frame["treatment"] == "a"), "AB", "BA")
    alone = mixed.compare(frame[frame["sequence"] == "AB"], "b")
    assert (alone.treatments["a"].estimate, alone.treatments["a"].gap) == (None, "collinear")
    frame.loc[frame["treatment"] == "b", "value"] = np.nan
    assert mixed.compare(frame, "b").treatments["a"].gap == "too_few"
    assert mixed.compare(frame, "a").treatments["b"].gap == "too_few"
    with pytest.raises(ValueError, match="nobody has the reference"):
        mixed.compare(frame, "c")


def test_replicates_count_with_all_their_periods() -> None:
    """ABAB and BABA without noise between periods: the difference is the one put in, from four periods each."""
    rows = [
        (n, k, order, arm, 10.0 + n + (3 if arm == "A" else 0) + 0.1 * ((n * k) % 3))
        for n in range(10)
        for order in [("ABAB", "BABA")[n % 2]]
        for k, arm in enumerate(order, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["participant", "period", "sequence", "treatment", "value"])
    found = mixed.compare(frame, "B")
    assert found.observations == 40
    assert number(found.treatments["A"].estimate) == pytest.approx(3, abs=0.1)
