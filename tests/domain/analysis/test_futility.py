"""The chance that is left, and safety: golden values, edges, and a second way to each figure."""

from itertools import pairwise
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import beta as beta_function

from analysis.domain import futility, safety_monitoring

FRACTIONS = st.floats(0.05, 0.95)
STATISTICS = st.floats(-4, 4)


def test_conditional_power_is_what_simulated_paths_do() -> None:
    """A million Brownian paths on from Z(0.4) = 0.8 cross as often as the formula says."""
    rng = np.random.default_rng(1)
    z, t, drift = 0.8, 0.4, 2.5
    ends = z * sqrt(t) + drift * (1 - t) + sqrt(1 - t) * rng.standard_normal(1_000_000)
    expected = futility.conditional_power(z, t, drift)
    error = sqrt(expected * (1 - expected) / len(ends))
    assert abs((ends >= futility.CRITICAL).mean() - expected) < 4 * error


@given(z=STATISTICS, t=FRACTIONS)
def test_predictive_power_is_the_average_of_conditional_power(z: float, t: float) -> None:
    """Averaged over the flat prior's posterior of the drift, N(z/√t, 1/t)."""
    spread = 1 / sqrt(t)
    average, _error = integrate.quad(
        lambda u: futility.conditional_power(z, t, z / sqrt(t) + spread * u) * stats.norm.pdf(u), -8, 8
    )
    assert futility.predictive_power(z, t) == pytest.approx(average, abs=1e-6)


@given(z=STATISTICS, t=FRACTIONS)
def test_more_drift_is_more_power(z: float, t: float) -> None:
    powers = [futility.conditional_power(z, t, drift) for drift in (-1, 0, 1, 2, 3)]
    assert all(a <= b for a, b in pairwise(powers))


def test_at_the_end_the_answer_is_known() -> None:
    assert futility.conditional_power(2, 1, drift=0) == 1
    assert futility.conditional_power(1.9, 1, drift=5) == 0
    assert futility.predictive_power(2, 1) == 1


@pytest.mark.parametrize("t", [-0.1, 1.1])
def test_a_fraction_that_is_none_is_refused(t: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        futility.conditional_power(1, t, 0)


def test_before_any_information_there_is_no_trend() -> None:
    with pytest.raises(ValueError, match="no trend"):
        futility.trend(0, 0)
    with pytest.raises(ValueError, match="flat prior"):
        futility.predictive_power(0, 0)
    assert futility.conditional_power(0, 0, drift=0) == pytest.approx(0.025)


@given(n=st.integers(0, 12), more=st.integers(0, 12), data=st.data())
def test_the_predictive_probability_adds_up_by_hand(n: int, more: int, data: st.DataObject) -> None:
    """The sum over all futures, each weighed with the beta-binomial written out."""
    x = data.draw(st.integers(0, n))
    a, b, planned = 0.6, 0.4, n + more
    total = sum(
        comb(more, y)
        * beta_function(a + x + y, b + n - x + more - y)
        / beta_function(a + x, b + n - x)
        * (stats.beta.sf(0.5, a + x + y, b + planned - x - y) > 0.9)
        for y in range(more + 1)
    )
    found = futility.bayesian_predictive_probability(x, n, planned, p0=0.5, success=0.9, prior=(a, b))
    assert found == pytest.approx(total)
    assert 0 <= found <= 1 + 1e-12


@pytest.mark.parametrize("counts", [(3, 2, 10), (-1, 2, 10), (1, 5, 4)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"does not hold|whole number"):
        futility.bayesian_predictive_probability(*counts, p0=0.5, success=0.9)


@given(n=st.integers(1, 60), data=st.data())
def test_one_more_event_is_never_safer(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n - 1))
    assert safety_monitoring.exceedance(x, n) <= safety_monitoring.exceedance(x + 1, n)


def test_the_boundary_is_where_stopping_begins() -> None:
    """At each row's number the rule stops; one event fewer does not."""
    for n, events in safety_monitoring.boundary(60):
        assert safety_monitoring.stops(events, n)
        assert not safety_monitoring.stops(events - 1, n)


def test_impossible_event_counts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"does not hold|whole number"):
        safety_monitoring.exceedance(4, 3)
    assert safety_monitoring.exceedance(0, 0) == pytest.approx(stats.beta.sf(0.1, 1, 9))


AHEAD, LIMITS = [0.7, 1.0], [2.4, 2.0]


