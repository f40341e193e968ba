"""One's own account: roles, sessions, password."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.accounts.conftest import SignInByForm
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts.models import Session, User
from trialsite.accounts.sessions import digest

pytestmark = pytest.mark.django_db
ACCOUNT = "/account/"
NEW = "quite another passphrase"


def inside(client: Client) -> bool:
    return client.get(ACCOUNT).status_code == 200


def test_it_shows_ones_roles_with_start_end_and_grantor(coordinator: User, by_form: SignInByForm) -> None:
    page = by_form(coordinator).get(ACCOUNT).content.decode()
    grant = coordinator.memberships.get()
    assert "Coordinator" in page
    assert str(grant.site) in page
    assert grant.granted_by.printed_name in page
    assert "open" in page


def test_one_sees_and_ends_ones_other_sessions(coordinator: User, by_form: SignInByForm) -> None:
    """By the beginning of the hash of its key: no page tells a key."""
    here, there, third = by_form(coordinator), by_form(coordinator), by_form(coordinator)
    for client in (there, third):
        assert inside(client)
    page = here.get(ACCOUNT).content.decode()
    assert page.count("This session") == 1
    key = there.session.session_key or ""
    address = reverse("session_end", args=[digest(key)[:16]])
    assert address in page
    assert key not in page
    here.post(address)
    assert [inside(client) for client in (here, there, third)] == [True, False, True]
    here.post(reverse("session_end", args=["others"]))
    assert [inside(client) for client in (here, there, third)] == [True, False, False]
    assert kinds(coordinator)[-2:] == ["session ended"] * 2


def test_nobody_ends_anothers_session(coordinator: User, make_user: MakeUser, by_form: SignInByForm) -> None:
    """Not found, as if there were none; nor by an empty or short beginning."""
    other = by_form(make_user("monitor"))
    assert inside(other)
    key = digest(other.session.session_key or "")
    client = by_form(coordinator)
    for tried in (key[:16], key, key[0]):
        assert client.post(reverse("session_end", args=[tried])).status_code == 404
    assert inside(other)


def change(client: Client, current: str, password: str, again: str = "") -> bytes:
    data = {"current": current, "password": password, "again": again or password}
    return client.post(reverse("password_change"), data, follow=True).content


def test_a_changed_password_ends_the_other_sessions(coordinator: User, by_form: SignInByForm) -> None:
    """Their rows as well: the database asks those who is live. The own session goes on, under a new key."""
    here, there = by_form(coordinator), by_form(coordinator)
    key = here.session.session_key
    assert b"has been changed" in change(here, PASSWORD, NEW)
    assert (inside(here), inside(there)) == (True, False)
    assert here.session.session_key != key
    assert Session.objects.of(coordinator).count() == 1
    assert (
        Client().post("/login/", {"username": coordinator.username, "password": PASSWORD}).status_code == 200
    )
    assert Client().post("/login/", {"username": coordinator.username, "password": NEW}).status_code == 302


@pytest.mark.parametrize(
    ("current", "password", "again", "message"),
    [
        ("wrong", NEW, NEW, "password is incorrect"),
        (PASSWORD, NEW, NEW + "x", "do not match"),
        (PASSWORD, "passwordpassword", "passwordpassword", "too common"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    current: str, password: str, again: str, message: str, coordinator: User, by_form: SignInByForm
) -> None:
    answer = change(by_form(coordinator), current, password, again).decode()
    assert message in answer
    coordinator.refresh_from_db()
    assert coordinator.check_password(PASSWORD)


def test_guessing_the_old_password_here_closes_the_door(coordinator: User, by_form: SignInByForm) -> None:
    client = by_form(coordinator)
    codes = [
        client.post(reverse("password_change"), {"current": "x", "password": NEW, "again": NEW}).status_code
        for _ in range(6)
    ]
    assert codes == [200] * 5 + [429]
