"""A participant after the first infusion."""

from datetime import date

import pytest

from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.enrollment.steps import days, dose
from trialsite.accounts.models import Site, User


@pytest.fixture
def today(site: Site) -> date:
    return today_at(site)


@pytest.fixture
def first_given(randomised: Participant, coordinator: User, today: date) -> Participant:
    """The first infusion was given forty days ago."""
    dose(randomised, 1, today - days(40), coordinator)
    return randomised
