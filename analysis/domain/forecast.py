"""When the planned number will have been enrolled: arrivals as Poisson processes whose rates are known from those so far.

At site i, n_i participants arrived in T_i days; its rate is λ_i | data ~ Gamma(n_i + T_i / (2 ΣT), T_i): Jeffreys' half an
arrival, shared among the sites by their days. Their sum is taken as Gamma(a, b) of the same mean and variance, exact for
one site and for sites of equal days. The wait W for the m-th arrival from now has, over that rate,
P(W ≤ t) = I_{t/(t + b)}(m, a), the regularised incomplete beta function.

Anisimov & Fedorov (2007), doi:10.1002/sim.2956. Not valid where rates change: a site that stopped, a season, an amendment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import betaincinv, gammaincinv

from analysis.domain import checks

PRIOR = 0.5


@dataclass(frozen=True, slots=True)
class SiteArrivals:
    """Participants who arrived at a site in so many days, at least one."""

    site: str
    arrived: int
    days: int


@dataclass(frozen=True, slots=True)
class ForecastEstimate:
    """Median and both ends of an interval: days, or arrivals a day."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ArrivalRate:
    """Gamma(`shape`, `exposure`): arrivals a day, with `exposure` in days."""

    shape: float
    exposure: float

    @property
    def mean(self) -> float:
        return self.shape / self.exposure

    def interval(self, confidence: float) -> ForecastEstimate:
        """Arrivals a day.

        >>> ArrivalRate(shape=10.5, exposure=100).interval(0.8)  # doctest: +ELLIPSIS
        ForecastEstimate(median=0.1016..., low=0.0661..., high=0.1480...)
        """
        checks.within(0, 1, confidence=confidence)
        return _estimate(lambda share: float(gammaincinv(self.shape, share)) / self.exposure, confidence)

    def wait(self, further: int, confidence: float) -> ForecastEstimate:
        """Days until `further` more have arrived, at least one.

        >>> ArrivalRate(shape=10.5, exposure=100).wait(5, 0.8)  # doctest: +ELLIPSIS
        ForecastEstimate(median=45.9..., low=21.6..., high=91.4...)
        """
        checks.within(0, 1, confidence=confidence)
        checks.whole(further=further)
        if further < 1:
            raise ValueError("needs at least one further arrival")

        def days(share: float) -> float:
            odds = float(betaincinv(further, self.shape, share))
            return self.exposure * odds / (1 - odds)

        return _estimate(days, confidence)


def site_rates(sites: Sequence[SiteArrivals]) -> dict[str, ArrivalRate]:
    """Each site's rate. Raises ValueError for a site of less than a day, or a count that is none."""
    for site in sites:
        checks.whole(arrived=site.arrived, days=site.days)
        if site.days < 1:
            raise ValueError(f"site {site.site} needs at least one day")
    days = sum(site.days for site in sites)
    return {site.site: ArrivalRate(site.arrived + PRIOR * site.days / days, site.days) for site in sites}


def joint_rate(rates: Sequence[ArrivalRate]) -> ArrivalRate:
    """That of all sites together. Raises ValueError without sites.

    >>> rates = site_rates([SiteArrivals("01", 6, 100), SiteArrivals("02", 4, 100)])
    >>> round(joint_rate(list(rates.values())).shape, 9)
    10.5
    """
    if not rates:
        raise ValueError("needs at least one site")
    mean = sum(rate.mean for rate in rates)
    variance = sum(rate.shape / rate.exposure**2 for rate in rates)
    return ArrivalRate(mean**2 / variance, mean / variance)


def _estimate(quantile: Callable[[float], float], confidence: float) -> ForecastEstimate:
    tail = (1 - confidence) / 2
    return ForecastEstimate(quantile(0.5), quantile(tail), quantile(1 - tail))
