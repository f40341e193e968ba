"""Today: one group a participant with dated tasks; whoever has no task finds their rooms."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def today(client: Client) -> str:
    answer = client.get(reverse("today", args=["KETNAL"]))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_tasks_stand_under_their_participant_with_their_day(
    randomised: Participant, coordinator: User, as_user: SignIn
) -> None:
    page = today(as_user(coordinator))
    assert f'<h3 class="worklist-who">{randomised.code}</h3>' in page
    task = worklist(coordinator, randomised.study)[0].actions[0]
    assert task.on is not None
    assert f'<time class="worklist-on" datetime="{task.on:%Y-%m-%d}">' in page


@pytest.mark.parametrize(("role", "room"), [("pharmacist", "allocation"), ("admin", "people")])
def test_whoever_has_no_task_finds_their_rooms(
    role: str, room: str, make_user: MakeUser, as_user: SignIn
) -> None:
    """And nothing that they may not enter."""
    page = today(as_user(make_user(role)))
    assert f'class="workplace" href="{reverse(room, args=["KETNAL"])}"' in page
    assert reverse("calendar", args=["KETNAL"]) not in page
