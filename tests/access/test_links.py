"""A link is shown to whoever may follow it; a refusal keeps the way to everywhere else."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.conftest import Person, signed_in
from tests.access.crawl import crawl
from tests.access.places import Places
from trialsite.accounts.models import Role, User


@pytest.mark.parametrize("where", ["01", "all"])
@pytest.mark.parametrize("role", Role.values)
def test_no_link_leads_to_a_refusal(
    role: str, where: str, places: Places, people: dict[Person, User]
) -> None:
    """Everything that can be reached from the start by what the pages show."""
    found = crawl(signed_in(people[role, where]), "/")
    assert len(found) > 3
    assert {address: got.status for address, got in found.items() if got.status >= 400} == {}


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_keeps_the_navigation(status: int, places: Places, people: dict[Person, User]) -> None:
    client = signed_in(people["coordinator", "01"])
    address = reverse("people", args=["KETNAL"]) if status == 403 else "/studies/KETNAL/participants/99-999/"
    answer = client.get(address)
    assert answer.status_code == status
    assert reverse("participants", args=["KETNAL"]) in answer.content.decode()


def test_whoever_is_not_signed_in_finds_the_plain_page(places: Places) -> None:
    answer = Client(raise_request_exception=False).get("/no/such/page/")
    assert b'class="rooms"' not in answer.content
