"""Another's signature takes two people: whoever may sign is reset by one administrator at the request of another."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant, ProtocolVersion
from tests.accounts.conftest import SignInByForm, make_telephone
from tests.accounts.test_people import NEW, TODAY, change, link_in
from tests.conftest import MakeUser, make_screened, sign
from trialsite.accounts import services
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessReset, Authenticator, Role, Session, Site, Study, User
from trialsite.accounts.policy import POLICY, TAKES_TWO
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
Kind = AccessReset.Kind


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin")


@pytest.fixture
def second_admin(make_user: MakeUser) -> User:
    return make_user("admin")


def granted(user: User, study: Study, admin: User, second: User, kind: str) -> AccessReset:
    reset = services.request_reset(user, study, by=admin, kind=kind, reason="lost it")
    return services.decide_reset(reset, study, by=second, granted=True, reason="called back")


def attempt(by: User, statement: str, *values: int | bool | None) -> None:
    """Raw SQL in the name of `by`, which the database must refuse."""
    with (
        pytest.raises(DatabaseError) as refused,
        transaction.atomic(),
        audit_context(by, reason="r"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
    assert getattr(refused.value.__cause__, "pgcode", "") == "42501", refused.value


@pytest.mark.requirement("ACC-09")
@pytest.mark.parametrize("role", Role.values)
def test_who_takes_two_follows_from_the_policy(role: str, make_user: MakeUser) -> None:
    """Whoever signs, unblinds, decides a look, takes unblinded data away or administers; in SQL the same."""
    user = make_user(role)
    assert services.takes_two(user) is any(Role(role) in POLICY[action] for action in TAKES_TWO)
    with connection.cursor() as cursor:
        cursor.execute("select takes_two(%s)", [user.pk])
        assert cursor.fetchone()[0] is services.takes_two(user)


@pytest.mark.requirement("ACC-09")
@pytest.mark.parametrize("act", ["link", "second-factor"])
def test_one_administrator_alone_changes_nothing(
    act: str, admin: User, investigator: User, as_user: SignIn, by_form: SignInByForm, study: Study
) -> None:
    """No link is shown, password, telephone and sessions stay; nor does the asking one grant it."""
    telephone = make_telephone(investigator)
    inside = by_form(investigator, telephone.shows())
    page = change(as_user(admin), investigator, act)
    assert b"one-time-link" not in page
    reset = AccessReset.objects.get()
    assert (reset.granted, reset.requested_by) == (None, admin)
    assert inside.get(TODAY).status_code == 200
    telephone.wait()
    assert by_form(investigator, telephone.shows()).get(TODAY).status_code == 200
    with pytest.raises(ValidationError, match="another administrator has to decide"):
        services.decide_reset(reset, study, by=admin, granted=True, reason="r")
    with pytest.raises(ValidationError, match="already been requested"):
        services.request_reset(investigator, study, by=admin, kind=reset.kind, reason="again")


@pytest.mark.requirement("ACC-09")
def test_another_grants_it_and_hands_over_the_link(
    admin: User, second_admin: User, investigator: User, as_user: SignIn
) -> None:
    change(as_user(admin), investigator, "link", "forgot it")
    address = reverse("reset_decide", args=["KETNAL", AccessReset.objects.get().pk])
    client = as_user(second_admin)
    assert address in client.get(reverse("people", args=["KETNAL"])).content.decode()
    assert "forgot it" in client.get(address).content.decode()
    page = client.post(address, {"reason": "called back", "decision": "grant"}).content
    assert Client().post(link_in(page), {"password": NEW, "again": NEW}).status_code == 302
    reset = AccessReset.objects.get()
    assert (reset.granted, reset.decided_by, reset.decision_reason) == (True, second_admin, "called back")
    assert reset.used_at


def test_a_refused_one_changes_nothing(
    admin: User, second_admin: User, investigator: User, as_user: SignIn, by_form: SignInByForm, study: Study
) -> None:
    reset = services.request_reset(investigator, study, by=admin, kind=Kind.PASSWORD, reason="r")
    address = reverse("reset_decide", args=["KETNAL", reset.pk])
    assert as_user(second_admin).post(address, {"reason": "not she", "decision": "refuse"}).status_code == 302
    assert by_form(investigator).get(TODAY).status_code == 200
    with pytest.raises(ValidationError, match="already been decided"):
        services.decide_reset(reset, study, by=second_admin, granted=True, reason="r")


@pytest.mark.requirement("ACC-06")
def test_a_reset_second_factor_is_set_up_anew(
    required: None, admin: User, second_admin: User, investigator: User, study: Study, by_form: SignInByForm
) -> None:
    """Sessions end; the next sign-in tells of it and leads to setting up another; who and why is in the trail."""
    telephone = make_telephone(investigator)
    inside = by_form(investigator, telephone.shows())
    granted(investigator, study, admin, second_admin, Kind.SECOND_FACTOR)
    assert inside.get(TODAY)["Location"].startswith("/login/")
    client = by_form(investigator)
    assert client.get(TODAY)["Location"] == "/account/resets/"
    client.post("/account/resets/")
    assert client.get(TODAY)["Location"] == "/account/second-factor/"
    event = Event.objects.filter(table_name="accounts_authenticator").latest("n")
    assert (event.new, event.reason, event.actor) == ({"confirmed": False}, "called back", second_admin.pk)


@pytest.mark.requirement("ACC-09")
def test_the_person_is_told_at_the_next_sign_in(
    admin: User, second_admin: User, investigator: User, study: Study
) -> None:
    """Who, when and why, before anything else, until they say that they read it; afterwards on the account page."""
    reset = granted(investigator, study, admin, second_admin, Kind.PASSWORD)
    uid, token = services.invitation_of(User.objects.get(pk=investigator.pk))
    Client().post(reverse("invitation", args=[uid, token]), {"password": NEW, "again": NEW})
    for _ in range(2):
        client = Client()
        client.post("/login/", {"username": investigator.username, "password": NEW})
        assert client.get(TODAY)["Location"] == "/account/resets/"
        page = client.get("/account/resets/").content.decode()
        for word in (admin.printed_name, second_admin.printed_name, "lost it"):
            assert word in page
    assert client.post("/account/resets/")["Location"] == TODAY
    assert client.get(TODAY).status_code == 200
    reset.refresh_from_db()
    assert reset.told_at
    client = Client()
    client.post("/login/", {"username": investigator.username, "password": NEW})
    assert "lost it" in client.get("/account/").content.decode()


@pytest.mark.requirement("ACC-09")
@pytest.mark.parametrize("kind", Kind.values)
def test_signing_rests_after_a_reset(
    kind: str, admin: User, second_admin: User, investigator: User, screened: Participant, study: Study
) -> None:
    """The database keeps it, for as long as the protocol says; then signing goes on."""
    visit = screened.visits.get(period=None)
    granted(investigator, study, admin, second_admin, kind)
    with pytest.raises(ValidationError, match="unblind until"):
        sign(screened, visit, by=investigator)
    with connection.cursor() as cursor:
        cursor.execute(
            "select signing_rests_until(%s, 24) - decided_at = interval '24 hours',"
            " signing_rests_until(%s, 0) <= clock_timestamp() from accounts_accessreset",
            [investigator.pk] * 2,
        )
        assert cursor.fetchone() == (True, True)


def test_the_protocol_says_for_how_long(
    admin: User, second_admin: User, investigator: User, coordinator: User, study: Study, site: Site
) -> None:
    """Of a participant under a version whose `signing_rest_hours` is 0, signing goes on at once."""
    document = study.protocols.latest().document
    document |= {
        "signing_rest_hours": 0,
        "sources": {**document["sources"], "signing_rest_hours": "our choice"},
    }
    with audit_context(User.objects.system(), reason="amended"):
        ProtocolVersion.objects.create(
            study=study,
            version="no rest",
            document=document,
            source="",
            sha256="0" * 64,
            loaded_by=User.objects.system(),
        )
    participant = make_screened(site, coordinator)
    granted(investigator, study, admin, second_admin, Kind.PASSWORD)
    assert sign(participant, participant.visits.get(period=None), by=investigator)


def test_the_rest_begins_when_another_password_is_set(
    admin: User, second_admin: User, investigator: User, study: Study
) -> None:
    """Whoever waits with the link until the rest is over has gained nothing."""
    reset = granted(investigator, study, admin, second_admin, Kind.PASSWORD)
    services.accept_invitation(User.objects.get(pk=investigator.pk), NEW)
    reset.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("select signing_rests_until(%s, 0)", [investigator.pk])
        assert cursor.fetchone()[0] == reset.used_at
    assert reset.used_at
    assert reset.decided_at
    assert reset.used_at > reset.decided_at


@pytest.mark.requirement("ACC-09")
def test_the_database_refuses_a_reset_by_one(
    admin: User, second_admin: User, investigator: User, coordinator: User, study: Study
) -> None:
    """Raw SQL as the web's role, in the name of one administrator, of the person, of somebody else."""
    make_telephone(investigator)
    insert = (
        "insert into accounts_accessreset (user_id, kind, reason, requested_by_id, requested_at, granted,"
        " decided_by_id, decision_reason) values (%s, 'password', 'r', %s, now(), %s, %s, '')"
    )
    attempt(admin, insert, investigator.pk, admin.pk, True, second_admin.pk)
    attempt(investigator, insert, investigator.pk, admin.pk, None, None)
    attempt(coordinator, insert, investigator.pk, admin.pk, None, None)
    attempt(admin, "update accounts_user set password = 'x' where id = %s", investigator.pk)
    attempt(admin, "update accounts_authenticator set confirmed = false where user_id = %s", investigator.pk)
    attempt(admin, "update accounts_authenticator set sealed = 'x' where user_id = %s", investigator.pk)
    attempt(
        admin,
        "insert into accounts_authenticator (user_id, name, confirmed, throttling_failure_count, sealed, last_step,"
        " created_at) values (%s, 'app', false, 0, 'x', 0, now())",
        investigator.pk,
    )
    reset = services.request_reset(investigator, study, by=admin, kind=Kind.PASSWORD, reason="r")
    decide = "update accounts_accessreset set granted = true, decided_by_id = %s where id = %s"
    attempt(admin, decide, second_admin.pk, reset.pk)
    attempt(coordinator, decide, second_admin.pk, reset.pk)
    attempt(investigator, decide, second_admin.pk, reset.pk)
    services.decide_reset(reset, study, by=second_admin, granted=True, reason="r")
    for change_ in (
        "granted = false",
        "reason = 'x'",
        "requested_by_id = 1",
        "used_at = now()",
        "told_at = now()",
    ):
        attempt(admin, f"update accounts_accessreset set {change_} where id = %s", reset.pk)


