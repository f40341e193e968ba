"""The allocation page: one kit at a time, and the whole list for a reason; both are logged."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from enrollment.models import Period
from tests.analysis.conftest import as_closed
from trialsite.accounts.models import User

ADDRESS = "/studies/KETNAL/allocation/"


@pytest.fixture
def pharmacist(demo: str) -> Client:
    client = Client()
    person = User.objects.get(username="pharmacist")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def logged() -> list[str]:
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select action from closed.log order by id")
        return [action for (action,) in cursor.fetchall()]


def main(client: Client, address: str = ADDRESS) -> str:
    return client.get(address).content.decode().partition("<main")[2]


def test_the_page_opens_without_a_treatment(pharmacist: Client) -> None:
    """How far each list goes, nothing of what is on it; opening it is no view of the list."""
    page = main(pharmacist)
    assert "K-" not in page
    assert "naltrexone" not in page.lower()
    assert reverse("allocation", args=["KETNAL"]) == ADDRESS
    assert logged() == []


@pytest.mark.requirement("BLD-04")
def test_one_kit_is_looked_up(pharmacist: Client) -> None:
    """Treatment in words, period, site and participant of that kit alone."""
    period = Period.objects.exclude(kit_number="").select_related("participant__site").first()
    assert period
    page = main(pharmacist, f"{ADDRESS}?kit=+{period.kit_number}+")
    assert period.participant.code in page
    assert "Ketamine + " in page
    assert page.count("K-") <= 2
    assert logged() == [f"look up kit {period.kit_number}"]


def test_a_number_that_is_no_kits_is_said_to_be_none(pharmacist: Client) -> None:
    """And logged: somebody tried it."""
    assert "Kit K-0 is not on the lists of your sites" in main(pharmacist, f"{ADDRESS}?kit=K-0")
    assert "Enter the number on the box" in main(pharmacist, f"{ADDRESS}?kit=")
    assert logged() == ["look up kit K-0"]


@pytest.mark.requirement("BLD-04")
def test_the_whole_list_needs_a_reason(pharmacist: Client) -> None:
    """Without one the list stays shut, and nothing is logged."""
    refused = pharmacist.post(ADDRESS, {"reason": " "})
    assert refused.status_code == 422
    assert "State why the whole list is needed" in refused.content.decode()
    assert "K-" not in refused.content.decode().partition("<main")[2]
    assert logged() == []
    shown = pharmacist.post(ADDRESS, {"reason": "recall of a batch"})
    assert shown.status_code == 200
    assert shown.content.decode().count("K-") > 30
    assert logged() == ["view allocation list: recall of a batch"]
