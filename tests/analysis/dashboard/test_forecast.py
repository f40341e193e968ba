"""The enrolment forecast on the dashboard: dates that follow from the arrivals so far, or why there are none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from analysis.blinded.figures import StudyFigures
from analysis.dashboard.forecast import forecast_of
from analysis.dashboard.services import figures_of, summarise
from analysis.domain.forecast import SiteArrivals, site_rates
from analysis.interim_data import today_of
from enrollment.halts.services import pause_enrollment
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def with_arrivals(study: Study, randomised: int, days: int, *, planned: int = 30) -> StudyFigures:
    """The study's figures, as if so many had been randomised at site 01 in so many days, and none elsewhere."""
    figures = figures_of(study)
    since = today_of(study) - timedelta(days=days)
    sites = tuple(
        replace(site, since=since, randomised=randomised) for site in figures.sites if site.site == "01"
    )
    return replace(figures, sites=sites, randomised=randomised, planned=planned, stay=60)


def test_the_dates_follow_from_the_arrivals(study: Study, site: Site) -> None:
    forecast = forecast_of(study, with_arrivals(study, 15, 300), {"01"})
    wait = site_rates([SiteArrivals("01", 15, 300)])["01"].wait(15, 0.8)
    assert forecast.enrolled is not None
    assert forecast.finished is not None
    assert 0 <= (forecast.enrolled.median - today_of(study)).days - wait.median < 1
    assert (forecast.finished.median - forecast.enrolled.median).days == 60
    (own,) = forecast.sites
    assert own.expected == pytest.approx(30)
    assert own.monthly.low < own.monthly.median < own.monthly.high


def test_another_sites_rate_is_not_shown(study: Study, site: Site) -> None:
    forecast = forecast_of(study, with_arrivals(study, 15, 300), set())
    assert forecast.enrolled is not None
    assert forecast.sites == ()


@pytest.mark.parametrize(
    ("randomised", "planned", "sentence"),
    [
        (30, 30, "The planned number is enrolled."),
        (0, 30, "Nobody is randomised yet: there is no rate to go by."),
    ],
)
def test_without_a_rate_or_with_nobody_to_come_it_says_why(
    study: Study, site: Site, randomised: int, planned: int, sentence: str
) -> None:
    figures = with_arrivals(study, randomised, 300, planned=planned)
    assert forecast_of(study, figures, {"01"}).why_not == sentence


def test_a_halted_trial_has_no_forecast(study: Study, site: Site, investigator: User) -> None:
    pause_enrollment(study, by=User.objects.system(), reason="as the committee advised")
    assert "halted" in forecast_of(study, with_arrivals(study, 15, 300), {"01"}).why_not


def test_what_lies_too_far_off_is_not_said(study: Study, site: Site) -> None:
    forecast = forecast_of(study, with_arrivals(study, 1, 3000, planned=900), {"01"})
    assert (forecast.enrolled, forecast.why_not) == (None, "At the rate so far it is too far off to say.")


def test_the_dashboard_says_it(study: Study, site: Site, investigator: User, as_user: SignIn) -> None:
    summarise([study.pk])
    page = as_user(investigator).get(reverse("dashboard", args=[study.code])).content.decode()
    assert "Enrolment forecast" in page
    assert "Nobody is randomised yet" in page
