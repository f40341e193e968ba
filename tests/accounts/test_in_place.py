"""Forms sent without leaving their page, and signing in again there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from enrollment.models import Participant
from tests.accounts.conftest import Telephone
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db
AGAIN = "/login/again/"
AsUser = Callable[[User], Client]


def in_place(user: User) -> dict[str, str]:
    return {"X-In-Place": str(user.pk)}


def again(client: Client, **fields: str) -> tuple[int, dict[str, Any]]:
    answer = client.post(AGAIN, fields)
    return answer.status_code, answer.json()


def draft_of(participant: Participant) -> str:
    return f"/studies/KETNAL/participants/{participant.code}/screening/draft/"


@pytest.mark.requirement("ENT-05")
def test_signed_out_is_said_and_nothing_is_done(screened: Participant, coordinator: User) -> None:
    """401, not a redirect that a script would follow to the sign-in page."""
    answer = Client().post(draft_of(screened), {"age": "44"}, headers=in_place(coordinator))
    assert answer.status_code == 401


@pytest.mark.requirement("ENT-05")
def test_nobody_saves_in_anothers_name(
    screened: Participant, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    """A page made for one person, sent while another is signed in in the same browser: 401."""
    client = as_user(investigator)
    for user, status in ((coordinator, 401), (investigator, 200)):
        answer = client.post(draft_of(screened), {"age": "44"}, headers=in_place(user))
        assert answer.status_code == status


def test_a_redirect_is_told_as_an_address(screened: Participant, coordinator: User, as_user: AsUser) -> None:
    """What a script can read, kept by no cache."""
    address = draft_of(screened) + "discard/"
    answer = as_user(coordinator).post(address, headers=in_place(coordinator))
    assert (answer.status_code, answer.json()) == (200, {"to": draft_of(screened).removesuffix("draft/")})
    assert "no-store" in answer["Cache-Control"]


def test_whoever_must_set_up_a_second_factor_is_not_led_away(
    required: None, screened: Participant, investigator: User, as_user: AsUser
) -> None:
    """It would lose what was typed: refused, and said."""
    answer = as_user(investigator).post(draft_of(screened), {"age": "44"}, headers=in_place(investigator))
    assert answer.status_code == 403


def test_the_password_lets_in_again(client: Client, coordinator: User) -> None:
    """With a token for what the page sends next; audited like any sign-in."""
    assert client.get(AGAIN).json()["person"] is None
    status, step = again(client, username=coordinator.username, password="wrong")
    assert (status, step["ask"]) == (422, "password")
    status, step = again(client, username=coordinator.username, password=PASSWORD)
    assert (status, step["person"]) == (200, coordinator.pk)
    assert step["csrf"]
    assert client.get("/account/").status_code == 200
    assert kinds(coordinator) == ["sign-in failed", "signed in"]


@pytest.mark.requirement("ACC-06")
def test_the_second_factor_is_asked_before_anybody_is_let_in(
    client: Client, investigator: User, telephone: Telephone
) -> None:
    """Password, wrong code, right code; between them nobody is signed in."""
    status, step = again(client, username=investigator.username, password=PASSWORD)
    assert (status, step) == (200, {"ask": "code", "said": ""})
    assert client.get("/account/").status_code == 302
    status, step = again(client, code="000000")
    assert (status, step["ask"]) == (422, "code")
    assert client.get("/account/").status_code == 302
    telephone.wait()
    assert again(client, code=telephone.shows())[1]["person"] == investigator.pk
    assert client.get("/account/").status_code == 200


def test_a_code_without_a_password_before_it_lets_nobody_in(client: Client, telephone: Telephone) -> None:
    status, step = again(client, code=telephone.shows())
    assert (status, step["ask"]) == (422, "password")
    assert client.get("/account/").status_code == 302


@pytest.mark.requirement("ACC-07")
def test_guessing_here_closes_the_door_as_at_the_sign_in(client: Client, coordinator: User) -> None:
    for _ in range(6):
        answer = client.post(AGAIN, {"username": coordinator.username, "password": "wrong"})
    assert answer.status_code == 429
    assert client.post("/login/", {"username": coordinator.username, "password": PASSWORD}).status_code == 429
