"""Mail about safety alerts: owed with the alert, sent once, tried again, escalated; pages need none of it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from assessments.domain.entry import AssessmentEntry
from assessments.models import SafetyAlert
from assessments.rating.services import complete
from assessments.safety.services import acknowledge, escalate
from assessments.tasks import safety
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.conftest import MakeUser, items
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event, Outbox
from trialsite.celery import app

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SAF-01")]
AsUser = Callable[[User], Client]


@pytest.fixture
def physician(make_user: MakeUser, site: Site) -> User:
    """The safety physician, of all sites."""
    return with_address(make_user("safety"), "physician@example.org")


def with_address(user: User, address: str) -> User:
    with audit_context(user, reason="an address"):
        user.email = address
        user.save(update_fields=["email"])
    return user


def rate(visit: Visit, by: User, suicide: int = 4) -> SafetyAlert:
    on = today_at(visit.participant.site) - timedelta(days=9)
    entry = AssessmentEntry(items=items(20) | {"HAMD103": suicide}, rater="Rita Rater", performed_on=on)
    complete(visit, "HAMD17", entry, by=by, form_token=uuid.uuid4())
    return SafetyAlert.objects.get()


def waiting_since(alert: SafetyAlert, minutes: int, by: User) -> None:
    with audit_context(by, reason="time goes by"):
        SafetyAlert.objects.filter(pk=alert.pk).update(raised_at=timezone.now() - timedelta(minutes=minutes))


def owed() -> list[str]:
    kinds = ("alert", "escalation")
    return list(Outbox.objects.filter(kind__in=kinds).order_by("id").values_list("kind", flat=True))


def test_those_who_act_are_told_once_and_of_no_value(
    visit: Visit,
    coordinator: User,
    investigator: User,
    physician: User,
    make_user: MakeUser,
    other_site: Site,
) -> None:
    """Investigators of the site and the safety physician; nobody of another site, nobody without an address."""
    with_address(investigator, "investigator@example.org")
    with_address(coordinator, "coordinator@example.org")
    with_address(make_user("investigator", other_site), "stranger@example.org")
    rate(visit, coordinator)
    assert owed() == ["alert"]
    assert mail.outbox == []
    safety()
    safety()
    [message] = mail.outbox
    assert message.bcc == ["investigator@example.org", "physician@example.org"]
    assert message.to == []
    code = visit.participant.code
    assert message.subject == f"KETNAL: safety alert for {code}"
    assert message.body == (
        f"Study KETNAL, site 01, participant {code}.\n\n"
        "There is a safety alert. Please act now, and acknowledge it by stating what was done.\n\n"
        f"http://127.0.0.1/studies/KETNAL/participants/{code}/\n"
    )
    assert owed() == []


def test_neither_broker_nor_mail_keeps_an_alert_from_the_pages(
    visit: Visit,
    coordinator: User,
    physician: User,
    as_user: AsUser,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    """Saved, shown and acknowledged with both away; the mail stays owed and goes out once they are back."""

    def away(*_arguments: object, **_options: object) -> None:
        raise OperationalError("no broker")

    def refuse(*_arguments: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as both:
        both.setattr(app, "send_task", away)
        both.setattr(EmailBackend, "send_messages", refuse)
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            alert = rate(visit, coordinator)
        safety()
        assert f"/alerts/{alert.pk}/" in as_user(physician).get("/studies/KETNAL/").content.decode()
    entry = Outbox.objects.get(kind="alert")
    assert (entry.attempts, entry.subject) == (1, alert.pk)
    assert mail.outbox == []
    safety()
    assert mail.outbox == []
    Outbox.objects.filter(pk=entry.pk).update(not_before=timezone.now())
    safety()
    assert len(mail.outbox) == 1
    assert owed() == []


def test_an_alert_that_was_acknowledged_is_not_mailed(
    visit: Visit, coordinator: User, investigator: User, physician: User
) -> None:
    alert = rate(visit, coordinator)
    acknowledge(alert, by=investigator, action="Spoke with them at once.")
    safety()
    assert (mail.outbox, owed()) == ([], [])


def test_an_alert_that_waits_too_long_is_escalated_once(
    visit: Visit, coordinator: User, physician: User, make_user: MakeUser, site: Site, as_user: AsUser
) -> None:
    """After the protocol's minutes: in the trail by the system, on the pages, and to the monitors too."""
    with_address(make_user("monitor", site), "monitor@example.org")
    alert = rate(visit, coordinator)
    waiting_since(alert, 59, coordinator)
    safety()
    assert [message.bcc for message in mail.outbox] == [["physician@example.org"]]
    page = as_user(physician).get("/studies/KETNAL/").content.decode()
    assert "in the 60 minutes that the protocol allows" not in page
    waiting_since(alert, 60, coordinator)
    # By the clock alone, whatever the workers do.
    page = as_user(physician).get("/studies/KETNAL/").content.decode()
    assert "in the 60 minutes that the protocol allows" in page
    safety()
    safety()
    assert [message.bcc for message in mail.outbox[1:]] == [["monitor@example.org", "physician@example.org"]]
    assert "not acknowledged" in mail.outbox[1].subject
    assert "waits too long" in as_user(physician).get("/account/").content.decode()
    escalated = Event.objects.filter(table_name="assessments_safetyalert").latest("n")
    assert (escalated.actor, escalated.reason) == (User.objects.system().pk, "not acknowledged in time")
    assert (escalated.new or {})["escalated_at"]


def test_what_was_acknowledged_is_not_escalated(visit: Visit, coordinator: User, investigator: User) -> None:
    alert = rate(visit, coordinator)
    waiting_since(alert, 90, coordinator)
    acknowledge(alert, by=investigator, action="Spoke with them at once.")
    assert escalate() == 0


def test_without_an_address_nothing_is_owed_for_ever(visit: Visit, coordinator: User) -> None:
    rate(visit, coordinator)
    safety()
    assert (mail.outbox, owed()) == ([], [])
