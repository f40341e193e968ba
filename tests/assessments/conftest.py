"""A visit to rate: day 1 of the first period, whose infusion was given ten days ago."""

from datetime import timedelta

import pytest

from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from trialsite.accounts.models import User


@pytest.fixture
def visit(randomised: Participant, coordinator: User) -> Visit:
    first = randomised.periods.get(number=1)
    given = today_at(randomised.site) - timedelta(days=10)
    services.record_dosing(first, given, by=coordinator, version=first.version)
    return Visit.objects.select_related("participant").get(period=first, code="DAY1")
