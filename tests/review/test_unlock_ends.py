"""An approved unlock holds for a day: then the lock holds again, without anybody doing anything."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Visit
from tests.audit.conftest import execute
from tests.conftest import items, sign
from trialsite.accounts.models import User
from trialsite.review import services
from trialsite.review.models import UnlockRequest


def change(rating: Assessment, total: int, by: User) -> Assessment:
    entry = AssessmentEntry(items=items(total), rater="R", performed_on=rating.performed_on)
    return correct(rating, entry, by=by, version=rating.version, reason="transcription error")


@pytest.fixture
def unlocked(committed: str, visit: Visit, investigator: User, data_manager: User) -> UnlockRequest:
    """The visit is locked, and opened for a while."""
    sign(visit.participant, visit, by=investigator, meaning="reviewed")
    lock = services.lock(visit.participant.study, visit.participant, visit, by=data_manager, reason="clean")
    request = services.request_unlock(lock, by=data_manager, reason="item 3 misread")
    return services.decide_unlock(request, by=investigator, approved=True, reason="source agrees")


@pytest.mark.requirement("LCK-02")
def test_an_unlock_is_over_after_a_day(
    committed: str, unlocked: UnlockRequest, rating: Assessment, coordinator: User
) -> None:
    """Its end is set by the database, a day after the decision; once it has come, changes are refused again."""
    assert unlocked.decided_at
    assert unlocked.in_force_until
    assert (
        timedelta(hours=24) <= unlocked.in_force_until - unlocked.decided_at < timedelta(hours=24, seconds=1)
    )
    assert change(rating, 20, coordinator).version == 2
    assert unlocked.lock in _open_locks()
    # As it will be tomorrow: the clock is the server's, and nobody turns it.
    execute(
        "setup",
        committed,
        "alter table review_unlockrequest disable trigger b_guard",
        f"update review_unlockrequest set in_force_until = now() where id = {unlocked.pk}",
        "alter table review_unlockrequest enable trigger b_guard",
    )
    rating.refresh_from_db()
    with pytest.raises(ValidationError, match="locked"):
        change(rating, 21, coordinator)
    assert not _open_locks()


def _open_locks() -> list[object]:
    return [request.lock for request in UnlockRequest.objects.in_force()]
