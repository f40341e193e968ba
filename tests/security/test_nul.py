"""The character NUL, which PostgreSQL keeps in no text, is refused wherever it comes in: never an error of ours."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def test_in_the_address(coordinator: User, as_user: SignIn) -> None:
    client = as_user(coordinator)
    for address in (
        "/studies/%00/",
        "/studies/KETNAL/participants/01%00/",
        "/feeds/%00.ics",
        "/static/%00.css",
        "/invitations/%00/x/",
        "/account/sessions/%00/end/",
        "/healthz%00",
    ):
        assert client.get(address).status_code == 400, address


@pytest.mark.parametrize("query", ["q=%00", "%00=q", "page=1%00", "site=%00"])
def test_in_the_query(query: str, coordinator: User, as_user: SignIn) -> None:
    assert as_user(coordinator).get(f"/studies/KETNAL/participants/?{query}").status_code == 400


def test_in_a_form(coordinator: User, screened: Participant, as_user: SignIn) -> None:
    """Urlencoded and multipart, values and names of fields; drafts too."""
    client, visit = as_user(coordinator), screened.visits.get(period=None)
    new = "/studies/KETNAL/participants/new/"
    draft = reverse("draft", args=[visit.pk, "HAMD17"])
    for address, data in (
        (new, {"age": "4\0"}),
        (new, {"a\0ge": "4"}),
        (draft, {"HAMD101": "\0"}),
        ("/login/", {"username": "a\0", "password": "x"}),
        ("/login/", {"username": "a", "password": "x\0"}),
    ):
        answer = client.post(address, data)
        assert answer.status_code == 400, (address, data)
    encoded = client.post(new, "age=4%00", content_type="application/x-www-form-urlencoded")
    assert encoded.status_code == 400
    assert "invalid character" in encoded.content.decode()


@pytest.mark.parametrize("header", ["User-Agent", "Referer", "X-Forwarded-For", "HX-Current-URL"])
def test_in_a_header(header: str, coordinator: User, as_user: SignIn) -> None:
    assert as_user(coordinator).get("/account/", headers={header: "a\0b"}).status_code == 400


def test_in_a_cookie_written_as_octal(client: Client) -> None:
    """The header holds no NUL; what Django reads out of it does."""
    assert client.get("/login/", headers={"Cookie": r'session="\000"'}).status_code == 400


def test_text_of_every_other_kind_goes_through(coordinator: User, as_user: SignIn) -> None:
    answer = as_user(coordinator).get("/studies/KETNAL/participants/", {"q": "Zoë \u202e \x01 ☃ 😀 \ufffd"})
    assert answer.status_code == 200
