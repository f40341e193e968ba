"""A link is shown to whoever may follow it; a refusal keeps the way to everywhere else."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.access.conftest import Person, signed_in
from tests.access.crawl import crawl, refused
from tests.access.places import Places
from trialsite.accounts.models import Role, User

# Whom tests/security/test_stored_xss.py asks the same of, at one site, after everything was typed into.
READERS = {Role.COORDINATOR, Role.INVESTIGATOR}


@pytest.mark.parametrize("role", sorted(set(Role) - READERS))
def test_no_link_leads_to_a_refusal(role: str, places: Places, people: dict[Person, User]) -> None:
    """Everything that somebody at one site can reach from the start by what the pages show. Of those at all sites,
    test_get_changes_nothing.py says the same of the pages that it gets."""
    assert refused(crawl(signed_in(people[role, "01"]), "/")) == {}


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
