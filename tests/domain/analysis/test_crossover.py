"""Hills & Armitage's contrasts: golden values, identities and edges."""

from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from analysis.domain import crossover
from analysis.domain.crossover import Contrast, Floats, baseline_adjusted, hills_armitage, pairs
from tests.reference.comparison import data

SCORES = st.integers(0, 52).map(float)
ROWS = st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=12)
FORMOTEROL = [(310, 270), (310, 260), (370, 300), (410, 390), (250, 210), (380, 350), (330, 365)]
SALBUTAMOL = [(370, 385), (310, 400), (380, 410), (290, 320), (260, 340), (90, 220)]


def number(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.requirement("STA-01")
def test_enuresis_trial_gives_the_published_contrasts() -> None:
    """Hills & Armitage (1979), doi:10.1111/j.1365-2125.1979.tb05903.x: 17 and 12 children, R 4.2.2."""
    both = pairs(data("enuresis"), "drug", "placebo")
    found = hills_armitage(both.ab, both.ba)
    t = found.treatment
    assert (t.estimate, t.se, t.t, t.df) == pytest.approx((2.0367647, 0.6186000, 3.2925390, 27), abs=5e-8)
    assert (t.p, t.low, t.high) == pytest.approx((0.0027725, 0.7675023, 3.3060271), abs=5e-8)
    assert found.period.t == pytest.approx(1.2718, abs=5e-5)
    assert (found.carryover.t, found.carryover.p) == pytest.approx((-1.2997, 0.2047), abs=5e-5)
    assert (found.n, found.excluded) == ((17, 12), (0, 0))


def test_asthma_trial_gives_the_published_estimate() -> None:
    """Senn (2002), doi:10.1002/0470854596, chapter 3: formoterol − salbutamol 46.6 l/min on 11 df."""
    found = hills_armitage(FORMOTEROL, SALBUTAMOL)
    assert found.treatment.estimate == pytest.approx(46.6, abs=0.05)
    assert (found.treatment.df, found.n) == (11, (7, 6))


def test_machines_trial_gives_the_published_analysis_of_variance() -> None:
    """Cochran & Cox (1957), table 4.10: F 15.22 (p .0045) for machines and 3.08 (p .117) for order, on 1 and 8."""
    both = pairs(data("machines"), "A", "B")
    found = hills_armitage(both.ab, both.ba)
    assert number(found.treatment.t) ** 2 == pytest.approx(15.22, abs=0.005)
    assert number(found.period.t) ** 2 == pytest.approx(3.08, abs=0.005)
    assert (found.treatment.p, found.period.p) == pytest.approx((0.0045, 0.117), abs=5e-4)


@pytest.mark.filterwarnings("ignore:Precision loss occurred")
@given(ROWS, ROWS)
def test_treatment_is_the_t_test_of_half_differences(
    ab: list[tuple[float, float]], ba: list[tuple[float, float]]
) -> None:
    """The contrast of sequences in ½·(period 1 − period 2) is the treatment; scipy's t-test agrees."""
    one, two = ([(first - second) / 2 for first, second in rows] for rows in (ab, ba))
    assume(len(set(one)) + len(set(two)) > 2)
    found, other = hills_armitage(ab, ba).treatment, ttest_ind(one, two)
    assert (found.t, found.p) == pytest.approx((other.statistic, other.pvalue), rel=1e-9, abs=1e-12)
    interval = other.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-9)


@given(ROWS, ROWS, SCORES)
def test_a_period_effect_moves_the_period_contrast_alone(
    ab: list[tuple[float, float]], ba: list[tuple[float, float]], shift: float
) -> None:
    """Adding to everyone's second period leaves treatment and carry-over where they were."""
    before = hills_armitage(ab, ba)
    one, two = ([(first, second + shift) for first, second in rows] for rows in (ab, ba))
    after = hills_armitage(one, two)
    assert after.treatment.estimate == pytest.approx(before.treatment.estimate, abs=1e-9)
    assert after.carryover.estimate == pytest.approx(before.carryover.estimate, abs=1e-9)
    assert after.period.estimate == pytest.approx(number(before.period.estimate) - shift, abs=1e-9)


