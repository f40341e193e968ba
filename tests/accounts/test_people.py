"""What an administrator does about people: links instead of passwords, deactivation, roles with a span, resets."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.accounts.conftest import SignInByForm, make_telephone
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts import services
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Session, Site, Study, User, Username
from trialsite.accounts.policy import may
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NEW = "quite another passphrase"
TODAY = "/studies/KETNAL/"
RESETS: tuple[Callable[..., object], ...] = tuple(
    partial(services.request_reset, kind=kind) for kind in ("password", "second factor")
)


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin")


def change(client: Client, user: User, act: str, reason: str = "because") -> bytes:
    return client.post(reverse("person_change", args=["KETNAL", user.pk, act]), {"reason": reason}).content


def link_in(content: bytes) -> str:
    link = re.search(rb"one-time-link\">http://testserver([^<]+)<", content)
    assert link, content.decode()
    return link.group(1).decode()


@pytest.mark.requirement("ACC-08")
def test_a_deactivated_person_is_out_at_once_and_stays_out(
    admin: User, coordinator: User, as_user: SignIn, by_form: SignInByForm
) -> None:
    """Their sessions end, their password no longer lets them in, and the reason is in the trail."""
    inside = by_form(coordinator)
    assert inside.get(TODAY).status_code == 200
    change(as_user(admin), coordinator, "deactivate", "left the site")
    assert inside.get(TODAY).status_code == 302
    assert not Session.objects.of(coordinator).exists()
    assert by_form(coordinator).get(TODAY).status_code == 302
    event = Event.objects.filter(table_name="accounts_user", row_pk=str(coordinator.pk)).latest("n")
    assert (event.new, event.reason, event.actor) == ({"is_active": False}, "left the site", admin.pk)
    change(as_user(admin), coordinator, "reactivate", "came back")
    assert by_form(coordinator).get(TODAY).status_code == 200


def test_nothing_is_done_without_a_reason(admin: User, coordinator: User, as_user: SignIn) -> None:
    for act in ("deactivate", "link", "second-factor"):
        assert b"Give the reason" in change(as_user(admin), coordinator, act, "")
    coordinator.refresh_from_db()
    assert coordinator.is_active
    assert coordinator.check_password(PASSWORD)


def test_a_link_replaces_the_password_and_works_once(
    admin: User, coordinator: User, as_user: SignIn, by_form: SignInByForm
) -> None:
    """The administrator learns no password; the old one, the sessions and every earlier link are worthless."""
    inside = by_form(coordinator)
    first = link_in(change(as_user(admin), coordinator, "link", "forgot it"))
    assert inside.get(TODAY).status_code == 302
    assert by_form(coordinator).get(TODAY).status_code == 302
    second = link_in(change(as_user(admin), coordinator, "link", "lost the link"))
    assert Client().get(first).status_code == 410
    browser = Client()
    assert browser.post(second, {"password": NEW, "again": NEW})["Location"] == "/login/"
    assert Client().get(second).status_code == 410
    assert Client().post("/login/", {"username": coordinator.username, "password": NEW}).status_code == 302
    assert "link" in kinds(coordinator)


def test_a_link_does_not_go_past_the_second_factor(admin: User, coordinator: User, as_user: SignIn) -> None:
    """Whoever holds the link still needs the telephone."""
    make_telephone(coordinator)
    link = link_in(change(as_user(admin), coordinator, "link"))
    browser = Client()
    browser.post(link, {"password": NEW, "again": NEW})
    browser.post("/login/", {"username": coordinator.username, "password": NEW})
    assert browser.get(TODAY).status_code == 302


@pytest.mark.requirement("ACC-05")
@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short1!", "too short"),
        ("kartoffelpuffer", "too common"),
        ("passwordpassword", "too common"),
        ("Playstation2026!!", "too common"),
        ("480193758204", "numeric"),
        ("the coordinator", "similar"),
    ],
)
def test_a_weak_password_is_refused_in_words(
    password: str, message: str, admin: User, coordinator: User, as_user: SignIn
) -> None:
    """Length, the list of common ones, likeness to the name: also by the link."""
    link = link_in(change(as_user(admin), coordinator, "link"))
    answer = Client().post(link, {"password": password, "again": password}).content.decode()
    assert message in answer


@pytest.mark.requirement("ACC-05")
def test_passwords_are_kept_by_argon2(coordinator: User) -> None:
    assert coordinator.password.startswith("argon2$argon2id$")


def test_nobody_decides_about_themselves(admin: User, study: Study) -> None:
    """Nor resets their own second factor without its code."""
    for act in list[Callable[..., object]]((services.deactivate, *RESETS)):
        with pytest.raises(ValidationError, match="do this for yourself"):
            act(admin, study, by=admin, reason="r")


def test_an_administrator_of_one_study_has_no_say_over_a_person_of_another(
    admin: User, coordinator: User, study: Study
) -> None:
    """An account opens every study its person works in; a link to it would open the other one too."""
    other = Study.objects.exclude(pk=study.pk)[0]
    system = User.objects.system()
    with audit_context(system, reason="test"):
        elsewhere = Membership.objects.create(
            user=coordinator, study=other, role="coordinator", granted_by=system
        )
    for act in list[Callable[..., object]]((services.deactivate, services.reactivate, *RESETS)):
        with pytest.raises(ValidationError, match="also works in a study"):
            act(coordinator, study, by=admin, reason="r")
    services.end_role(elsewhere, by=system, reason="over")
    services.deactivate(coordinator, study, by=admin, reason="r")


def test_a_person_of_no_role_here_is_not_found(admin: User, as_user: SignIn, study: Study) -> None:
    stranger = User(username="stranger", printed_name="A Stranger")
    with audit_context(User.objects.system(), reason="test"):
        stranger.save()
    for name, more in (("person", []), ("person_change", ["link"]), ("role_grant", [])):
        assert as_user(admin).get(reverse(name, args=["KETNAL", stranger.pk, *more])).status_code == 404


@pytest.mark.requirement("ACC-04")
def test_a_role_holds_from_its_first_to_its_last_day(
    admin: User, coordinator: User, study: Study, as_user: SignIn
) -> None:
    """Granted in advance it does not count yet; the form's last day is included."""
    first = timezone.now().date() + timedelta(days=2)
    client = as_user(admin)
    client.post(
        reverse("role_grant", args=["KETNAL", coordinator.pk]),
        {"role": "auditor", "starts_on": first, "ends_on": first + timedelta(days=1)},
    )
    granted = coordinator.memberships.get(role="auditor")
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    assert (granted.starts_at, granted.ends_at) == (midnight, midnight + timedelta(days=2))
    assert granted.granted_by == admin
    assert not may(coordinator, "audit.view", study)
    page = client.get(reverse("person", args=["KETNAL", coordinator.pk])).content.decode()
    assert f"{first.day} {first:%b %Y} 00:00" in page


