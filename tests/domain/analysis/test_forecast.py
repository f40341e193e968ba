"""When the planned number is reached: against closed forms, scipy's distributions and a simulation of the model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betaprime, gamma, nbinom

from analysis.domain.forecast import ArrivalRate, SiteArrivals, joint_rate, site_rates

SITES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 900)), min_size=1, max_size=6)


def arrivals(pairs: list[tuple[int, int]]) -> list[SiteArrivals]:
    return [SiteArrivals(f"{number:02}", n, days) for number, (n, days) in enumerate(pairs, 1)]


@given(st.integers(0, 200), st.integers(1, 2000), st.integers(1, 50))
def test_the_wait_has_the_quantiles_of_a_beta_prime(n: int, days: int, further: int) -> None:
    """scipy.stats.betaprime, computed by another route."""
    wait = ArrivalRate(n + 0.5, days).wait(further, 0.8)
    for share, found in ((0.1, wait.low), (0.5, wait.median), (0.9, wait.high)):
        assert found == pytest.approx(betaprime(further, n + 0.5, scale=days).ppf(share), rel=1e-6)


def test_the_wait_for_the_next_has_a_closed_form() -> None:
    """One further arrival: P(W ≤ t) = 1 − (b / (t + b))^a."""
    wait = ArrivalRate(10.5, 100).wait(1, 0.9)
    assert wait.median == pytest.approx(100 * (0.5 ** (-1 / 10.5) - 1))
    assert wait.high == pytest.approx(100 * (0.05 ** (-1 / 10.5) - 1))


def test_the_number_that_comes_by_then_is_negative_binomial() -> None:
    """P(W ≤ t) = P(at least m arrive in t), which is negative binomial."""
    rate = ArrivalRate(7.5, 150)
    days = rate.wait(12, 0.8).high
    assert nbinom(7.5, 150 / (150 + days)).sf(11) == pytest.approx(0.9)


def test_a_simulation_of_the_model_agrees() -> None:
    random = np.random.default_rng(2007)
    rates = random.gamma(12.5, 1 / 365, size=200_000)
    waits = random.gamma(18, 1 / rates)
    wait = ArrivalRate(12.5, 365).wait(18, 0.8)
    assert np.quantile(waits, [0.1, 0.5, 0.9]) == pytest.approx([wait.low, wait.median, wait.high], rel=0.01)


@given(SITES)
def test_sites_together_keep_mean_and_variance(pairs: list[tuple[int, int]]) -> None:
    rates = list(site_rates(arrivals(pairs)).values())
    joint = joint_rate(rates)
    assert joint.mean == pytest.approx(sum(rate.mean for rate in rates))
    assert gamma(joint.shape, scale=1 / joint.exposure).var() == pytest.approx(
        sum(rate.shape / rate.exposure**2 for rate in rates)
    )


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 900))
def test_sites_of_equal_days_are_one_site(counts: list[int], days: int) -> None:
    joint = joint_rate(list(site_rates(arrivals([(n, days) for n in counts])).values()))
    assert joint.shape == pytest.approx(sum(counts) + 0.5)
    assert joint.exposure == pytest.approx(days)


def test_what_is_no_count_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        site_rates([SiteArrivals("01", 3, 0)])
    with pytest.raises(ValueError, match="whole number"):
        site_rates([SiteArrivals("01", -1, 10)])
    with pytest.raises(ValueError, match="further"):
        ArrivalRate(3.5, 10).wait(0, 0.8)
    with pytest.raises(ValueError, match="confidence"):
        ArrivalRate(3.5, 10).interval(95)
    with pytest.raises(ValueError, match="site"):
        joint_rate([])
