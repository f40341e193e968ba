"""What goes wrong is said in words."""

from collections.abc import Callable

import pytest
from django.test import Client

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
    assert server_error(None).status_code == 500  # type: ignore[arg-type]


def test_a_form_without_its_token_is_refused_in_words(coordinator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/studies/KETNAL/participants/new/", {})
    assert answer.status_code == 403
    assert "Trialsite" in answer.content.decode()