@given(ROWS, ROWS)
def test_swapping_the_treatments_changes_signs_alone(
    ab: list[tuple[float, float]], ba: list[tuple[float, float]]
) -> None:
    """Which treatment is called test is a matter of sign; the period contrast does not know of it."""
    one, other = hills_armitage(ab, ba), hills_armitage(ba, ab)
    assert other.treatment.estimate == pytest.approx(-number(one.treatment.estimate), abs=1e-9)
    assert other.carryover.estimate == pytest.approx(-number(one.carryover.estimate), abs=1e-9)
    assert other.period.estimate == pytest.approx(one.period.estimate, abs=1e-9)
    assert other.treatment.se == pytest.approx(one.treatment.se)


def test_carryover_never_chooses_the_analysis() -> None:
    """However large the carry-over contrast, the treatment contrast stays the one within participants."""
    loud = [(first + 100, second + 100) for first, second in FORMOTEROL]
    found, plain = hills_armitage(loud, SALBUTAMOL), hills_armitage(FORMOTEROL, SALBUTAMOL)
    assert number(found.carryover.p) < 0.1 < number(plain.carryover.p)
    assert found.treatment == plain.treatment


def test_a_participant_with_one_period_is_left_out_and_counted() -> None:
    """None and NaN are missing; the denominators say so."""
    found = hills_armitage([*FORMOTEROL, (300, None)], [*SALBUTAMOL, (float("nan"), 310), (None, None)])
    assert found.treatment == hills_armitage(FORMOTEROL, SALBUTAMOL).treatment
    assert (found.n, found.excluded) == ((7, 6), (1, 2))


@pytest.mark.parametrize(
    ("ab", "ba", "gap", "estimate"),
    [
        ([], [], "sequence_empty", None),
        ([(1, 2), (3, 5)], [], "sequence_empty", None),
        ([(5, 2)], [(1, 2)], "too_few", 2.0),
        ([(5, 2), (6, 3)], [(1, 2), (2, 3)], "no_variation", 2.0),
        ([(0.3, 0.1), (1000.3, 1000.1)], [(0.1, 0.3), (1000.1, 1000.3)], "no_variation", 0.2),
    ],
)
def test_what_the_data_do_not_determine_is_none(
    ab: list[tuple[float, float]], ba: list[tuple[float, float]], gap: str, estimate: float | None
) -> None:
    """Nobody, one sequence, two participants, no variation (rounding is none): no t, no p, no interval."""
    found = hills_armitage(ab, ba).treatment
    assert (found.gap, found.se, found.t, found.p, found.low, found.high) == (
        gap,
        None,
        None,
        None,
        None,
        None,
    )
    assert found.estimate == (None if estimate is None else pytest.approx(estimate))


def test_values_that_are_not_pairs_are_refused() -> None:
    """Three columns, or infinity, are mistakes of the caller."""
    for rows in ([(1, 2, 3)], [(1, float("inf"))], [1, 2]):
        with pytest.raises(ValueError, match="shape"):
            hills_armitage(rows, SALBUTAMOL)


def test_rows_become_pairs_whatever_their_order() -> None:
    """Shuffled rows give the same pairs, and a single period is enough to know the sequence."""
    frame = data("asthma")
    shuffled = frame.sample(frac=1, random_state=3).query("not (participant == 2 and period == 1)")
    both = pairs(shuffled, "formoterol", "salbutamol")
    assert both.ab.tolist() == [list(map(float, row)) for row in FORMOTEROL]
    assert both.ba_participants == (2, 3, 5, 9, 12, 13)
    assert np.isnan(both.ba[0, 0])
    assert both.ba[0, 1] == 385


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("period", 3, "periods 1 and 2"),
        ("treatment", "placebo", "periods 1 and 2"),
        ("period", 1, "one period twice"),
        ("treatment", "formoterol", "same treatment in both"),
    ],
)
def test_rows_that_are_no_crossover_are_refused(column: str, value: object, message: str) -> None:
    """A third period or treatment, a period twice, one treatment twice."""
    frame = data("asthma")
    frame.loc[1, column] = value
    with pytest.raises(ValueError, match=message):
        pairs(frame, "formoterol", "salbutamol")


def test_no_rows_are_no_pairs() -> None:
    """An empty frame is an empty trial."""
    none = pairs(pd.DataFrame(columns=["participant", "period", "treatment", "value"]), "a", "b")
    assert (none.ab.shape, none.ba.shape) == ((0, 2), (0, 2))