@pytest.mark.requirement("ACC-09")
def test_nobody_asks_for_or_grants_their_own_reset(admin: User, second_admin: User, study: Study) -> None:
    """An administrator is one of the administrators of themselves: the database still wants others."""
    attempt(
        admin,
        "insert into accounts_accessreset (user_id, kind, reason, requested_by_id, requested_at, decision_reason)"
        " values (%s, 'password', 'r', %s, now(), '')",
        admin.pk,
        admin.pk,
    )
    reset = services.request_reset(admin, study, by=second_admin, kind=Kind.PASSWORD, reason="r")
    attempt(admin, "update accounts_accessreset set granted = true where id = %s", reset.pk)


@pytest.mark.requirement("ACC-09")
def test_a_granted_reset_is_for_who_granted_it_and_for_once(
    admin: User, second_admin: User, investigator: User, study: Study
) -> None:
    """Who asked for it cannot set a password with it; nor can who granted it, once the person has set their own."""
    change_ = "update accounts_user set password = 'x' where id = %s"
    granted(investigator, study, admin, second_admin, Kind.PASSWORD)
    attempt(admin, change_, investigator.pk)
    services.accept_invitation(User.objects.get(pk=investigator.pk), NEW)
    attempt(second_admin, change_, investigator.pk)


def test_a_role_that_ended_counts(
    admin: User, investigator: User, study: Study, site: Site, as_user: SignIn
) -> None:
    """End the role, reset alone, grant the role again: the way round is closed."""
    services.end_role(investigator.memberships.get(), by=admin, reason="r")
    assert b"one-time-link" not in change(as_user(admin), investigator, "link")


