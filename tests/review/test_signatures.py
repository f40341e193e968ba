"""A signature is under exactly what was signed, and falls with any change of it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Participant, Visit
from tests import conftest
from tests.conftest import MakeUser, items, make_screened
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.accounts.rehearsal import confirmed
from trialsite.audit.models import Event
from trialsite.review import services
from trialsite.review.models import Signature
from trialsite.review.selectors import holds

pytestmark = pytest.mark.django_db
MEANING = "I have reviewed these data and they are correct"


def sign(visit: Visit, by: User) -> Signature:
    return conftest.sign(visit.participant, visit, by=by, meaning=MEANING)


@pytest.mark.requirement("SIG-01")
def test_the_database_says_who_signed_when_and_what(visit: Visit, investigator: User) -> None:
    """Name and time come from the database, whatever the code passes in."""
    signature = sign(visit, investigator)
    assert signature.signed_by == investigator
    assert signature.printed_name == investigator.printed_name
    assert len(signature.content_sha256) == len(signature.sha256) == 64
    assert holds(signature)


@pytest.mark.requirement("SIG-05")
def test_another_signer_cannot_be_made_up(visit: Visit, investigator: User, coordinator: User) -> None:
    with confirmed(investigator), audit_context(investigator, reason=MEANING):
        forged = Signature(participant=visit.participant, visit=visit, meaning=MEANING, signed_by=coordinator)
        forged.printed_name = "Somebody else"
        forged.signed_at = visit.participant.created_at
        forged.save()
    forged.refresh_from_db()
    assert (forged.signed_by, forged.printed_name) == (investigator, investigator.printed_name)


@pytest.mark.requirement("SIG-04")
def test_a_correction_voids_it(
    visit: Visit, rating: Assessment, investigator: User, coordinator: User
) -> None:
    signature = sign(visit, investigator)
    entry = AssessmentEntry(items=items(23), rater="R", performed_on=rating.performed_on)
    correct(rating, entry, by=coordinator, version=1, reason="transcription error")
    signature.refresh_from_db()
    assert signature.voided_at
    assert not holds(signature)
    assert sign(visit, investigator).pk != signature.pk


@pytest.mark.requirement("SIG-04")
def test_raw_sql_voids_it_too(visit: Visit, rating: Assessment, investigator: User) -> None:
    signature = sign(visit, investigator)
    with audit_context(investigator, reason="raw"), connection.cursor() as cursor:
        cursor.execute("update assessments_assessment set rater = 'Another' where id = %s", [rating.pk])
    signature.refresh_from_db()
    assert signature.voided_at


@pytest.mark.parametrize("change", ["visit_id = null", "printed_name = 'X'", "meaning = 'X'", "sha256 = 'X'"])
def test_it_is_never_rewritten(change: str, visit: Visit, investigator: User) -> None:
    signature = sign(visit, investigator)
    with (
        pytest.raises(DatabaseError, match="never rewritten"),
        audit_context(investigator, reason="r"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"update review_signature set {change}, voided_at = now() where id = %s", [signature.pk]
        )


@pytest.mark.requirement("SIG-04")
@pytest.mark.parametrize("reason", ["", "no longer mine"])
def test_it_is_voided_by_a_change_and_in_no_other_way(
    reason: str, visit: Visit, investigator: User, coordinator: User
) -> None:
    """With a reason or without; and once voided it does not come back."""
    signature = sign(visit, investigator)
    voided = Signature.objects.filter(pk=signature.pk)
    with pytest.raises(DatabaseError, match="by a change"), audit_context(investigator, reason=reason):
        voided.update(voided_at=signature.signed_at)
    with audit_context(coordinator, reason="moved"):
        Visit.objects.filter(pk=visit.pk).update(version=visit.version + 1)
    signature.refresh_from_db()
    assert signature.voided_at
    with pytest.raises(DatabaseError, match="never rewritten"), audit_context(investigator, reason="r"):
        voided.update(voided_at=None)


@pytest.mark.requirement("SIG-03")
def test_a_signature_does_not_fit_another_visit(visit: Visit, investigator: User) -> None:
    """Copied to another record, its hash does not follow from what stands there."""
    signature = sign(visit, investigator)
    other = Visit.objects.filter(period=visit.period).exclude(pk=visit.pk).first()
    assert other
    with connection.cursor() as cursor:
        cursor.execute(
            "select review_signature_holds(jsonb_populate_record(s, jsonb_build_object('visit_id', %s)))"
            " from review_signature s where id = %s",
            [other.pk, signature.pk],
        )
        assert cursor.fetchone() == (False,)


def test_a_visit_of_somebody_else_cannot_be_signed_under_this_name(
    visit: Visit, investigator: User, make_user: MakeUser
) -> None:
    other = make_screened(visit.participant.site, make_user("coordinator"))
    with pytest.raises(DatabaseError, match="another participant"):
        conftest.sign(other, visit, by=investigator, meaning=MEANING)


@pytest.mark.requirement("SIG-05")
def test_only_investigators_of_the_site_sign(
    visit: Visit, coordinator: User, monitor: User, data_manager: User, elsewhere: User
) -> None:
    for user in (coordinator, monitor, data_manager, elsewhere):
        with pytest.raises(PermissionDenied):
            sign(visit, user)


def test_nothing_is_signed_before_it_took_place(visit: Visit, investigator: User) -> None:
    later = Visit.objects.get(period=visit.period, code="DAY1")
    with pytest.raises(ValidationError, match="not taken place"):
        sign(later, investigator)


@pytest.mark.requirement("QRY-02")
def test_a_blocking_query_keeps_it_from_being_signed(visit: Visit, investigator: User, monitor: User) -> None:
    place = services.Place(visit.participant, visit, "HAMD17", "HAMD101")
    [query] = services.raise_queries([place], by=monitor, text="Source says 2", blocks_signature=True)
    with pytest.raises(ValidationError, match="must be closed before signing"):
        sign(visit, investigator)
    services.close(query, by=monitor, text="seen")
    assert sign(visit, investigator)


def test_the_casebook_needs_every_visit_signed(
    visit: Visit, investigator: User, randomised: Participant
) -> None:
    """And falls with a change anywhere in it."""
    with pytest.raises(ValidationError, match="Sign the visits first"):
        conftest.sign(randomised, None, by=investigator, meaning=MEANING)
    screening = randomised.visits.get(period=None)
    sign(screening, investigator)
    sign(visit, investigator)
    casebook = conftest.sign(randomised, None, by=investigator, meaning=MEANING)
    assert holds(casebook)
    with audit_context(investigator, reason="r"):
        randomised.facts.filter(name="age").update(source="somewhere")
        randomised.records.update(status_reason="somewhere else")
    casebook.refresh_from_db()
    assert casebook.voided_at


def test_an_emergency_unblinding_leaves_the_casebook_signed(
    visit: Visit, investigator: User, randomised: Participant
) -> None:
    """Unblinding is no change of the data."""
    sign(randomised.visits.get(period=None), investigator)
    sign(visit, investigator)
    casebook = conftest.sign(randomised, None, by=investigator, meaning=MEANING)
    with audit_context(investigator, reason="emergency"):
        Participant.objects.filter(pk=randomised.pk).update(unblinded_at=visit.participant.created_at)
    casebook.refresh_from_db()
    assert holds(casebook)


def test_signing_and_voiding_stand_in_the_trail(visit: Visit, rating: Assessment, investigator: User) -> None:
    sign(visit, investigator)
    with audit_context(investigator, reason="later"):
        Assessment.objects.filter(pk=rating.pk).update(rater="Another")
    events = Event.objects.filter(chain=f"participant:{visit.participant_id}", table_name="review_signature")
    assert list(events.values_list("op", flat=True)) == ["I", "U"]
    assert events[0].reason == MEANING


def test_signing_the_same_twice_is_one_signature(visit: Visit, investigator: User) -> None:
    sign(visit, investigator)
    with pytest.raises(ValidationError, match="already signed this"):
        sign(visit, investigator)


def test_a_change_that_changes_nothing_voids_nothing(visit: Visit, investigator: User) -> None:
    signature = sign(visit, investigator)
    with audit_context(investigator, reason="r"):
        Visit.objects.filter(pk=visit.pk).update(planned_on=visit.planned_on)
    signature.refresh_from_db()
    assert holds(signature)
