"""Coming, going and being kept out stand in the trail; guessing closes the door."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from axes.models import AccessAttempt
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD
from trialsite.accounts.access import record
from trialsite.accounts.models import AccessEvent, Session, User
from trialsite.accounts.sessions import digest
from trialsite.audit.models import Event
from trialsite.stack import testing

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


def kinds(user: User | None) -> list[str]:
    """What the trail itself tells of `person`, oldest first."""
    events = Event.objects.filter(table_name="accounts_access").order_by("n")
    number = user.pk if user else None
    return [event.new["kind"] for event in events if event.new and event.new["user_id"] == number]


def try_in(client: Client, username: str, password: str, **more: Any) -> int:
    return client.post(LOGIN, {"username": username, "password": password}, **more).status_code


@pytest.mark.requirement("AUD-08")
def test_coming_and_going_are_audited(client: Client, coordinator: User) -> None:
    assert try_in(client, coordinator.username, PASSWORD) == 302
    client.post("/logout/")
    assert kinds(coordinator) == ["signed in", "signed out"]


@pytest.mark.requirement("AUD-08", "ACC-07")
def test_failures_and_the_closed_door_are_audited(client: Client, coordinator: User) -> None:
    """Six wrong passwords close it for a quarter of an hour, also to the right one."""
    answers = [try_in(client, coordinator.username, "wrong") for _ in range(6)]
    assert answers[-1] == 429
    assert try_in(client, coordinator.username, PASSWORD) == 429
    assert kinds(coordinator) == ["sign-in failed"] * 5 + ["locked out"] * 2


def test_a_slip_does_not_stand_in_the_way(client: Client, coordinator: User) -> None:
    """Wrong, then right: signed in, and the slips are forgotten."""
    for _ in range(2):
        assert [try_in(client, coordinator.username, "wrong") for _ in range(4)] == [200] * 4
        assert try_in(client, coordinator.username, PASSWORD) == 302
        client.post("/logout/")


@pytest.mark.requirement("AUD-08")
def test_an_unknown_name_is_audited_without_the_name(client: Client) -> None:
    """People type passwords into the wrong field: what nobody is called is not kept."""
    try_in(client, "hunter2 is my secret", "x")
    assert kinds(None) == ["sign-in failed"]
    assert not Event.objects.filter(new__icontains="hunter2").exists()


def test_another_address_written_into_a_header_opens_no_door(client: Client, coordinator: User) -> None:
    answers = [
        try_in(
            client,
            coordinator.username,
            "wrong",
            HTTP_X_FORWARDED_FOR=f"10.0.0.{n}",
            HTTP_X_REAL_IP=f"10.0.1.{n}",
        )
        for n in range(6)
    ]
    assert answers[-1] == 429


def test_another_spelling_of_the_name_opens_no_door(client: Client, coordinator: User) -> None:
    """Names mean the same person whatever their case; their failures count together."""
    name = coordinator.username
    spellings = [name, name.upper(), name.title(), name.swapcase(), name[:3].upper() + name[3:], f"{name} "]
    assert [try_in(client, spelling, "wrong") for spelling in spellings][-1] == 429


def test_what_was_typed_beside_a_password_is_not_kept_in_the_log_of_attempts(client: Client) -> None:
    client.post(LOGIN, {"username": "a", "password": "a secret", "code": "123456", "reason": "arm A bleeds"})
    kept = AccessAttempt.objects.get()
    assert not {word for word in ("a secret", "123456", "bleeds") if word in kept.post_data}


def test_sitting_still_is_audited_as_timed_out(as_user: Callable[[User], Client], coordinator: User) -> None:
    client = as_user(coordinator)
    client.get(reverse("today", args=["KETNAL"]))
    session = client.session
    session["seen"] -= 15 * 60 + 1
    session.save()
    client.get(reverse("today", args=["KETNAL"]))
    assert kinds(coordinator) == ["timed out"]
    assert Event.objects.filter(table_name="accounts_access").latest("n").request_id


def test_the_record_is_written_once(coordinator: User) -> None:
    """The web's role changes and deletes none of it."""
    record(AccessEvent.Kind.SIGNED_IN, coordinator)
    for statement in ("update accounts_access set kind = 'x'", "delete from accounts_access"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_table_of_sessions_holds_no_key(as_user: Callable[[User], Client], coordinator: User) -> None:
    """Whoever reads it finds hashes; a hash sent as a cookie is nobody's session."""
    client = as_user(coordinator)
    key = client.session.session_key or ""
    kept = Session.objects.get(user_id=coordinator.pk)
    assert kept.session_key == digest(key) != key
    thief = Client()
    thief.cookies["session"] = kept.session_key
    assert thief.get(reverse("today", args=["KETNAL"])).status_code == 302
    assert client.get(reverse("today", args=["KETNAL"])).status_code == 200


def test_the_database_computes_the_same_hash() -> None:
    """By which closed.viewer and closed.unblind find the live session."""
    with psycopg2.connect(testing.url("setup", str(connection.settings_dict["NAME"]))) as opened:
        cursor = opened.cursor()
        cursor.execute("select closed.digest('a key')")
        assert cursor.fetchone()[0] == digest("a key")
    opened.close()


def test_signing_out_and_ending_take_the_row_away(
    as_user: Callable[[User], Client], coordinator: User
) -> None:
    client = as_user(coordinator)
    client.post("/logout/")
    assert not Session.objects.filter(user_id=coordinator.pk).exists()
