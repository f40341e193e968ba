"""Who signs may, there and now, and typed the password in that session moments before: the database asks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Visit
from tests.conftest import PASSWORD, MakeUser
from trialsite.accounts.context import audit_context, origin
from trialsite.accounts.models import AccessEvent, Membership, Session, Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.review import services
from trialsite.review.models import Signature
from trialsite.review.selectors import content_sha256

pytestmark = pytest.mark.django_db
MEANING = "reviewed"
PAGE_MEANING = "I have reviewed these data; they are complete and correct."


def insert(visit: Visit, by: User) -> Signature:
    """As raw SQL would, past every service."""
    with audit_context(by, reason=MEANING):
        signature = Signature(participant=visit.participant, visit=visit, meaning=MEANING, signed_by=by)
        signature.signed_at = timezone.now()
        signature.save(force_insert=True)
    signature.refresh_from_db()
    return signature


@pytest.mark.requirement("SIG-05")
@pytest.mark.parametrize("role", ["coordinator", "datamanager", "monitor", "safety", "admin"])
def test_no_other_role_signs(role: str, visit: Visit, make_user: MakeUser) -> None:
    user = make_user(role)
    with confirmed(user), pytest.raises(DatabaseError, match="no role that may sign here"):
        insert(visit, user)


@pytest.mark.requirement("SIG-05")
def test_nor_an_investigator_of_another_site_or_study(
    visit: Visit, elsewhere: User, make_user: MakeUser
) -> None:
    other = make_user("coordinator")
    system = User.objects.system()
    with audit_context(system, reason="test"):
        study = Study.objects.create(code="OTHER", short_title="Another trial", synthetic=True)
        Membership.objects.create(user=other, study=study, role="investigator", granted_by=system)
    for user in (elsewhere, other):
        with confirmed(user), pytest.raises(DatabaseError, match="no role that may sign here"):
            insert(visit, user)


@pytest.mark.parametrize("change", ["ended", "not begun", "deactivated"])
def test_nor_one_whose_role_does_not_count_now(change: str, visit: Visit, investigator: User) -> None:
    now = timezone.now()
    with audit_context(User.objects.system(), reason="test"):
        if change == "deactivated":
            User.objects.filter(pk=investigator.pk).update(is_active=False)
        elif change == "ended":
            investigator.memberships.update(ends_at=now)
        else:
            investigator.memberships.update(starts_at=now + timedelta(days=1))
    with confirmed(investigator), pytest.raises(DatabaseError, match="no role that may sign here"):
        insert(visit, investigator)


@pytest.mark.requirement("SIG-02")
def test_without_the_password_moments_before_nothing_is_signed(visit: Visit, investigator: User) -> None:
    """No confirmation; one of another session, of one that ran out, of one that ended; and the service says so."""
    with pytest.raises(DatabaseError, match="not confirmed"):
        insert(visit, investigator)
    with pytest.raises(ValidationError, match="Enter it again"):
        services.sign(visit.participant, visit, by=investigator, meaning=MEANING)
    with confirmed(investigator):
        token = origin.set(replace(origin.get(), session="f" * 64))
        with pytest.raises(DatabaseError, match="not confirmed"):
            insert(visit, investigator)
        origin.reset(token)
        Session.objects.filter(session_key=origin.get().session).update(expire_date=timezone.now())
        with pytest.raises(DatabaseError, match="not confirmed"):
            insert(visit, investigator)
        Session.objects.filter(session_key=origin.get().session).delete()
        with pytest.raises(DatabaseError, match="not confirmed"):
            insert(visit, investigator)
    with confirmed(investigator):
        assert insert(visit, investigator).confirmation == AccessEvent.objects.latest("id")


def test_somebody_elses_confirmation_is_worth_nothing(
    visit: Visit, investigator: User, make_user: MakeUser
) -> None:
    with confirmed(make_user("investigator")), pytest.raises(DatabaseError, match="not confirmed"):
        insert(visit, investigator)


def test_the_moment_of_a_confirmation_is_the_servers(investigator: User) -> None:
    """Nobody confirms in advance, or in another session than the one of the request."""
    ahead = timezone.now() + timedelta(hours=1)
    with audit_context(investigator):
        access = AccessEvent.objects.create(kind="confirmed", user=investigator, at=ahead, session="f" * 64)
    access.refresh_from_db()
    assert access.at < ahead
    assert access.session == ""


@pytest.mark.requirement("SIG-02")
def test_a_confirmation_is_over_after_two_minutes(visit: Visit, investigator: User) -> None:
    with confirmed(investigator):
        key = origin.get().session
        with connection.cursor() as cursor:
            cursor.execute("select confirmed_just_now(%s, %s)", [investigator.pk, key])
            assert cursor.fetchone()[0] == AccessEvent.objects.latest("id").pk
        # As it will look then: the clock is the server's, and nobody turns it.
        with connection.cursor() as cursor:
            cursor.execute("select prosrc from pg_proc where proname = 'confirmed_just_now'")
            body = cursor.fetchone()[0].replace(
                "clock_timestamp() - ", "clock_timestamp() + interval '121 s' - "
            )
            body = body.replace("confirmed_just_now.session", "%s").replace("= person", "= %s")
            cursor.execute(body, [investigator.pk, key])
            assert cursor.fetchone() is None


@pytest.mark.requirement("SIG-02", "SIG-05")
def test_signing_by_the_page_names_the_confirmation(
    visit: Visit, investigator: User, as_user: Callable[[User], Client]
) -> None:
    client, content = as_user(investigator), content_sha256(visit.participant_id, visit.pk)
    data = {"meaning": PAGE_MEANING, "password": PASSWORD, "shown": content}
    assert client.post(reverse("sign_visit", args=[visit.pk]), data).status_code == 302
    signature = Signature.objects.get(visit=visit)
    assert signature.confirmation
    assert (signature.confirmation.user, signature.confirmation.about) == (investigator, "sign_visit")
    assert signature.confirmation.session == Session.objects.get(user_id=investigator.pk).session_key


def test_a_person_of_a_real_trial_is_not_rehearsed(investigator: User) -> None:
    with audit_context(User.objects.system(), reason="test"):
        Study.objects.filter(code="KETNAL").update(synthetic=False)
    with pytest.raises(PermissionDenied), confirmed(investigator):
        pass
