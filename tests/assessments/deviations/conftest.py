"""A participant with one deviation: day 3 was seen two days late."""

import pytest

from assessments.models import Deviation
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.conftest import rate
from tests.enrollment.steps import days, dose
from trialsite.accounts.models import User


@pytest.fixture
def late(randomised: Participant, coordinator: User) -> Deviation:
    given = today_at(randomised.site) - days(40)
    dose(randomised, 1, given, coordinator)
    first = randomised.periods.get(number=1).visits.select_related("participant__site", "period")
    for code, day in (("BASELINE", 0), ("DAY3", 6)):
        rate(first.get(code=code), 25 - day, coordinator, on=given + days(day))
    return Deviation.objects.select_related("participant__study", "participant__site", "visit").get()
