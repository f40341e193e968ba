"""Nobody chooses the address that they are known by: not to be locked out elsewhere, not in the audit trail."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

from enrollment.selectors import today_at
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db
TRIES = 6


def _sign_in(client: Client, user: User, password: str, *, claimed: str = "", **more: Any) -> int:
    headers = {"X-Forwarded-For": claimed} if claimed else {}
    data = {"username": user.username, "password": password}
    return int(client.post("/login/", data, headers=headers, **more).status_code)


@pytest.mark.requirement("ACC-07")
def test_a_forged_address_does_not_escape_the_lockout(coordinator: User, client: Client) -> None:
    """A new X-Forwarded-For at every try: the right password is refused all the same."""
    for n in range(TRIES):
        _sign_in(client, coordinator, "wrong", claimed=f"203.0.113.{n}")
    assert _sign_in(client, coordinator, PASSWORD, claimed="203.0.113.99") == 429


def test_nobody_is_locked_out_in_anothers_name(coordinator: User, client: Client) -> None:
    """Failures that claim the site's address count for where they came from."""
    for _ in range(TRIES):
        _sign_in(client, coordinator, "wrong", claimed="198.51.100.7", REMOTE_ADDR="192.0.2.66")
    assert _sign_in(client, coordinator, PASSWORD, REMOTE_ADDR="198.51.100.7") == 302


def _audited() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("select distinct host(ip::inet) from audit.event where ip is not null")
        return {row[0] for row in cursor.fetchall()}


def _screen(client: Client, user: User, site: Site, claimed: str, socket: str) -> None:
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        "/studies/KETNAL/participants/new/",
        {"site": site.pk, "consented_on": today_at(site).isoformat(), "age": "40", "sex": "F"},
        headers={"X-Forwarded-For": claimed},
        REMOTE_ADDR=socket,
    )
    assert answer.status_code == 302


def test_the_audited_address_is_the_sockets(coordinator: User, client: Client, site: Site) -> None:
    _screen(client, coordinator, site, "203.0.113.5", "192.0.2.10")
    assert "192.0.2.10" in _audited()
    assert "203.0.113.5" not in _audited()


@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"])
def test_a_configured_proxy_is_believed_of_the_last_hop_only(
    coordinator: User, client: Client, site: Site
) -> None:
    """What the client wrote before it stays out; a chain of trusted proxies is followed."""
    _screen(client, coordinator, site, "203.0.113.5, 198.51.100.20, 10.0.0.9", "10.0.0.8")
    assert "198.51.100.20" in _audited()
    assert not _audited() & {"203.0.113.5", "10.0.0.8", "10.0.0.9"}


@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"])
@pytest.mark.parametrize("claimed", ["", "not an address", "203.0.113.5, x'; drop table"])
def test_what_is_no_address_is_not_taken_for_one(
    claimed: str, coordinator: User, client: Client, site: Site
) -> None:
    _screen(client, coordinator, site, claimed, "10.0.0.8")
    assert "10.0.0.8" in _audited()


def test_a_large_body_is_refused(make_user: MakeUser, client: Client) -> None:
    """More than the cap, in bytes or in fields, is an error of the sender's, not work for the server."""
    client.force_login(make_user("coordinator"), backend="django.contrib.auth.backends.ModelBackend")
    address = "/studies/KETNAL/participants/new/"
    assert client.post(address, {"age": "4" * (3 * 1024 * 1024)}).status_code in {400, 413}
    assert client.post(address, {f"f{n}": "1" for n in range(1500)}).status_code in {400, 413}
