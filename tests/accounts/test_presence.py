"""Nobody stays signed in who is not there."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from tests.accounts.conftest import SignInByForm
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db


def _age(client: Client, **seconds: int) -> None:
    session = client.session
    for name, value in seconds.items():
        session[name] -= value
    session.save()


@pytest.fixture
def signed_in(as_user: Callable[[User], Client], coordinator: User) -> Client:
    client = as_user(coordinator)
    assert client.get(reverse("today", args=["KETNAL"])).status_code == 200
    return client


@pytest.mark.requirement("ACC-08")
def test_a_quarter_of_an_hour_without_work_signs_out(signed_in: Client) -> None:
    """The next page asks to sign in; htmx is told to go there as a whole."""
    _age(signed_in, seen=15 * 60 + 1)
    assert signed_in.get(reverse("today", args=["KETNAL"])).status_code == 302
    answer = signed_in.get(reverse("participants", args=["KETNAL"]), headers={"HX-Request": "true"})
    assert "/login/" in answer["HX-Redirect"]


def test_work_keeps_one_signed_in_but_polling_does_not(signed_in: Client) -> None:
    """A page opened after ten minutes starts the clock again; what a page asks by itself does not."""
    url = reverse("dashboard", args=["KETNAL"])
    _age(signed_in, seen=600)
    signed_in.get(url, headers={"X-Background": "1"})
    _age(signed_in, seen=400)
    assert signed_in.get(url, headers={"X-Background": "1"}).status_code == 302


def test_work_starts_the_clock_again(signed_in: Client) -> None:
    url = reverse("today", args=["KETNAL"])
    _age(signed_in, seen=600)
    signed_in.get(url)
    _age(signed_in, seen=400)
    assert signed_in.get(url).status_code == 200


@pytest.mark.requirement("ACC-08")
def test_twelve_hours_are_the_end_however_busy(signed_in: Client) -> None:
    """The absolute limit does not move with work."""
    _age(signed_in, began=12 * 3600 + 1)
    assert signed_in.get(reverse("today", args=["KETNAL"])).status_code == 302


@pytest.mark.requirement("ENT-05")
def test_a_draft_is_there_after_signing_in_again(
    randomised: Participant, coordinator: User, by_form: SignInByForm
) -> None:
    """Typed, kept by itself, then nobody there: what was typed comes back with the next sign-in."""
    page, address = rating_of(randomised)
    client = by_form(coordinator)
    assert client.post(address, {"rater": "Dr Unmistakable"}).status_code == 200
    _age(client, seen=901)
    assert client.get(page)["Location"] == f"/login/?next={page}"
    assert "Dr Unmistakable" in by_form(coordinator).get(page).content.decode()


@pytest.mark.requirement("ENT-05", "ACC-08")
def test_typing_counts_as_being_there(
    randomised: Participant, coordinator: User, by_form: SignInByForm
) -> None:
    """An interview is longer than a quarter of an hour: each draft starts the clock again. One that a page sends
    again by itself does not."""
    page, address = rating_of(randomised)
    client = by_form(coordinator)
    client.get(page)
    for _ in range(3):
        _age(client, seen=800)
        assert client.post(address, {"rater": "Rita"}).status_code == 200
    again = {"X-Background": "1", "X-In-Place": str(coordinator.pk)}
    _age(client, seen=800)
    assert client.post(address, {"rater": "Rita"}, headers=again).status_code == 200
    _age(client, seen=200)
    assert client.post(address, {"rater": "Rita"}, headers=again).status_code == 401


def rating_of(participant: Participant) -> tuple[str, str]:
    """Addresses of a rating and of its draft."""
    visit = participant.visits.filter(period__number=1).order_by("day")[0]
    return reverse("rating", args=[visit.pk, "HAMD17"]), reverse("draft", args=[visit.pk, "HAMD17"])
