"""Questions about a value: a conversation with a state, from people and from edit checks."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Visit
from tests.conftest import MakeUser, items, rate
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.audit.models import Event
from trialsite.review import services
from trialsite.review.models import Query, QueryMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def query(visit: Visit, monitor: User) -> Query:
    place = services.Place(visit.participant, visit, "HAMD17", "HAMD101")
    return services.raise_queries([place], by=monitor, text="Source says 2. Which is right?")[0]


@pytest.mark.requirement("QRY-01")
def test_asked_answered_asked_again_closed(query: Query, coordinator: User, monitor: User) -> None:
    """Every turn is kept, in order, with who said it."""
    services.answer(query, by=coordinator, text="The source is right.")
    services.ask_again(query, by=monitor, text="Then please correct it.")
    services.answer(query, by=coordinator, text="Corrected.")
    closed = services.close(query, by=monitor, text="Thank you.")
    assert closed.status == "closed"
    assert closed.closed_at
    assert list(query.messages.values_list("kind", "written_by__printed_name")) == [
        ("raised", "The monitor"),
        ("answered", "The coordinator"),
        ("requeried", "The monitor"),
        ("answered", "The coordinator"),
        ("closed", "The monitor"),
    ]


def test_an_answer_to_a_closed_query_is_refused(query: Query, coordinator: User, monitor: User) -> None:
    services.close(query, by=monitor, text="seen")
    with pytest.raises(ValidationError, match="now closed"):
        services.answer(query, by=coordinator, text="late")


def test_who_may_do_what(query: Query, coordinator: User, data_manager: User, elsewhere: User) -> None:
    """Sites answer, monitors and data managers ask; another monitor's query is closed by a data manager only."""
    with pytest.raises(PermissionDenied):
        services.close(query, by=coordinator, text="x")
    with pytest.raises(PermissionDenied):
        services.answer(query, by=data_manager, text="x")
    with pytest.raises(PermissionDenied):
        services.answer(query, by=elsewhere, text="x")
    assert services.close(query, by=data_manager, text="x").status == "closed"


def test_another_monitors_query_stays(query: Query, make_user: MakeUser) -> None:
    with pytest.raises(PermissionDenied):
        services.close(query, by=make_user("monitor"), text="x")


@pytest.mark.requirement("QRY-01")
def test_what_was_said_is_not_rewritten(query: Query, monitor: User) -> None:
    with pytest.raises(DatabaseError, match="append-only"), audit_context(monitor, reason="r"):
        QueryMessage.objects.update(text="I never said that")


def test_many_places_are_asked_at_once_or_none(visit: Visit, monitor: User, elsewhere: User) -> None:
    places = [services.Place(visit.participant, visit, "HAMD17", f"HAMD10{n}") for n in (1, 2, 3)]
    assert len(services.raise_queries(places, by=monitor, text="Check the source")) == 3
    with pytest.raises(PermissionDenied):
        services.raise_queries(places, by=elsewhere, text="x")
    with pytest.raises(ValidationError):
        services.raise_queries(places, by=monitor, text="  ")
    assert Query.objects.filter(check_id="").count() == 3


@pytest.mark.requirement("QRY-01")
def test_an_edit_check_asks_by_itself_and_takes_it_back(
    visit: Visit, investigator: User, coordinator: User
) -> None:
    """A rating outside its window raises one query with the check's id; a correction into it closes that."""
    later = Visit.objects.get(period=visit.period, code="DAY1")
    with audit_context(coordinator, reason="moved"):
        Visit.objects.filter(pk=later.pk).update(
            **dict.fromkeys(("planned_on", "earliest_on", "latest_on"), visit.planned_on)
        )
    assert visit.planned_on
    day = visit.planned_on - timedelta(days=3)
    rating = rate(later, 12, coordinator, on=day)
    query = Query.objects.get(visit=later, check_id="RATING-OUT-OF-WINDOW")
    assert (query.check_version, query.status) == ("1", "open")
    assert query.raised_by is None
    assert "outside the visit's window" in query.messages.get().text
    entry = AssessmentEntry(items=items(13), rater="R", performed_on=day)
    rating = correct(rating, entry, by=coordinator, version=1, reason="typing error")
    assert Query.objects.filter(visit=later, check_id=query.check_id).count() == 1
    entry = AssessmentEntry(items=items(13), rater="R", performed_on=visit.planned_on)
    correct(rating, entry, by=coordinator, version=2, reason="date misread")
    query.refresh_from_db()
    assert query.status == "closed"
    assert query.messages.latest("id").written_by is None


def test_the_dialogue_is_audited(query: Query, coordinator: User) -> None:
    services.answer(query, by=coordinator, text="The source is right.")
    events = Event.objects.filter(chain=f"participant:{query.participant_id}")
    messages = events.filter(
        table_name="review_querymessage", row_pk__in=[str(m.pk) for m in query.messages.all()]
    )
    assert messages.count() == 2
    assert events.get(table_name="review_query", op="U", row_pk=query.pk).reason == "The source is right."


def test_a_rating_without_findings_asks_nothing(visit: Visit, rating: Assessment, coordinator: User) -> None:
    """Nothing to say about suicide, inside the window: the query about it is closed, none is open."""
    entry = AssessmentEntry(items={**rating.items, "HAMD103": 0}, rater="R", performed_on=rating.performed_on)
    correct(rating, entry, by=coordinator, version=1, reason="transcription error")
    assert not Query.objects.open().filter(visit=visit).exists()
