"""Whoever guesses is locked out: by person, by address, and never the right person in their own browser."""

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from tests.accounts.conftest import Telephone
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts.lockout import PEOPLE, SALT, WIDE
from trialsite.accounts.models import User

pytestmark = pytest.mark.django_db
ELSEWHERE = "192.0.2.66"


def try_in(client: Client, username: str, password: str, address: str = "127.0.0.1") -> int:
    data = {"username": username, "password": password}
    return int(client.post("/login/", data, REMOTE_ADDR=address).status_code)


def known_browser(user: User) -> Client:
    """In which `user` signed in some time ago."""
    client = Client()
    assert try_in(client, user.username, PASSWORD) == 302
    client.post("/logout/")
    return client


@pytest.mark.requirement("ACC-07")
def test_a_stranger_locks_nobody_out_of_their_own_browser(coordinator: User) -> None:
    """Behind a proxy that is not named everybody shares its address: the stranger is locked out there, who has the
    browser is not."""
    own = known_browser(coordinator)
    stranger = Client()
    assert [try_in(stranger, coordinator.username, "wrong") for _ in range(6)] == [200] * 5 + [429]
    assert try_in(stranger, coordinator.username, PASSWORD) == 429
    assert try_in(own, coordinator.username, PASSWORD) == 302


def test_nor_out_of_a_session(investigator: User, telephone: Telephone) -> None:
    """Who is signed in confirms with the password while somebody guesses at the door."""
    client = Client()
    client.force_login(investigator, backend="django.contrib.auth.backends.ModelBackend")
    for _ in range(6):
        try_in(Client(), investigator.username, "wrong")
    data = {"current": PASSWORD, "code": telephone.shows()}
    assert client.post("/account/second-factor/codes/", data).status_code == 200


def test_ones_own_browser_is_no_place_to_guess_either(coordinator: User) -> None:
    """A colleague at the same machine has six tries, from whatever address; elsewhere the person still comes in."""
    own = known_browser(coordinator)
    answers = [try_in(own, coordinator.username, "wrong", f"192.0.2.{n}") for n in range(6)]
    assert answers == [200] * 5 + [429]
    assert try_in(own, coordinator.username, PASSWORD) == 429
    assert kinds(coordinator)[-1] == "locked out"
    assert try_in(Client(), coordinator.username, PASSWORD) == 302


@pytest.mark.requirement("ACC-07")
def test_many_names_from_one_address_meet_a_limit(make_user: MakeUser, coordinator: User) -> None:
    """Forty people, one guess each, some of whom do not exist: after twenty the address is closed, for any name."""
    names = [make_user("monitor").username if n % 2 else f"nobody{n}" for n in range(40)]
    answers = [try_in(Client(), name, "wrong", ELSEWHERE) for name in names]
    assert answers == [200] * (WIDE - 1) + [429] * (41 - WIDE)
    assert try_in(Client(), coordinator.username, PASSWORD, ELSEWHERE) == 429
    assert try_in(Client(), coordinator.username, PASSWORD) == 302


def test_but_not_for_who_works_there(coordinator: User, make_user: MakeUser) -> None:
    """The limit of an address is for browsers that nobody there is known by."""
    own = known_browser(coordinator)
    for n in range(WIDE):
        try_in(Client(), f"nobody{n}", "wrong")
    assert try_in(Client(), make_user("monitor").username, PASSWORD) == 429
    assert try_in(own, coordinator.username, PASSWORD) == 302


@pytest.mark.requirement("ACC-07")
def test_one_person_from_many_addresses_meets_a_limit(coordinator: User) -> None:
    answers = [try_in(Client(), coordinator.username, "wrong", f"192.0.2.{n}") for n in range(40)]
    assert answers == [200] * (WIDE - 1) + [429] * (41 - WIDE)
    assert try_in(Client(), coordinator.username, PASSWORD) == 429


def test_a_browser_is_anothers_nobodys_or_forged(coordinator: User, make_user: MakeUser) -> None:
    """Only a cookie that we signed, with this person in it, makes a browser this person's."""
    other = known_browser(make_user("monitor"))
    forged = Client()
    forged.cookies["device"] = signing.dumps({str(coordinator.pk): "ff"}, key="not ours", salt=SALT)
    nonsense = Client()
    nonsense.cookies["device"] = "x"
    for _ in range(6):
        try_in(Client(), coordinator.username, "wrong")
    for client in (other, forged, nonsense):
        assert try_in(client, coordinator.username, PASSWORD) == 429


def test_the_password_alone_makes_no_browser_known(telephone: Telephone) -> None:
    """The cookie comes after the code, and is read by no script."""
    client = Client()
    assert try_in(client, telephone.user.username, PASSWORD) == 302
    assert "device" not in client.cookies
    client.post("/login/code/", {"code": telephone.shows()})
    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_people_share_a_browser(make_user: MakeUser) -> None:
    """Each is known by it; so many that the cookie stays small."""
    client = Client()
    users = [make_user("monitor") for _ in range(PEOPLE + 1)]
    for user in users:
        assert try_in(client, user.username, PASSWORD) == 302
        client.post("/logout/")
    devices: dict[str, Any] = signing.loads(client.cookies["device"].value, salt=SALT)
    assert list(devices) == [str(user.pk) for user in users[1:]]


def test_a_success_forgets_ones_own_slips_only(coordinator: User, make_user: MakeUser) -> None:
    """An outsider with an account of their own does not reopen the address by signing in to it."""
    for n in range(WIDE - 1):
        try_in(Client(), f"nobody{n}", "wrong")
    assert try_in(Client(), make_user("monitor").username, PASSWORD) == 302
    assert try_in(Client(), coordinator.username, "wrong") == 429