@given(st.integers(0, 10**6))
def test_baseline_adjustment_is_the_same_for_totals_and_changes(seed: int) -> None:
    """Subtracting the baselines from the outcomes moves the slope by 1 and nothing else."""
    rng = np.random.default_rng(seed)
    ab, ba, at_ab, at_ba = (rng.normal(20, 5, (n, 2)) for n in (5, 4, 5, 4))
    total, change = (
        baseline_adjusted(ab, ba, at_ab, at_ba),
        baseline_adjusted(ab - at_ab, ba - at_ba, at_ab, at_ba),
    )
    for name in ("estimate", "se", "df", "p", "low", "high"):
        assert getattr(change.treatment, name) == pytest.approx(
            getattr(total.treatment, name), rel=1e-7, abs=1e-9
        )
    assert change.slope.estimate == pytest.approx(number(total.slope.estimate) - 1)


def test_baseline_adjustment_finds_effects_put_in() -> None:
    """y = level + baseline slope + treatment + period, with a little error, comes out as put in."""
    rng = np.random.default_rng(1)
    at_ab, at_ba = rng.normal(25, 4, (30, 2)), rng.normal(25, 4, (30, 2))
    error = rng.normal(0, 0.01, (60, 2))
    ab = 0.7 * at_ab + [3.0, 0.0] + [2.0, 0.0] + error[:30]
    ba = 0.7 * at_ba + [0.0, 3.0] + [2.0, 0.0] + error[30:]
    found = baseline_adjusted(ab, ba, at_ab, at_ba)
    estimates = (found.treatment.estimate, found.period.estimate, found.slope.estimate)
    assert estimates == pytest.approx((3.0, 2.0, 0.7), abs=0.01)


def test_baselines_without_use_are_named() -> None:
    """Differences that do not vary, too few participants, an empty sequence, no error left."""
    ab, ba = np.array([(9.0, 4.0), (7.0, 3.0), (8.0, 1.0)]), np.array([(5.0, 9.0), (4.0, 7.0), (6.0, 8.0)])
    flat = np.full((3, 2), 20.0)
    varied = np.array([(20.0, 21.0), (20.0, 24.0), (22.0, 20.0)])
    gaps: list[tuple[Contrast, str]] = [
        (baseline_adjusted(ab, ba, flat, flat).treatment, "collinear"),
        (baseline_adjusted(ab[:2], ba[:1], varied[:2], varied[:1]).treatment, "too_few"),
        (baseline_adjusted(ab, [], varied, []).treatment, "sequence_empty"),
        (baseline_adjusted(2 * varied, 2 * varied, varied, varied).treatment, "no_variation"),
    ]
    assert [found.gap for found, _ in gaps] == [gap for _, gap in gaps]
    with pytest.raises(ValueError, match="same participants"):
        baseline_adjusted(ab, ba, flat, flat[:2])


def test_baseline_missing_in_one_period_leaves_the_participant_out() -> None:
    """A pair needs both outcomes and both baselines."""
    varied = np.array([(20.0, 21.0), (20.0, 24.0), (22.0, 20.0)])
    missing = cast(Floats, np.where(varied == 24.0, np.nan, varied))
    found = baseline_adjusted([(9, 4), (7, 3), (8, 1)], [(5, 9), (4, 7), (6, 8)], missing, varied)
    assert (found.n, found.excluded) == ((2, 3), (1, 0))


@pytest.mark.parametrize(("se", "df", "level"), [(0, 5, 0.95), (1, 0, 0.95), (1, 5, 1.0)])
def test_student_refuses_what_has_no_distribution(se: float, df: float, level: float) -> None:
    """No standard error, no degrees of freedom, or a level of 1."""
    with pytest.raises(ValueError, match=r"positive|between 0 and 1"):
        crossover.student(1.0, se, df, level)


@given(st.lists(st.integers(-52, 20), min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1))
def test_the_change_within_a_treatment_is_students_test(changes: list[int]) -> None:
    """scipy's one-sample t-test and its interval."""
    found, known = crossover.within(changes), ttest_1samp(changes, 0)
    interval = known.confidence_interval(0.95)
    assert (found.t, found.p, found.df) == pytest.approx((known.statistic, known.pvalue, known.df))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_a_change_that_nobody_or_everybody_shares_has_no_test() -> None:
    assert crossover.within([]).gap == crossover.within([-3]).gap == "too_few"
    assert (crossover.within([-3, -3]).estimate, crossover.within([-3, -3]).gap) == (-3, "no_variation")
