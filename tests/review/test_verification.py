"""Source data verification: by field or whole form, gone when what was verified changes."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Visit
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.review import services
from trialsite.review.models import Verification

pytestmark = pytest.mark.django_db


def in_force(visit: Visit) -> set[str]:
    return set(Verification.objects.filter(visit=visit, voided_at=None).values_list("field", flat=True))


def change(rating: Assessment, by: User, **values: int) -> None:
    entry = AssessmentEntry(items={**rating.items, **values}, rater="R", performed_on=rating.performed_on)
    correct(rating, entry, by=by, version=rating.version, reason="transcription error")


@pytest.mark.requirement("SDV-01")
def test_a_change_unverifies_the_field_and_the_form_but_not_its_neighbour(
    visit: Visit, rating: Assessment, monitor: User, coordinator: User
) -> None:
    services.verify(visit.participant, visit, "HAMD17", ["", "HAMD101", "HAMD102"], by=monitor)
    assert in_force(visit) == {"", "HAMD101", "HAMD102"}
    change(rating, coordinator, HAMD101=rating.items["HAMD101"] - 1)
    assert in_force(visit) == {"HAMD102"}


def test_a_change_of_the_rating_leaves_the_visits_own_fields_verified(
    visit: Visit, rating: Assessment, monitor: User, coordinator: User
) -> None:
    services.verify(visit.participant, visit, "visit", ["performed_on"], by=monitor)
    change(rating, coordinator, HAMD101=rating.items["HAMD101"] - 1)
    assert in_force(visit) == {"performed_on"}
    with audit_context(coordinator, reason="misread"):
        Visit.objects.filter(pk=visit.pk).update(performed_on="2020-01-01")
    assert in_force(visit) == set()


def test_verifying_twice_is_once(visit: Visit, monitor: User) -> None:
    services.verify(visit.participant, visit, "HAMD17", [""], by=monitor)
    assert services.verify(visit.participant, visit, "HAMD17", [""], by=monitor) == []


@pytest.mark.requirement("SDV-01")
def test_only_monitors_verify(visit: Visit, coordinator: User, investigator: User) -> None:
    for user in (coordinator, investigator):
        with pytest.raises(PermissionDenied):
            services.verify(visit.participant, visit, "HAMD17", [""], by=user)


def test_it_can_be_taken_back_with_a_reason_and_never_rewritten(visit: Visit, monitor: User) -> None:
    [verification] = services.verify(visit.participant, visit, "HAMD17", [""], by=monitor)
    services.unverify(verification, by=monitor, reason="wrong source")
    assert in_force(visit) == set()
    with pytest.raises(DatabaseError, match="never rewritten"), audit_context(monitor, reason="r"):
        Verification.objects.update(voided_at=None)
