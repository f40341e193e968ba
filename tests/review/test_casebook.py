"""Queries, source verification and history of what stands outside visits: consent, person, criteria, treatments."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enrollment import services as enrollment
from enrollment.casebook.fields import forms_of
from enrollment.models import Participant, Period, ScreeningFact
from enrollment.selectors import today_at
from tests.conftest import MakeUser, sign
from tests.enrollment.steps import leave
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.review import services
from trialsite.review.models import Query, Verification

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def in_force(participant: Participant) -> set[tuple[str, str]]:
    verifications = Verification.objects.filter(participant=participant, visit=None, voided_at=None)
    return set(verifications.values_list("form", "field"))


def address(participant: Participant, what: str = "") -> str:
    return f"/studies/KETNAL/participants/{participant.code}/{what}"


@pytest.fixture
def verified(randomised: Participant, coordinator: User, monitor: User) -> Participant:
    """Everything of it compared with its source, the first infusion included."""
    enrollment.record_dosing(
        randomised.periods.get(number=1), today_at(randomised.site), by=coordinator, version=1
    )
    services.verify(randomised, None, "screening", ["", "consented_on", "age", "pregnancy"], by=monitor)
    services.verify(randomised, None, "dosing", ["", "1", "2"], by=monitor)
    return randomised


KEPT = {("screening", name) for name in ("consented_on", "age", "pregnancy")}
DOSED = {("dosing", ""), ("dosing", "1"), ("dosing", "2")}
ALL = {("screening", ""), *KEPT, *DOSED}


@pytest.mark.requirement("SDV-01")
@pytest.mark.parametrize(
    ("change", "form", "field"),
    [
        (lambda p: Participant.objects.filter(pk=p.pk).update(consented_on="2020-01-01"), "screening", "consented_on"),
        (lambda p: Participant.objects.filter(pk=p.pk).update(age=41), "screening", "age"),
        (lambda p: ScreeningFact.objects.filter(participant=p, name="pregnancy").update(value=1), "screening", "pregnancy"),
        (lambda p: Period.objects.filter(participant=p, number=1).update(dosed_on=p.consented_on), "dosing", "1"),
    ],
)  # fmt: skip
def test_a_change_takes_back_its_field_and_its_form_and_no_neighbour(
    verified: Participant, coordinator: User, change: Callable[[Participant], object], form: str, field: str
) -> None:
    """Whatever writes it: here the tables themselves."""
    assert in_force(verified) == ALL
    with audit_context(coordinator, reason="misread"):
        change(verified)
    assert in_force(verified) == ALL - {(form, ""), (form, field)}


def test_what_verifies_nothing_leaves_it_verified(verified: Participant, investigator: User) -> None:
    """A withdrawal changes the participant, none of these fields."""
    leave(verified, investigator)
    assert in_force(verified) == ALL


def test_verifying_twice_is_once(verified: Participant, monitor: User) -> None:
    assert services.verify(verified, None, "screening", ["", "age"], by=monitor) == []


@pytest.mark.requirement("SDV-01")
def test_a_monitor_verifies_on_the_participants_page_and_takes_it_back(
    randomised: Participant, monitor: User, as_user: AsUser
) -> None:
    client = as_user(monitor)
    page = client.get(address(randomised)).content.decode()
    assert address(randomised, "verify/") in page
    client.post(address(randomised, "verify/"), {"form": "screening", "field": ["age", "sex"]})
    assert in_force(randomised) == {("screening", "age"), ("screening", "sex")}
    client.post(address(randomised, "verify/"), {"form": "screening", "whole": "1"})
    whole = Verification.objects.get(participant=randomised, field="")
    back = f"/verifications/{whole.pk}/withdraw/"
    assert back in client.get(address(randomised)).content.decode()
    answer = client.post(back, {"reason": "other person's source"})
    assert answer["Location"] == address(randomised)
    assert in_force(randomised) == {("screening", "age"), ("screening", "sex")}


@pytest.mark.parametrize(
    "place",
    [{"form": "screening", "field": "hamd17_total"}, {"form": "HAMD17"}, {"form": "dosing", "field": "3"}],
)
def test_a_field_that_is_none_is_not_found(
    randomised: Participant, monitor: User, as_user: AsUser, place: dict[str, str]
) -> None:
    client = as_user(monitor)
    for what in ("queries/", "verify/"):
        answer = client.post(address(randomised, what), {"field": "", **place, "text": "Please check."})
        assert answer.status_code == 404
    assert not Query.objects.filter(check_id="").exists()
    assert not Verification.objects.exists()


def test_a_question_about_the_consent_is_asked_answered_and_closed(
    screened: Participant, monitor: User, coordinator: User, as_user: AsUser
) -> None:
    """On the participant's page and on the list; before the participant is randomised already."""
    ask = {"form": "screening", "field": "consented_on", "text": "The source says the 3rd."}
    answer = as_user(monitor).post(address(screened, "queries/"), ask)
    query = Query.objects.get(participant=screened, check_id="")
    assert answer["Location"] == f"{address(screened)}#query-{query.pk}"
    assert (query.visit, query.form, query.field) == (None, "screening", "consented_on")
    listed = as_user(coordinator).get("/studies/KETNAL/queries/").content.decode()
    assert "Screening, Consent date" in listed
    page = as_user(coordinator).get(address(screened)).content.decode()
    assert "The source says the 3rd." in page
    as_user(coordinator).post(f"/queries/{query.pk}/answer/", {"text": "It is the 3rd; corrected."})
    as_user(monitor).post(f"/queries/{query.pk}/close/", {"text": "Seen."})
    query.refresh_from_db()
    assert query.status == "closed"


