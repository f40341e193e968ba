"""When the planned number will have been enrolled, and finished, if things go on as they went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from analysis.blinded.figures import SiteFigures, StudyFigures
from analysis.domain.forecast import ForecastEstimate, SiteArrivals, joint_rate, site_rates
from analysis.interim_data import today_of
from enrollment.halts.selectors import halted
from trialsite.accounts.models import Study

CONFIDENCE = 0.8
MONTH = 365.25 / 12
# Beyond it no date is worth saying.
FARTHEST = 20 * 366


@dataclass(frozen=True, slots=True)
class DateRange:
    """Days; `high` None where it lies too far off to say."""

    median: date
    low: date
    high: date | None


@dataclass(frozen=True, slots=True)
class SiteForecast:
    """Randomised a month, and how many of the planned number by when it is reached."""

    name: str
    since: date
    randomised: int
    monthly: ForecastEstimate
    expected: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """`why_not`: why there is none; else when the planned number is enrolled, and the last of them finished."""

    planned: int
    randomised: int
    why_not: str = ""
    enrolled: DateRange | None = None
    finished: DateRange | None = None
    sites: tuple[SiteForecast, ...] = ()


def forecast_of(study: Study, figures: StudyFigures, own: set[str]) -> Forecast:
    """Of the whole study; of the sites in `own` each by itself too."""
    today = today_of(study)
    open_sites = [site for site in figures.sites if site.since and site.since < today]
    further = figures.planned - figures.randomised
    if why_not := _why_not(study, figures, further, open_sites):
        return Forecast(figures.planned, figures.randomised, why_not)
    days = {site.site: (today - site.since).days for site in open_sites if site.since}
    rates = site_rates([SiteArrivals(site.site, site.randomised, days[site.site]) for site in open_sites])
    joint = joint_rate(list(rates.values()))
    enrolled = _dates(today, joint.wait(further, CONFIDENCE))
    if enrolled is None:
        return Forecast(
            figures.planned, figures.randomised, _("At the rate so far it is too far off to say.")
        )
    sites = tuple(
        SiteForecast(
            site.site,
            site.since,
            site.randomised,
            _monthly(rates[site.site].interval(CONFIDENCE)),
            site.randomised + further * rates[site.site].mean / joint.mean,
        )
        for site in open_sites
        if site.since and site.site in own
    )
    return Forecast(
        figures.planned,
        figures.randomised,
        enrolled=enrolled,
        finished=_later(enrolled, figures.stay),
        sites=sites,
    )


def _why_not(study: Study, figures: StudyFigures, further: int, open_sites: Sequence[SiteFigures]) -> str:
    if further <= 0:
        return _("The planned number is enrolled.")
    if halted(study, "screening") or halted(study, "randomisation"):
        return _("Enrolment is halted: there is no forecast until it is resumed.")
    if not open_sites or not figures.randomised:
        return _("Nobody is randomised yet: there is no rate to go by.")
    return ""


def _dates(today: date, wait: ForecastEstimate) -> DateRange | None:
    if wait.median > FARTHEST:
        return None
    high = None if wait.high > FARTHEST else _after(today, wait.high)
    return DateRange(_after(today, wait.median), _after(today, wait.low), high)


def _after(today: date, days: float) -> date:
    """The day on which so many have passed, the last of them whole."""
    return today + timedelta(days=-int(-days // 1))


def _later(enrolled: DateRange, stay: int | None) -> DateRange | None:
    if stay is None:
        return None
    more = timedelta(days=stay)
    return DateRange(enrolled.median + more, enrolled.low + more, enrolled.high and enrolled.high + more)


def _monthly(daily: ForecastEstimate) -> ForecastEstimate:
    return ForecastEstimate(daily.median * MONTH, daily.low * MONTH, daily.high * MONTH)
