"""A participant's record on paper: every value with its history, and nothing of the treatment."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.casebook.book import Cover, filled_casebook
from assessments.casebook.content import casebook_of
from assessments.entry.selectors import places_of
from assessments.models import Assessment, Record
from enrollment.models import Participant
from enrollment.selectors import participant_for
from tests.access.conftest import signed_in
from tests.analysis.conftest import demo
from tests.conftest import MakeUser
from tests.printed import text_of
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessEvent, User
from trialsite.review import services as review
from trialsite.review.models import Lock, Signature

__all__ = ["demo"]
SignIn = Callable[[User], Client]


def events(participant: Participant, by: User, terms: list[str]) -> list[Record]:
    place = next(place for place in places_of(participant) if place.form.code == "ADVERSE_EVENT")
    first = Record.objects.filter(participant=participant, form="ADVERSE_EVENT").count() + 1
    with audit_context(by):
        return [
            Record.objects.create(
                participant=participant,
                definition=place.definition,
                form="ADVERSE_EVENT",
                repeat_key=number,
                status="complete",
                items={"TERM": term, "SEVERITY": "MILD"},
                entered_by=by,
                form_token=uuid.uuid4(),
            )
            for number, term in enumerate(terms, first)
        ]


def printed(participant: Participant) -> str:
    return text_of(filled_casebook(Cover(casebook_of(participant), timezone.now(), "The reader")))


def read(participant: Participant, by: User) -> Participant:
    return participant_for(by, participant.study.code, participant.code, "participant.view")


@pytest.mark.django_db
def test_a_record_stands_with_its_history_its_query_and_its_verification(
    randomised: Participant, coordinator: User, make_user: MakeUser
) -> None:
    monitor = make_user("monitor")
    [event] = events(randomised, coordinator, ["Headache"])
    with audit_context(coordinator, reason="misread the note"):
        event.items, event.version = {**event.items, "TERM": "Migraine"}, 2
        event.save()
    place = review.Place(randomised, None, form="ADVERSE_EVENT", field="TERM", repeat_key=1)
    [query] = review.raise_queries([place], by=monitor, text="Which kind of migraine?")
    review.answer(query, by=coordinator, text="Without aura")
    review.verify(randomised, None, "ADVERSE_EVENT", ["SEVERITY"], by=monitor, repeat_keys=[1])
    text = printed(read(randomised, coordinator))
    assert "Migraine" in text
    assert "was Headache until" in text
    assert "misread the" in text
    assert "Which kind of migraine?" in text
    assert "Without aura" in text
    assert "Verified by The monitor" in text
    assert "Decisions on eligibility" in text
    assert "Sertraline" in text


@pytest.mark.django_db
def test_a_row_that_was_struck_out_stays_and_says_so(randomised: Participant, coordinator: User) -> None:
    [event] = events(randomised, coordinator, ["Headache"])
    with audit_context(coordinator, reason="entered twice"):
        event.status, event.status_reason, event.version = "struck_out", "entered twice", 2
        event.save()
    text = printed(read(randomised, coordinator))
    assert "(struck out)" in text
    assert "entered twice" in text


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["x" * 20_000, "long\n" * 4_000, "Я" * 3_000, "<para>&"])
def test_no_value_is_too_long_or_too_strange(randomised: Participant, coordinator: User, term: str) -> None:
    events(randomised, coordinator, [term])
    assert "page 1 of" in printed(read(randomised, coordinator))


@pytest.mark.django_db
def test_ten_times_the_records_take_as_many_statements(randomised: Participant, coordinator: User) -> None:
    counts = []
    for number in (4, 36):
        for event in events(randomised, coordinator, ["Headache"] * number):
            with audit_context(coordinator, reason="typo"):
                event.items, event.version = {**event.items, "TERM": "Nausea"}, 2
                event.save()
        participant = read(randomised, coordinator)
        with CaptureQueriesContext(connection) as queries:
            printed(participant)
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
    assert counts[1] < 40


def test_the_demo_is_taken_whole_and_says_nothing_of_the_treatment(demo: str) -> None:
    """Of somebody whose record is signed and locked: every rating, the signatures with both hashes, the lock."""
    lock = Lock.objects.select_related("participant__study")[0]
    participant = lock.participant
    assert participant is not None
    address = reverse("casebook", args=[participant.study.code, participant.code])
    answer = signed_in(User.objects.get(username="monitor")).post(address)
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    assert f"Casebook of participant {participant.code}" in text
    for rating in Assessment.objects.filter(participant=participant, status="complete"):
        assert f"total {rating.total}" in text
    for signature in Signature.objects.filter(participant=participant):
        assert signature.sha256 in text
        assert signature.content_sha256 in text
    assert "Locked by" in text
    for arm in participant.protocol.definition.arms:
        assert arm.label.lower() not in text.lower()
    assert "naltrexone" not in text.lower()
    assert "placebo" not in text.lower()


def test_who_took_a_casebook_is_recorded_and_it_is_no_get(demo: str) -> None:
    participant = Participant.objects.select_related("study").filter(site__code="01")[0]
    address = reverse("casebook", args=[participant.study.code, participant.code])
    monitor = User.objects.get(username="monitor")
    client = signed_in(monitor)
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 200
    taken = AccessEvent.objects.filter(kind="list taken", user=monitor).latest("pk")
    assert taken.about == f"{participant.study.code} casebook {participant.code}"


def test_an_emergency_unblinding_is_told_and_not_to_what(demo: str) -> None:
    participant = Participant.objects.filter(randomised_at__isnull=False)[0]
    participant.unblinded_at = timezone.now()
    text = printed(participant)
    assert "Unblinded in an emergency" in text
    assert "naltrexone" not in text.lower()
