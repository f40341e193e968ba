"""What goes wrong is said in words."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import Client, RequestFactory

from trialsite.accounts.errors import server_error
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db


def test_an_unknown_address_is_answered_in_words(
    as_user: Callable[[User], Client], coordinator: User
) -> None:
    answer = as_user(coordinator).get("/studies/KETNAL/participants/99-999/")
    assert answer.status_code == 404
    assert "Trialsite" in answer.content.decode()


def test_a_refusal_names_no_action(as_user: Callable[[User], Client], coordinator: User) -> None:
    """Too small a role: 403 with a page of ours."""
    answer = as_user(coordinator).get("/studies/KETNAL/people/")
    assert answer.status_code == 403
    assert "people.manage" not in answer.content.decode()


def test_the_page_for_a_failure_needs_no_database() -> None:
    """It renders without a request's context."""
    assert server_error(RequestFactory().get("/")).status_code == 500


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError, 503), (InterfaceError, 503), (DatabaseError, 500), (KeyError, 500)],
)
def test_a_database_that_is_away_is_said_to_come_back(error: type[Exception], status: int) -> None:
    """What passes by itself is no fault of the program: 503, when to ask again, and no word of how it failed."""
    try:
        raise error("server closed the connection unexpectedly")
    except error:
        answer = server_error(RequestFactory().get("/"))
    assert (answer.status_code, "Retry-After" in answer) == (status, status == 503)
    assert ("database is not responding" in answer.content.decode()) == (status == 503)
    assert "unexpectedly" not in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(coordinator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/studies/KETNAL/participants/new/", {})
    assert answer.status_code == 403
    assert "Trialsite" in answer.content.decode()
