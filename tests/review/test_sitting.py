"""A participant's visits are read, verified and signed in one sitting, with one password, all or none."""

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant, Visit
from tests.conftest import PASSWORD, sign, sign_series
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.lib.errors import Conflict
from trialsite.review import services
from trialsite.review.models import Signature
from trialsite.review.selectors import content_sha256, contents_sha256

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MEANING = "I have reviewed these data; they are complete and correct."


@pytest.fixture
def visits(visit: Visit) -> list[Visit]:
    """Screening and the baseline of period 1, both rated and unsigned."""
    screening = visit.participant.visits.get(period=None)
    return [screening, visit]


def address(participant: Participant, name: str = "review_participant") -> str:
    return reverse(name, args=[participant.study.code, participant.code])


def posted(page: str, **more: str) -> dict[str, object]:
    """What a browser would send of the page: every mark that is set, with the hash of what is shown."""
    contents = dict(re.findall(r'name="(shown-[^"]+)" value="([0-9a-f]{64})"', page))
    marked = re.findall(r'name="record" value="([^"]+)" data-mark checked', page)
    return {**contents, "record": marked, "meaning": MEANING, "password": PASSWORD, **more}


def test_hashes_of_all_records_are_those_of_each(visits: list[Visit]) -> None:
    participant = visits[0].participant
    hashes = contents_sha256(participant.pk)
    assert hashes[None] == content_sha256(participant.pk, None)
    assert all(hashes[visit.pk] == content_sha256(participant.pk, visit.pk) for visit in visits)


@pytest.mark.requirement("SIG-02")
def test_one_password_signs_what_was_read(visits: list[Visit], investigator: User, as_user: SignIn) -> None:
    """Every item is on the page; what is marked gets a signature of its own."""
    participant, client = visits[0].participant, as_user(investigator)
    page = client.get(address(participant)).content.decode()
    assert page.count("Depressed mood") == 2
    fields = posted(page)
    assert fields["record"] == [str(visit.pk) for visit in visits]
    refused = client.post(address(participant, "sign_series"), {**fields, "password": "wrong"})
    assert refused.status_code == 422
    assert "password is incorrect" in refused.content.decode()
    assert not Signature.objects.exists()
    assert client.post(address(participant, "sign_series"), fields).status_code == 302
    assert set(Signature.objects.values_list("visit_id", flat=True)) == {visit.pk for visit in visits}
    assert posted(client.get(address(participant)).content.decode())["record"] == []


def test_a_value_changed_after_the_reading_signs_nothing(
    visits: list[Visit], investigator: User, coordinator: User, as_user: SignIn
) -> None:
    participant, client = visits[0].participant, as_user(investigator)
    fields = posted(client.get(address(participant)).content.decode())
    with audit_context(coordinator, reason="misread"):
        visits[1].assessments.update(rater="Somebody else")
    answer = client.post(address(participant, "sign_series"), fields)
    assert answer.status_code == 409
    assert "nothing was signed. Review them again." in answer.content.decode()
    assert not Signature.objects.exists()


def test_one_that_cannot_be_signed_keeps_all_unsigned_and_is_named(
    visits: list[Visit], investigator: User, monitor: User
) -> None:
    """A blocking query at the baseline: neither it nor the screening visit is signed, and the baseline is named."""
    screening, baseline = visits
    place = services.Place(baseline.participant, baseline, "HAMD17", "")
    services.raise_queries([place], by=monitor, text="Which?", blocks_signature=True)
    contents = contents_sha256(baseline.participant_id)
    with pytest.raises(ValidationError, match="period 1, Baseline: Queries that must be closed"):
        sign_series(
            baseline.participant,
            {screening.pk: contents[screening.pk], baseline.pk: contents[baseline.pk]},
            by=investigator,
            meaning=MEANING,
        )
    assert not Signature.objects.exists()


def test_the_casebook_is_signed_after_its_visits(visits: list[Visit], investigator: User) -> None:
    """Marked together, in one act; without a visit that is unsigned it is refused, and that visit is named."""
    participant = visits[0].participant
    contents = contents_sha256(participant.pk)
    with pytest.raises(ValidationError, match=r"Sign the visits first: .*period 1, Baseline"):
        sign_series(participant, {None: contents[None]}, by=investigator, meaning=MEANING)
    keys = [None, *(visit.pk for visit in visits)]
    signatures = sign_series(
        participant, {key: contents[key] for key in keys}, by=investigator, meaning=MEANING
    )
    assert [signature.visit_id for signature in signatures] == [*(visit.pk for visit in visits), None]


def test_nothing_marked_is_said(visits: list[Visit], investigator: User, as_user: SignIn) -> None:
    participant = visits[0].participant
    answer = as_user(investigator).post(
        address(participant, "sign_series"), {"meaning": MEANING, "password": PASSWORD}
    )
    assert answer.status_code == 422
    assert "Select the records to sign" in answer.content.decode()


def test_a_hash_of_another_page_does_not_sign(visits: list[Visit], investigator: User) -> None:
    with pytest.raises(Conflict):
        sign_series(visits[0].participant, {visits[0].pk: "0" * 64}, by=investigator, meaning=MEANING)
    assert not Signature.objects.exists()


def test_a_monitor_verifies_form_by_form_without_leaving(
    visits: list[Visit], monitor: User, as_user: SignIn
) -> None:
    participant, client = visits[0].participant, as_user(monitor)
    page = client.get(address(participant)).content.decode()
    # Two ratings, and the four rows of failed treatments.
    assert page.count("data-verify") == 6
    assert "data-mark" not in page
    answer = client.post(
        reverse("verify", args=[visits[0].pk]), {"form": "HAMD17", "whole": "1", "sitting": "1"}, follow=True
    )
    assert answer.redirect_chain[-1][0] == address(participant)
    assert answer.content.decode().count("data-verify") == 5


def test_a_completed_casebook_reaches_the_investigators_work_list(
    visits: list[Visit], investigator: User, coordinator: User, as_user: SignIn
) -> None:
    participant, client = visits[0].participant, as_user(investigator)
    today = reverse("today", args=["KETNAL"])
    assert "Review and sign the casebook" not in client.get(today).content.decode()
    with audit_context(coordinator, reason="test"):
        Participant.objects.filter(pk=participant.pk).update(status=Participant.Status.COMPLETED)
    assert address(participant) in client.get(today).content.decode()
    contents = contents_sha256(participant.pk)
    keys = [None, *(visit.pk for visit in visits)]
    sign_series(participant, {key: contents[key] for key in keys}, by=investigator, meaning=MEANING)
    assert "Review and sign the casebook" not in client.get(today).content.decode()


def test_the_review_list_begins_with_what_one_has_to_do(
    visits: list[Visit], monitor: User, investigator: User, as_user: SignIn
) -> None:
    """Unverified for a monitor, unsigned for an investigator; "all" shows the rest."""
    screening, baseline = visits
    services.verify(screening.participant, screening, "HAMD17", [""], by=monitor)
    sign(baseline.participant, baseline, by=investigator, meaning=MEANING)
    review = reverse("review", args=["KETNAL"])

    def listed(user: User, **filters: str) -> list[bool]:
        page = as_user(user).get(review, filters).content.decode()
        return [f"#visit-{visit.pk}" in page for visit in visits]

    assert listed(monitor) == [False, True]
    assert listed(investigator) == [True, False]
    assert listed(monitor, state="all") == [True, True]
