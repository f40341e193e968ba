"""Which consent text was signed, since when it is approved at the site, and what follows when it was not."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from assessments.deviations.text import rule_text, what_happened
from assessments.models import Deviation
from enrollment import services
from enrollment.casebook.fields import forms_of
from enrollment.consents.services import (
    add_consent_version,
    approve_consent_version,
    correct_consent_version,
)
from enrollment.models import ConsentVersion, Participant
from enrollment.selectors import facts_of, today_at
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Event
from trialsite.lib.errors import Conflict
from trialsite.review.models import Verification
from trialsite.review.services import verify

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture
def manager(make_user: MakeUser) -> User:
    return make_user("datamanager")


@pytest.fixture
def today(site: Site) -> date:
    return today_at(site)


@pytest.fixture
def text(site: Site, manager: User, today: date) -> ConsentVersion:
    """Approved nowhere yet."""
    return add_consent_version(site.study, by=manager, label="2.0", language="en", dated_on=today - 20 * DAY)


def approve(text: ConsentVersion, site: Site, by: User, on: date, **more: Any) -> None:
    approve_consent_version(text, site, by=by, approved_on=on, **{"version": 0, **more})


def screened(site: Site, by: User, on: date, text: ConsentVersion | None) -> Participant:
    return services.screen(site, by=by, consented_on=on, consent_version=text, age=41, sex="F")


def filed(participant: Participant) -> list[tuple[str, str, str]]:
    rows = Deviation.objects.filter(participant=participant, rule="consent_not_approved").order_by("pk")
    return [(row.status, row.recorded, row.expected) for row in rows]


def record(participant: Participant, by: User, *, reason: str = "", **changed: Any) -> None:
    participant.refresh_from_db()
    names = ("consented_on", "consent_version", "age", "sex")
    saved = {name: getattr(participant, name) for name in names}
    checklist = {
        c.fact: facts_of(participant).get(c.fact)
        for c in participant.protocol.definition.criteria
        if c.kind == "confirm" and c.fact != "consent"
    }
    services.record_screening(
        participant,
        by=by,
        version=participant.version,
        checklist=checklist,  # type: ignore[arg-type]
        reason=reason,
        **{**saved, **changed},
    )


def test_an_approved_text_is_signed_without_a_deviation(
    site: Site, text: ConsentVersion, manager: User, coordinator: User, today: date
) -> None:
    """The day of the approval itself is allowed."""
    approve(text, site, manager, today - 3 * DAY)
    participant = screened(site, coordinator, today - 3 * DAY, text)
    participant.refresh_from_db()
    assert participant.consent_version == text
    assert filed(participant) == []


def test_a_text_that_is_not_approved_is_recorded_and_filed_once(
    site: Site, text: ConsentVersion, manager: User, coordinator: User, today: date
) -> None:
    """Nothing that happened is refused. The approval comes in, is corrected, and the same deviation follows."""
    participant = screened(site, coordinator, today - 3 * DAY, text)
    assert filed(participant) == [("open", "2.0 (en)", "")]
    record(participant, coordinator, age=42, reason="read the wrong line")
    assert filed(participant) == [("open", "2.0 (en)", "")]
    approve(text, site, manager, today - 5 * DAY)
    assert [status for status, *_ in filed(participant)] == ["corrected"]
    approve(text, site, manager, today - DAY, version=1, reason="read the wrong letter")
    assert filed(participant) == [("open", "2.0 (en)", (today - DAY).isoformat())]
    deviation = Deviation.objects.get(participant=participant)
    assert rule_text(deviation) == "Consent version not approved"
    assert what_happened(deviation).startswith("version 2.0 (en) signed, approved at the site from ")


def test_an_approval_at_another_site_does_not_count(
    site: Site, text: ConsentVersion, manager: User, coordinator: User, today: date
) -> None:
    other = Site.objects.get(study=site.study, code="02")
    approve(text, other, manager, today - 5 * DAY)
    assert len(filed(screened(site, coordinator, today - 3 * DAY, text))) == 1


def test_who_consented_before_texts_were_kept_keeps_the_date_alone(
    site: Site, coordinator: User, today: date
) -> None:
    """Nothing is invented; a version that becomes known is filled in without a reason, and changed with one."""
    participant = screened(site, coordinator, today, None)
    answers = {answer.code: answer.value for answer in forms_of(participant)[0].answers}
    assert answers["consent_version"] == "version not recorded"
    assert filed(participant) == []


def test_a_recorded_version_is_changed_with_a_reason_alone(
    site: Site, text: ConsentVersion, manager: User, coordinator: User, today: date
) -> None:
    participant = screened(site, coordinator, today, None)
    record(participant, coordinator, consent_version=text)
    for changed in (
        None,
        add_consent_version(site.study, by=manager, label="2.0", language="de", dated_on=today),
    ):
        with pytest.raises(ValidationError, match="reason"):
            record(participant, coordinator, consent_version=changed)
    record(participant, coordinator, consent_version=None, reason="entered for somebody else")
    last = forms_of(Participant.objects.get(pk=participant.pk))[0].history[0]
    assert (last.field, last.old, last.new) == ("consent_version", "2.0 (en)", None)


def test_a_change_takes_the_verification_back(
    site: Site, text: ConsentVersion, coordinator: User, make_user: MakeUser, today: date
) -> None:
    participant = screened(site, coordinator, today, None)
    monitor = make_user("monitor")
    verify(participant, None, "screening", ["consent_version"], by=monitor)
    assert Verification.objects.filter(field="consent_version", voided_at=None).exists()
    record(participant, coordinator, consent_version=text)
    assert not Verification.objects.filter(field="consent_version", voided_at=None).exists()


def test_a_text_of_another_study_is_refused(
    site: Site, manager: User, coordinator: User, today: date, text: ConsentVersion
) -> None:
    other = Study.objects.exclude(pk=site.study_id).first()
    assert other is not None
    foreign = ConsentVersion(pk=text.pk, study=other, label="x", language="en", dated_on=today)
    with pytest.raises(ValidationError, match="of this study"):
        screened(site, coordinator, today, foreign)


def test_a_text_is_entered_once_and_corrected_with_a_reason(
    site: Site, text: ConsentVersion, manager: User, today: date
) -> None:
    with pytest.raises(ValidationError, match="already"):
        add_consent_version(site.study, by=manager, label="2.0", language="en", dated_on=today)
    with pytest.raises(ValidationError, match="language"):
        add_consent_version(site.study, by=manager, label="3.0", language="xx", dated_on=today)
    values: dict[str, Any] = {"label": "2.1", "language": "en", "dated_on": text.dated_on}
    with pytest.raises(ValidationError, match="reason"):
        correct_consent_version(text, by=manager, version=1, reason=" ", **values)
    correct_consent_version(text, by=manager, version=1, reason="misprint", **values)
    with pytest.raises(Conflict):
        correct_consent_version(text, by=manager, version=1, reason="again", **values)
    last = Event.objects.filter(table_name="enrollment_consentversion").latest("n")
    assert (last.new["label"], last.reason, last.study) == ("2.1", "misprint", site.study_id)  # type: ignore[index]


def test_an_approval_is_a_day_that_can_be(
    site: Site, text: ConsentVersion, manager: User, today: date
) -> None:
    with pytest.raises(ValidationError, match="future"):
        approve(text, site, manager, today + DAY)
    with pytest.raises(ValidationError, match="ten years"):
        approve(text, site, manager, today - 4000 * DAY)
    approve(text, site, manager, today)
    with pytest.raises(Conflict):
        approve(text, site, manager, today)
    with pytest.raises(ValidationError, match="reason"):
        approve(text, site, manager, today - DAY, version=1)


def test_coordinators_do_not_approve_and_a_role_at_one_site_is_not_enough(
    site: Site, text: ConsentVersion, coordinator: User, make_user: MakeUser, today: date
) -> None:
    local = make_user("datamanager", site)
    for by in (coordinator, local):
        with pytest.raises(PermissionDenied):
            approve(text, site, by, today)
        with pytest.raises(PermissionDenied):
            add_consent_version(site.study, by=by, label="4.0", language="en", dated_on=today)


def test_the_pages(site: Site, manager: User, coordinator: User, as_user: SignIn, today: date) -> None:
    """Entered, approved and read; what is wrong is said at its field, and nothing typed is lost."""
    client = as_user(manager)
    study = site.study.code
    address = reverse("consents", args=[study])
    assert "No consent versions entered" in client.get(address).text
    new = reverse("consent_version_new", args=[study])
    page = client.post(new, {"label": "2.0", "language": "", "dated_on": "9 Mar 2026"})
    assert page.status_code == 422
    assert 'value="2.0"' in page.text
    assert client.post(new, {"label": "2.0", "language": "de", "dated_on": "9 Mar 2026"}).status_code == 302
    text = ConsentVersion.objects.get()
    approval = reverse("consent_approval", args=[text.pk, site.code])
    late = client.post(approval, {"approved_on": str(today + DAY), "version": "0"})
    assert (late.status_code, "in the future" in late.text) == (422, True)
    assert client.post(approval, {"approved_on": str(today), "version": "0"}).status_code == 302
    page = client.get(address)
    assert "2.0, German, of 9 Mar 2026" in page.text
    again = client.post(approval, {"approved_on": str(today - DAY), "version": "1"})
    assert (again.status_code, "Give the reason" in again.text) == (422, True)
    assert "Enter approval" not in as_user(coordinator).get(address).text


def test_the_screening_form_asks_for_the_version_where_there_are_some(
    site: Site, coordinator: User, manager: User, as_user: SignIn, today: date
) -> None:
    client = as_user(coordinator)
    address = reverse("participant_new", args=[site.study.code])
    assert "Consent version signed" not in client.get(address).text
    text = add_consent_version(site.study, by=manager, label="2.0", language="en", dated_on=today)
    assert "Consent version signed" in client.get(address).text
    fields = {"site": str(site.pk), "consented_on": str(today), "age": "41", "sex": "F"}
    refused = client.post(address, {**fields, "consent_version": "999999"})
    assert refused.status_code in {200, 422}
    assert not Participant.objects.filter(site=site, consented_on=today).exists()
    client.post(address, {**fields, "consent_version": str(text.pk)})
    participant = Participant.objects.get(site=site, consent_version=text)
    page = client.get(reverse("participant", args=[site.study.code, participant.code])).text
    assert "2.0 (en)" in page
    assert "Consent version not approved" in page
