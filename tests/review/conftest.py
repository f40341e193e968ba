"""A participant with one visit that took place."""

import pytest

from assessments.models import Assessment
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.conftest import MakeUser, rate
from trialsite.accounts.models import Site, User


@pytest.fixture
def visit(randomised: Participant, coordinator: User) -> Visit:
    """The baseline of period 1, rated today."""
    period = randomised.periods.get(number=1)
    services.plan_period(
        period, by=coordinator, version=period.version, planned_on=today_at(randomised.site), reason="first"
    )
    baseline = period.visits.get(code="BASELINE")
    rate(baseline, 24, coordinator, on=today_at(randomised.site))
    baseline.refresh_from_db()
    return baseline


@pytest.fixture
def rating(visit: Visit) -> Assessment:
    return visit.assessments.get()


@pytest.fixture
def monitor(make_user: MakeUser) -> User:
    return make_user("monitor")


@pytest.fixture
def data_manager(make_user: MakeUser) -> User:
    return make_user("datamanager")


@pytest.fixture
def elsewhere(make_user: MakeUser, other_site: Site) -> User:
    """An investigator of the other site."""
    return make_user("investigator", other_site)