def test_who_reset_somebody_alone_does_not_make_them_a_signer(
    admin: User, second_admin: User, coordinator: User, study: Study, site: Site
) -> None:
    services.request_reset(coordinator, study, by=admin, kind=Kind.PASSWORD, reason="forgot it")
    with pytest.raises(ValidationError, match="A second administrator has to grant"):
        services.grant_role(coordinator, study, by=admin, role="investigator", site=site)
    assert services.grant_role(coordinator, study, by=second_admin, role="investigator", site=site)


@pytest.mark.requirement("ACC-09")
def test_an_administrator_is_made_at_the_machine(
    admin: User, coordinator: User, make_user: MakeUser, study: Study, as_user: SignIn
) -> None:
    """One who could make another would be two; neither the page, nor the service, nor the database lets them."""
    page = as_user(admin).get(reverse("person_new", args=["KETNAL"])).content.decode()
    assert 'value="monitor"' in page
    assert 'value="admin"' not in page
    with pytest.raises(ValidationError, match="created on the server"):
        services.invite(
            study, by=admin, username="puppet", printed_name="P", email="", role="admin", site=None
        )
    outsider = make_user("monitor")
    membership = outsider.memberships.get()
    insert = (
        "insert into accounts_membership (user_id, study_id, role, starts_at, granted_by_id)"
        " values (%s, %s, 'admin', now(), %s)"
    )
    attempt(admin, insert, outsider.pk, study.pk, admin.pk)
    attempt(admin, "update accounts_membership set role = 'admin' where id = %s", membership.pk)
    ended = admin.memberships.get()
    services.end_role(ended, by=User.objects.system(), reason="left")
    attempt(coordinator, "update accounts_membership set ends_at = null where id = %s", ended.pk)
    call_command("grant_role", study="KETNAL", username=admin.username, role="admin", stdout=io.StringIO())


