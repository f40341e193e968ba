"""What is locked does not change: not by a page, not by raw SQL, until a second person lets it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.utils import timezone

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Participant, Visit
from tests.conftest import MakeUser, items, sign
from tests.treatments import add_treatment
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.review import services
from trialsite.review.models import Lock, UnlockRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def lock(visit: Visit, investigator: User, data_manager: User) -> Lock:
    sign(visit.participant, visit, by=investigator, meaning="reviewed")
    return services.lock(
        visit.participant.study, visit.participant, visit, by=data_manager, reason="source verified"
    )


def change(rating: Assessment, by: User) -> Assessment:
    entry = AssessmentEntry(items=items(20), rater="R", performed_on=rating.performed_on)
    return correct(rating, entry, by=by, version=1, reason="transcription error")


@pytest.mark.requirement("LCK-01")
def test_a_locked_rating_is_not_corrected(lock: Lock, rating: Assessment, coordinator: User) -> None:
    """The refusal says what to do."""
    with pytest.raises(ValidationError, match="locked"):
        change(rating, coordinator)
    rating.refresh_from_db()
    assert rating.version == 1


@pytest.mark.requirement("LCK-01")
@pytest.mark.parametrize(
    "statement",
    [
        "update assessments_assessment set rater = 'X' where id = %(rating)s",
        "update assessments_assessment set visit_id = %(other)s where id = %(rating)s",
        "update enrollment_visit set performed_on = '2020-01-01' where id = %(visit)s",
        "update enrollment_visit set status = 'missed', missed_reason = 'x' where id = %(visit)s",
        "delete from assessments_assessment where id = %(rating)s",
    ],
)
def test_raw_sql_is_refused(statement: str, lock: Lock, rating: Assessment, coordinator: User) -> None:
    other = Visit.objects.get(period=rating.visit.period, code="DAY1")
    with (
        pytest.raises((DatabaseError, ValidationError)),
        audit_context(coordinator, reason="r"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, {"rating": rating.pk, "visit": rating.visit_id, "other": other.pk})


def test_other_visits_go_on(lock: Lock, visit: Visit, coordinator: User) -> None:
    """A lock of one visit does not keep the next from being planned."""
    with audit_context(coordinator, reason="r"):
        Visit.objects.filter(period=visit.period, code="DAY1").update(missed_reason="", version=9)


def test_a_locked_participant_takes_nothing_new(
    visit: Visit, investigator: User, data_manager: User, coordinator: User
) -> None:
    """Neither changes nor new rows, in any table of the casebook; an emergency unblinding is still marked."""
    person = visit.participant
    sign(person, person.visits.get(period=None), by=investigator, meaning="m")
    sign(person, visit, by=investigator, meaning="m")
    sign(person, None, by=investigator, meaning="m")
    services.lock(person.study, person, by=data_manager, reason="clean")
    for statement in (
        lambda: add_treatment(person, by=coordinator, kind="ECT"),
        lambda: person.records.update(status="incomplete"),
        lambda: person.facts.update(source="x"),
        lambda: person.periods.update(kit_number="K-1"),
        lambda: Participant.objects.filter(pk=person.pk).update(
            status="withdrawn", left_reason="x", left_on="2020-01-01"
        ),
    ):
        with pytest.raises(ValidationError, match="locked"), audit_context(coordinator, reason="r"):
            statement()
    with audit_context(investigator, reason="emergency"):
        assert Participant.objects.filter(pk=person.pk).update(unblinded_at=timezone.now()) == 1


@pytest.mark.requirement("LCK-01")
def test_a_locked_study_takes_nothing(
    study: Study, rating: Assessment, data_manager: User, coordinator: User
) -> None:
    services.lock(study, by=data_manager, reason="database lock")
    with pytest.raises(ValidationError, match="locked"):
        change(rating, coordinator)


@pytest.mark.requirement("LCK-02")
def test_unlocking_takes_two(
    lock: Lock, rating: Assessment, coordinator: User, data_manager: User, investigator: User
) -> None:
    """Asked, decided by somebody else, and then the correction goes through and voids the signature."""
    request = services.request_unlock(lock, by=data_manager, reason="item 3 misread")
    with pytest.raises(ValidationError, match="locked"):
        change(rating, coordinator)
    with pytest.raises(ValidationError, match="another user"):
        services.decide_unlock(request, by=data_manager, approved=True, reason="fine")
    services.decide_unlock(request, by=investigator, approved=True, reason="source agrees")
    assert change(rating, coordinator).version == 2
    services.end_unlock(request, by=data_manager)
    with pytest.raises(ValidationError, match="locked"):
        correct(
            rating,
            AssessmentEntry(items=items(19), rater="R", performed_on=rating.performed_on),
            by=coordinator,
            version=2,
            reason="again",
        )


@pytest.mark.requirement("LCK-02")
def test_the_database_itself_wants_a_second_person(lock: Lock, data_manager: User) -> None:
    request = services.request_unlock(lock, by=data_manager, reason="item 3 misread")
    with (
        pytest.raises(DatabaseError, match="unlock_decided_by_another"),
        audit_context(data_manager, reason="r"),
    ):
        UnlockRequest.objects.filter(pk=request.pk).update(approved=True)


@pytest.mark.parametrize("change_", ["approved", "in_force_until", "ended_at"])
def test_a_decision_is_not_rewritten(
    change_: str, lock: Lock, coordinator: User, data_manager: User, investigator: User
) -> None:
    request = services.request_unlock(lock, by=coordinator, reason="r")
    services.decide_unlock(request, by=data_manager, approved=False, reason="no")
    if change_ == "ended_at":
        UnlockRequest.objects.filter(pk=request.pk)
        with audit_context(investigator, reason="r"):
            UnlockRequest.objects.filter(pk=request.pk).update(ended_at=timezone.now())
    value = {"approved": True}.get(change_, timezone.now() + timedelta(days=1))
    with pytest.raises(DatabaseError, match="not rewritten"), audit_context(investigator, reason="r"):
        UnlockRequest.objects.filter(pk=request.pk).update(**{change_: value})


def test_a_refusal_opens_nothing(
    lock: Lock, rating: Assessment, coordinator: User, data_manager: User
) -> None:
    request = services.request_unlock(lock, by=coordinator, reason="r")
    services.decide_unlock(request, by=data_manager, approved=False, reason="not needed")
    with pytest.raises(ValidationError, match="locked"):
        change(rating, coordinator)


def test_only_what_is_signed_is_locked(visit: Visit, data_manager: User) -> None:
    with pytest.raises(ValidationError, match="sign"):
        services.lock(visit.participant.study, visit.participant, visit, by=data_manager, reason="r")


def test_only_data_managers_lock(visit: Visit, coordinator: User, monitor: User, make_user: MakeUser) -> None:
    for person in (coordinator, monitor, make_user("admin")):
        with pytest.raises(PermissionDenied):
            services.lock(visit.participant.study, visit.participant, visit, by=person, reason="r")


def test_locks_are_not_edited_away(lock: Lock, data_manager: User) -> None:
    with pytest.raises(DatabaseError, match="append-only"), audit_context(data_manager, reason="r"):
        Lock.objects.filter(pk=lock.pk).update(visit=None)