def test_a_role_that_has_an_end_can_be_ended_before(admin: User, coordinator: User, study: Study) -> None:
    """Also one that has not begun: it then never counts."""
    now = timezone.now()
    running = services.grant_role(
        coordinator, study, by=admin, role="monitor", site=None, ends_at=now + timedelta(days=9)
    )
    coming = services.grant_role(
        coordinator, study, by=admin, role="auditor", site=None, starts_at=now + timedelta(days=9)
    )
    for membership in (running, coming):
        services.end_role(membership, by=admin, reason="changed our minds")
    assert not coordinator.memberships.open().exclude(role="coordinator").exists()
    assert not may(coordinator, "record.verify", study)


def test_the_same_role_is_not_granted_twice_over(
    admin: User, coordinator: User, study: Study, site: Site
) -> None:
    """Neither while it runs nor in advance of its end; after its end it is."""
    later = timezone.now() + timedelta(days=5)
    with pytest.raises(ValidationError, match="already"):
        services.grant_role(coordinator, study, by=admin, role="coordinator", site=site, starts_at=later)
    services.grant_role(coordinator, study, by=admin, role="monitor", site=None, ends_at=later)
    with pytest.raises(ValidationError, match="already"):
        services.grant_role(coordinator, study, by=admin, role="monitor", site=None)
    assert services.grant_role(coordinator, study, by=admin, role="monitor", site=None, starts_at=later)


def test_a_role_does_not_begin_in_the_past_or_end_before_it_begins(
    admin: User, coordinator: User, as_user: SignIn
) -> None:
    """Nobody makes an act of yesterday allowed."""
    address, today = reverse("role_grant", args=["KETNAL", coordinator.pk]), timezone.now().date()
    for span in (
        {"starts_on": today - timedelta(days=1)},
        {"starts_on": today + timedelta(days=3), "ends_on": today + timedelta(days=1)},
        {"ends_on": today - timedelta(days=1)},
    ):
        assert as_user(admin).post(address, {"role": "auditor", **span}).status_code == 200
    assert not coordinator.memberships.filter(role="auditor").exists()


def test_ending_a_role_ends_the_sessions(admin: User, coordinator: User, by_form: SignInByForm) -> None:
    inside = by_form(coordinator)
    services.end_role(coordinator.memberships.get(), by=admin, reason="moved")
    assert inside.get("/account/").status_code == 302
    assert kinds(coordinator)[-1] == "session ended"


def rename(user: User, name: str) -> None:
    with transaction.atomic(), audit_context(User.objects.system(), reason="married"):
        User.objects.filter(pk=user.pk).update(username=name)


@pytest.mark.requirement("ACC-05")
def test_a_name_is_never_another_persons(coordinator: User, make_user: MakeUser) -> None:
    """Not after a rename, in no spelling, whoever writes it; its owner may take it back."""
    old = coordinator.username
    rename(coordinator, "somebody-else")
    for spelling in (old, old.upper()):
        with pytest.raises(IntegrityError, match="is or was another"), transaction.atomic():
            make_user("monitor", None, spelling)
    with pytest.raises(IntegrityError, match="is or was another"):
        rename(make_user("monitor"), old.title())
    rename(coordinator, old)


def test_the_form_says_that_a_name_was_used(admin: User, coordinator: User, study: Study) -> None:
    old = coordinator.username
    rename(coordinator, "somebody-else")
    with pytest.raises(ValidationError, match="never reused"):
        services.invite(study, by=admin, username=old, printed_name="X", email="", role="monitor", site=None)


@pytest.mark.parametrize(
    "statement",
    [
        "update accounts_username set user_id = 1",
        "delete from accounts_username",
        "insert into accounts_username (name, user_id) select 'squatter', id from accounts_user limit 1",
    ],
)
def test_the_web_does_not_write_the_list_of_names(statement: str, coordinator: User) -> None:
    assert Username.objects.filter(user=coordinator).exists()
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        audit_context(User.objects.system(), reason="r"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