def test_with_looks_between_simulated_paths_cross_as_often_as_integrated() -> None:
    """A million paths on from Z(0.5) = 1 over two looks, under a drift and under drifts drawn from what is known."""
    rng = np.random.default_rng(2)
    z, t, n = 1.0, 0.5, 1_000_000
    steps = rng.standard_normal((n, 2)) * np.sqrt([0.2, 0.3])
    known = z / sqrt(t) + rng.standard_normal(n) / sqrt(t)
    for drifts, expected in (
        (np.full(n, 2.0), futility.crossing_power(z, t, 2.0, AHEAD, LIMITS)),
        (known, futility.predictive_crossing(z, t, AHEAD, LIMITS)),
    ):
        path = z * sqrt(t) + np.cumsum(steps + drifts[:, None] * [0.2, 0.3], axis=1)
        share = (path / np.sqrt(AHEAD) >= LIMITS).any(axis=1).mean()
        assert abs(share - expected) < 4 * sqrt(expected * (1 - expected) / n)


@given(z=STATISTICS, t=FRACTIONS, drift=st.floats(-4, 6))
def test_one_look_left_is_the_textbook_formula(z: float, t: float, drift: float) -> None:
    """Φ((z√t + θ(1 − t) − c)/√(1 − t)) of Lan & Wittes, Φ((z − c√t)/√(1 − t)) of Spiegelhalter et al."""
    c = futility.CRITICAL
    closed = stats.norm.cdf((z * sqrt(t) + drift * (1 - t) - c) / sqrt(1 - t))
    assert futility.crossing_power(z, t, drift, [1.0], [c]) == pytest.approx(closed, abs=1e-12)
    closed = stats.norm.cdf((z - c * sqrt(t)) / sqrt(1 - t))
    assert futility.predictive_crossing(z, t, [1.0], [c]) == pytest.approx(closed, abs=1e-12)


@given(t=FRACTIONS, below=st.floats(0.02, 0.9))
def test_the_limit_is_where_the_chance_is_what_the_rule_says(t: float, below: float) -> None:
    found = futility.limit(lambda z: futility.predictive_power(z, t), below, lowest=-40)
    assert found is not None
    assert futility.predictive_power(found, t) == pytest.approx(below, abs=1e-6)


def test_a_chance_that_is_never_so_small_has_no_limit() -> None:
    assert futility.limit(lambda z: futility.conditional_power(z, 0.5, 9.0), 0.1) is None


@pytest.mark.parametrize(("ahead", "limits"), [([], []), ([0.4], [2.0]), ([0.7, 1.0], [2.0])])
def test_looks_that_do_not_lie_ahead_are_refused(ahead: list[float], limits: list[float]) -> None:
    with pytest.raises(ValueError, match="looks ahead"):
        futility.crossing_power(1, 0.5, 0, ahead, limits)
    with pytest.raises(ValueError, match="before the first information"):
        futility.predictive_crossing(1, 0, [1.0], [2.0])


def test_the_paired_predictive_probability_is_what_drawn_futures_do() -> None:
    """Shares drawn from their Dirichlet, participants from the shares: 4 against 2 of 12, 18 to come."""
    rng = np.random.default_rng(3)
    futures = rng.multinomial(18, rng.dirichlet([5, 3, 7], size=200_000))
    first, second = 4 + futures[:, 0], 2 + futures[:, 1]
    p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(first, second), first + second, 0.5))
    share = ((p <= 0.0497) & (first > second)).mean()
    expected = futility.paired_predictive_probability(4, 2, 12, 30, level=0.0497)
    assert abs(share - expected) < 4 * sqrt(expected * (1 - expected) / len(futures))


@given(n=st.integers(0, 15), more=st.integers(0, 12), data=st.data())
def test_every_future_has_its_share(n: int, more: int, data: st.DataObject) -> None:
    """At level 1 all futures count that favour a side: both sides and the ties make 1."""
    first = data.draw(st.integers(0, n))
    second = data.draw(st.integers(0, n - first))
    one = futility.paired_predictive_probability(first, second, n, n + more, level=1)
    other = futility.paired_predictive_probability(second, first, n, n + more, level=1)
    assert 0 <= one <= 1 + 1e-12
    assert one + other <= 1 + 1e-12
    if more == 0:
        assert (one, other) == pytest.approx((float(first > second), float(second > first)))


def test_impossible_pairs_are_refused() -> None:
    for counts in [(3, 2, 4, 10), (-1, 2, 4, 10), (1, 1, 5, 4)]:
        with pytest.raises(ValueError, match=r"does not hold|whole number"):
            futility.paired_predictive_probability(*counts, level=0.05)
