"""Paired binary outcomes: golden values, enumerations and edges."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, log, sqrt
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import multinomial

from analysis.domain.binary import (
    PairedTable,
    Preferences,
    mainland_gart,
    mcnemar_chi2,
    mcnemar_exact,
    mcnemar_mid_p,
    paired_table,
    preferences,
    prescott,
)
from analysis.domain.difference import risk_difference
from analysis.domain.intervals import clopper_pearson, wilson

Method = Literal["newcombe", "tango"]
METHODS: tuple[Method, ...] = ("newcombe", "tango")
CELLS = st.integers(0, 8)
THREE = st.tuples(CELLS, CELLS, CELLS)
TABLES = st.builds(PairedTable, CELLS, CELLS, CELLS, CELLS)


def number(value: float | None) -> float:
    assert value is not None
    return value


def test_mcnemar_gives_the_values_of_r() -> None:
    """150 against 86, 9 against 1, 7 against 0: R 4.2.2."""
    plain, corrected = mcnemar_chi2(150, 86), mcnemar_chi2(150, 86, correct=True)
    assert (plain.statistic, corrected.statistic) == pytest.approx((17.35593, 16.81780), abs=5e-6)
    assert mcnemar_exact(150, 86) == pytest.approx(3.716e-5, abs=5e-9)
    assert (mcnemar_exact(9, 1), mcnemar_mid_p(9, 1)) == pytest.approx((0.021484, 0.011719), abs=5e-7)
    assert (mcnemar_exact(7, 0), mcnemar_mid_p(7, 0)) == (0.015625, 0.0078125)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1, 7, (0.034, 0.077, 0.070, 0.039)), (6, 16, (0.033, 0.055, 0.052, 0.035))],
)
def test_mcnemar_gives_the_published_p_values(first: int, second: int, expected: tuple[float, ...]) -> None:
    """Fagerland, Lydersen & Laake (2013), doi:10.1186/1471-2288-13-91: airway reactivity and complete response."""
    found = (
        mcnemar_chi2(first, second).p,
        mcnemar_chi2(first, second, correct=True).p,
        mcnemar_exact(first, second),
        mcnemar_mid_p(first, second),
    )
    assert found == pytest.approx(expected, abs=5.1e-4)


@pytest.mark.parametrize(("first", "second"), [(a, b) for a in range(7) for b in range(7 - a)])
def test_mcnemar_exact_counts_every_way_the_pairs_could_have_fallen(first: int, second: int) -> None:
    """All 2^n assignments: those as far from even count whole; the ones exactly as far count half for mid-p."""
    n = first + second
    distance = [abs(2 * sum(ways) - n) for ways in product((0, 1), repeat=n)]
    beyond = Fraction(sum(d > abs(first - second) for d in distance), len(distance))
    equal = Fraction(sum(d == abs(first - second) for d in distance), len(distance))
    assert mcnemar_exact(first, second) == pytest.approx(float(beyond + equal))
    assert mcnemar_mid_p(first, second) == pytest.approx(float(beyond + equal / 2) if n else 1.0)


def test_mcnemar_without_a_discordant_pair_rejects_nothing() -> None:
    """No evidence: p is 1 where it is defined, and no χ²; ties between the sides give a statistic of 0."""
    assert (mcnemar_exact(0, 0), mcnemar_mid_p(0, 0), mcnemar_chi2(0, 0).p) == (1.0, 1.0, None)
    assert (mcnemar_chi2(4, 4, correct=True).statistic, mcnemar_exact(4, 4)) == (0, 1.0)


@pytest.mark.parametrize(
    ("split", "fisher", "exact"),
    [((4, 3), 0.02857, 0.02165), ((5, 2), 0.04762, 0.01082), ((6, 1), 0.14286, 0.00216)],
)
def test_seven_to_nothing_depends_on_the_split_over_the_sequences(
    split: tuple[int, int], fisher: float, exact: float
) -> None:
    """Seven discordant of 6 + 6 participants, all for one treatment: R 4.2.2."""
    order = Preferences((split[0], 6 - split[0], 0), (0, 6 - split[1], split[1]))
    assert mainland_gart(order).fisher_p == pytest.approx(fisher, abs=5e-6)
    assert prescott(order).exact_p == pytest.approx(exact, abs=5e-6)


def test_asthma_preferences_show_a_difference_and_no_finite_odds() -> None:
    """Senn (2002), doi:10.1002/0470854596, chapter 4: 9, 3, 0 and 1, 5, 6. One cell is empty."""
    found = mainland_gart(Preferences((9, 3, 0), (1, 5, 6)))
    assert found.fisher_p == pytest.approx(7 / 8008)
    assert (found.odds.estimate, found.odds.high, found.zero_cells) == (None, None, ("ab_period2",))
    assert number(found.odds.low) > 1


@settings(deadline=None, max_examples=60)
@given(THREE, THREE)
def test_fishers_test_counts_every_deal_of_the_preferences(
    ab: tuple[int, int, int], ba: tuple[int, int, int]
) -> None:
    """All deals of the discordant participants to the sequences, those no more likely than the observed one."""
    first, second, row = ab[0] + ba[0], ab[2] + ba[2], ab[0] + ab[2]
    ways = {
        x: comb(first, x) * comb(second, row - x) for x in range(max(0, row - second), min(first, row) + 1)
    }
    p = Fraction(sum(way for way in ways.values() if way <= ways[ab[0]]), sum(ways.values()))
    assert mainland_gart(Preferences(ab, ba)).fisher_p == pytest.approx(float(p))


@settings(deadline=None, max_examples=40)
@given(st.tuples(*[st.integers(0, 3)] * 3), st.tuples(*[st.integers(0, 3)] * 3))
def test_prescotts_test_counts_every_deal_of_the_scores(
    ab: tuple[int, int, int], ba: tuple[int, int, int]
) -> None:
    """All choices of who is in AB; those whose sum is as far from its mean; and the variance of that sum."""
    scores = [
        score for row in (ab, ba) for score, count in zip((1, 0, -1), row, strict=True) for _ in range(count)
    ]
    n, n_ab = len(scores), sum(ab)
    found = prescott(Preferences(ab, ba))
    if n_ab in (0, n) or len(set(scores)) == 1:
        assert (found.exact_p, found.trend.statistic) == (1.0, None)
        return
    mean = Fraction(n_ab * sum(scores), n)
    sums = [sum(scores[i] for i in chosen) for chosen in combinations(range(n), n_ab)]
    observed = abs(ab[0] - ab[2] - mean)
    assert found.exact_p == pytest.approx(sum(abs(t - mean) >= observed for t in sums) / len(sums))
    variance = sum((t - mean) ** 2 for t in sums) / len(sums)
    permutation = float(observed**2 / variance)
    assert found.trend.statistic == pytest.approx(permutation * n / (n - 1)), (
        "the trend test divides by N, not N − 1"
    )


@given(THREE, THREE)
def test_the_order_of_sequences_and_periods_does_not_matter(
    ab: tuple[int, int, int], ba: tuple[int, int, int]
) -> None:
    """Swapping the sequences, or the periods, swaps the treatments: the p-values stay, the odds turn over."""
    one = Preferences(ab, ba)
    reversed_ab, reversed_ba = (ab[2], ab[1], ab[0]), (ba[2], ba[1], ba[0])
    for other in (Preferences(ba, ab), Preferences(reversed_ab, reversed_ba)):
        assert mainland_gart(other).fisher_p == pytest.approx(mainland_gart(one).fisher_p)
        assert prescott(other).exact_p == pytest.approx(prescott(one).exact_p)
        if not one.zero_cells:
            product_of_odds = number(mainland_gart(other).odds.estimate) * number(
                mainland_gart(one).odds.estimate
            )
            assert product_of_odds == pytest.approx(1, rel=1e-6)


def test_empty_rows_and_columns_give_no_statistic() -> None:
    """One sequence empty, nobody discordant, everyone better in one period."""
    for order in (
        Preferences((3, 2, 1), (0, 0, 0)),
        Preferences((0, 4, 0), (0, 5, 0)),
        Preferences((4, 1, 0), (3, 2, 0)),
    ):
        found = mainland_gart(order)
        assert (found.fisher_p, found.pearson.p, found.odds.estimate) == (1.0, None, None)
        assert found.zero_cells
    assert Preferences((0, 1, 2), (3, 4, 0)).zero_cells == ("ab_period1", "ba_period2")


@pytest.mark.parametrize(
    ("table", "method", "low", "high", "digits"),
    [
        (PairedTable(59, 6, 16, 80), "newcombe", -0.1186, -0.0046, 4),
        (PairedTable(59, 6, 16, 80), "tango", -0.1240, -0.0054, 4),
        (PairedTable(1, 1, 7, 12), "newcombe", -0.507, -0.026, 3),
        (PairedTable(1, 1, 7, 12), "tango", -0.517, -0.026, 3),
    ],
)
def test_risk_difference_has_the_published_intervals(
    table: PairedTable, method: Method, low: float, high: float, digits: int
) -> None:
    """Fagerland, Lydersen & Laake (2014), doi:10.1002/sim.6148; more digits from their package contingencytables."""
    found = risk_difference(table, method)
    assert (round(number(found.low), digits), round(number(found.high), digits)) == (low, high)


@pytest.mark.parametrize("method", METHODS)
@given(TABLES)
def test_risk_difference_stays_in_range_and_turns_with_the_treatments(
    method: Method, table: PairedTable
) -> None:
    """−1 ≤ low ≤ estimate ≤ high ≤ 1, and swapping the treatments mirrors the interval."""
    found = risk_difference(table, method)
    if table.n == 0:
        assert (found.estimate, found.low, found.high) == (None, None, None)
        return
    assert -1 <= number(found.low) <= number(found.estimate) <= number(found.high) <= 1
    other = risk_difference(
        PairedTable(table.both, table.reference_only, table.test_only, table.neither), method
    )
    assert (other.low, other.high) == pytest.approx((-number(found.high), -number(found.low)), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(TABLES.filter(lambda table: table.n > 0))
def test_tangos_limits_are_where_the_score_test_turns(table: PairedTable) -> None:
    """At a limit Δ the score statistic, with the probability of reference only found by search, is ± 1.96."""
    b, c, n = table.test_only, table.reference_only, table.n
    found = risk_difference(table, "tango")
    for limit in (number(found.low), number(found.high)):
        if abs(limit) > 0.999:
            continue

        def surprise(q: float, delta: float = limit) -> float:
            terms = ((b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta))
            return -sum(count * log(max(p, 1e-300)) for count, p in terms if count)

        bounds = (max(0.0, -limit), (1 - limit) / 2)
        q = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
        score = (b - c - n * limit) / sqrt(n * (2 * q + limit - limit**2))
        assert abs(score) == pytest.approx(1.959964, abs=2e-3)


def test_zero_cells_are_no_trouble_for_the_risk_difference() -> None:
    """No discordant pair, and nothing but discordant pairs, still give an interval."""
    for method in METHODS:
        none, all_of_them = (risk_difference(PairedTable(0, n, 0, 5 - n), method) for n in (0, 5))
        assert number(none.high) == pytest.approx(-number(none.low)) == pytest.approx(0.4344825)
        assert (all_of_them.estimate, all_of_them.high) == pytest.approx((1, 1))
        assert 0 < number(all_of_them.low) < 0.5


@pytest.mark.parametrize(
    ("count", "n", "score", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_proportions_have_the_published_intervals(
    count: int, n: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    """Newcombe (1998), table I, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E."""
    assert wilson(count, n) == pytest.approx(score, abs=5e-5)
    assert clopper_pearson(count, n) == pytest.approx(exact, abs=5e-5)


def test_outcomes_become_preferences_and_a_table() -> None:
    """Whoever lacks an outcome counts in neither; both count the same participants."""
    ab = [(True, False), (True, True), (False, False), (None, True), (False, True)]
    ba = [(False, True), (True, False), (True, True), (None, None)]
    assert preferences(ab, ba) == Preferences((1, 2, 1), (1, 1, 1))
    assert paired_table(ab, ba) == PairedTable(both=2, test_only=2, reference_only=2, neither=1)
    assert paired_table([], []) == PairedTable(0, 0, 0, 0)


def test_what_is_no_count_or_outcome_is_refused() -> None:
    """Negative and broken counts, and outcomes other than yes and no."""
    for build in (
        lambda: mcnemar_exact(-1, 3),
        lambda: Preferences((1, 2, -3), (0, 0, 0)),
        lambda: PairedTable(1, 2, 3, -1),
        lambda: mcnemar_chi2(0.5, 3),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="whole number"):
            build()
    with pytest.raises(ValueError, match="True, False or None"):
        preferences([(1, 2)], [])


@pytest.mark.parametrize(
    ("method", "truth", "coverage"),
    [
        ("newcombe", (0.0, 0.18, 0.82), 0.8586),
        ("tango", (0.0, 0.0, 0.96), 0.9191),
        ("newcombe", (0.02, 0.16, 0.80), 0.8947),
        ("tango", (0.02, 0.34, 0.62), 0.9363),
    ],
)
def test_the_level_that_the_docs_state_is_the_one_kept(
    method: Method, truth: tuple[float, float, float], coverage: float
) -> None:
    """Exact coverage of 12 pairs at the worst truths of docs/statistics/comparison.md."""
    n, cells = 12, (*truth, 1 - sum(truth))
    difference, covered = truth[1] - truth[2], 0.0
    for both, one, other in product(range(n + 1), repeat=3):
        if (neither := n - both - one - other) < 0:
            continue
        found = risk_difference(PairedTable(both, one, other, neither), method)
        if number(found.low) <= difference + 1e-12 and difference - 1e-12 <= number(found.high):
            covered += float(multinomial.pmf((both, one, other, neither), n, cells))
    assert covered == pytest.approx(coverage, abs=1e-4)


def test_large_samples_hand_over_to_the_asymptotic_tests() -> None:
    """Up to 500 the exact p counts; beyond there is none, and p is that of χ²: near the exact one there."""
    small = Preferences((90, 80, 70), (75, 85, 100))
    large = Preferences((91, 80, 70), (75, 85, 100))
    exact, asymptotic = prescott(small), prescott(large)
    assert exact.p == exact.exact_p
    assert exact.trend.p == pytest.approx(exact.exact_p, abs=0.003)
    assert (asymptotic.exact_p, asymptotic.p) == (None, asymptotic.trend.p)
    exact_gart = mainland_gart(Preferences((130, 0, 120), (110, 0, 140)))
    gart = mainland_gart(Preferences((130, 0, 121), (110, 0, 140)))
    assert exact_gart.p == exact_gart.fisher_p
    assert (gart.fisher_p, gart.p, gart.odds.method) == (None, gart.pearson.p, "Woolf")
    assert number(gart.odds.estimate) == pytest.approx(number(exact_gart.odds.estimate), abs=0.01)
    assert number(gart.odds.low) == pytest.approx(number(exact_gart.odds.low), abs=0.02)
    assert number(gart.odds.high) == pytest.approx(number(exact_gart.odds.high), abs=0.02)
    assert mainland_gart(Preferences((600, 0, 0), (300, 0, 200))).odds.estimate is None
