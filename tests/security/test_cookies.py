"""What a browser keeps of us."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from enrollment.selectors import today_at
from enrollment.services import plan_period
from tests.conftest import items
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db


def test_no_total_stays_in_a_cookie(
    randomised: Participant, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    """The message after saving names the total; it is kept on the server until it is shown."""
    today = today_at(randomised.site)
    period = randomised.periods.get(number=1)
    plan_period(period, today, by=coordinator, version=period.version)
    visit = period.visits.get(code="BASELINE")
    client = as_user(coordinator)
    form: dict[str, Any] = {f"item_{code}": value for code, value in items(27).items()}
    form |= {"performed_on": today, "rater": "R", "form_token": uuid.uuid4()}
    answer = client.post(reverse("rating", args=[visit.pk, "HAMD17"]), form)
    assert answer.status_code == 302
    assert set(client.cookies) <= {"session", "csrftoken"}
    assert "total 27" in client.get(answer["Location"]).content.decode()