def test_nothing_asked_is_said_and_sends_nothing(
    screened: Participant, monitor: User, as_user: AsUser
) -> None:
    answer = as_user(monitor).post(
        address(screened, "queries/"), {"form": "screening", "text": " "}, follow=True
    )
    assert "Enter your question; nothing was sent." in answer.content.decode()
    assert not Query.objects.filter(check_id="").exists()


def test_a_blocking_question_keeps_the_casebook_from_being_signed(
    randomised: Participant, monitor: User, investigator: User
) -> None:
    """Of its visits, which it is not about, it keeps none from being signed."""
    place = services.Place(randomised, None, "screening", "age")
    services.raise_queries([place], by=monitor, text="Born when?", blocks_signature=True)
    for visit in randomised.visits.exclude(status="planned"):
        sign(randomised, visit, by=investigator, meaning="m")
    with pytest.raises(ValidationError, match="must be closed before signing"):
        sign(randomised, None, by=investigator, meaning="m")


def test_history_stands_beside_the_field(verified: Participant, coordinator: User, as_user: AsUser) -> None:
    """Was, now, who and why; what was first given is no change."""
    assert not any(form.history for form in forms_of(verified))
    with audit_context(coordinator, reason="birthday misread"):
        Participant.objects.filter(pk=verified.pk).update(age=39)
        ScreeningFact.objects.filter(participant=verified, name="age").update(value=39)
        ScreeningFact.objects.filter(participant=verified, name="pregnancy").update(value=1)
        Period.objects.filter(participant=verified, number=1).update(
            dosed_on=today_at(verified.site) - timedelta(days=1)
        )
    screening, dosing = forms_of(verified)
    changes = {change.field: (change.old, change.new, change.reason) for change in screening.history}
    assert changes == {"age": (40, 39, "birthday misread"), "pregnancy": ("no", "yes", "birthday misread")}
    assert len(screening.history) == 2
    assert [change.field for change in dosing.history] == ["1"]
    assert "was 40, now 39" in as_user(coordinator).get(address(verified)).content.decode()


def test_another_site_finds_nothing(
    randomised: Participant, make_user: MakeUser, other_site: Site, as_user: AsUser
) -> None:
    client = as_user(make_user("monitor", other_site))
    for what in ("", "queries/", "verify/"):
        assert client.post(address(randomised, what), {"form": "screening", "text": "?"}).status_code in {
            404,
            405,
        }


def test_the_list_of_queries_costs_the_same_for_more_of_them(
    randomised: Participant, monitor: User, as_user: AsUser
) -> None:
    client = as_user(monitor)
    counts = []
    for fields in (["age"], ["sex", "treatments", "consented_on"]):
        for field in fields:
            services.raise_queries(
                [services.Place(randomised, None, "screening", field)], by=monitor, text="?"
            )
        client.get("/studies/KETNAL/queries/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/studies/KETNAL/queries/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_before_randomisation_there_is_no_infusion_to_verify(screened: Participant) -> None:
    assert [form.code for form in forms_of(screened)] == ["screening"]