@pytest.mark.requirement("ACC-09")
@pytest.mark.parametrize("kind", ["--password", "--second-factor"])
def test_the_operator_resets_at_the_machine(
    kind: str, investigator: User, by_form: SignInByForm, study: Study, admin: User
) -> None:
    """Where no second administrator is: audited as such, told to the person, and signing rests."""
    telephone = make_telephone(investigator)
    inside = by_form(investigator, telephone.shows())
    out = io.StringIO()
    options: dict[str, Any] = {
        "username": investigator.username,
        "operator": "Ole",
        "reason": "lost",
        "stdout": out,
    }
    call_command("reset_access", kind, base_url="https://edc.example.org", **options)
    assert inside.get(TODAY).status_code == 302
    assert not Session.objects.of(investigator).exists()
    assert ("https://edc.example.org/invitations/" in out.getvalue()) is (kind == "--password")
    assert Authenticator.objects.filter(user=investigator, confirmed=True).exists() is (kind == "--password")
    event = Event.objects.filter(table_name="accounts_accessreset").latest("n")
    assert (event.actor, event.actor_role) == (User.objects.system().pk, "at the machine")
    assert event.reason == "lost (at the machine, by Ole)"
    assert AccessReset.objects.untold(investigator).count() == 1


def test_the_machine_takes_the_place_of_a_request_that_waits(
    admin: User, investigator: User, study: Study
) -> None:
    waiting = services.request_reset(investigator, study, by=admin, kind=Kind.PASSWORD, reason="r")
    options = {"username": investigator.username, "operator": "Ole", "reason": "r", "stdout": io.StringIO()}
    call_command("reset_access", "--password", **options)
    waiting.refresh_from_db()
    assert waiting.granted is False


def test_the_command_says_what_is_missing(investigator: User) -> None:
    options = {"username": investigator.username, "operator": " ", "reason": "r"}
    with pytest.raises(CommandError, match="--operator is empty"):
        call_command("reset_access", "--password", **options)
    with pytest.raises(CommandError, match="nobody is called"):
        call_command("reset_access", "--password", username="nobody", operator="O", reason="r")


def test_nobody_but_the_machine_resets_at_it(admin: User, investigator: User) -> None:
    with pytest.raises(PermissionDenied):
        services.reset_at_the_machine(investigator, by=admin, kind=Kind.PASSWORD, reason="r")
