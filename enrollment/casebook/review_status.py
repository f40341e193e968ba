"""How far the review of a record has come, and what this user may do next."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse

from enrollment.models import Participant, Visit
from trialsite.accounts.models import User
from trialsite.accounts.policy import POLICY, roles_for
from trialsite.review.selectors import ReviewStatus, review_status_of

ACTIONS = (
    "query.raise",
    "query.answer",
    "query.close",
    "record.verify",
    "record.sign",
    "record.lock",
    "unlock.request",
    "unlock.decide",
)


def allowed(user: User, participant: Participant) -> dict[str, bool]:
    """`may.query_raise` and its like for templates."""
    roles = roles_for(user, participant.study, participant.site)
    return {action.replace(".", "_"): bool(POLICY[action] & roles) for action in ACTIONS}


@dataclass(frozen=True, slots=True)
class RecordReview:
    """The review of a visit or of the casebook: its status, what this user may do, and where each is done."""

    status: ReviewStatus
    locked_above: bool
    may: Mapping[str, bool]
    may_sign_now: bool
    query_url: str
    verify_url: str
    sign_url: str
    lock_url: str


def review_of(participant: Participant, visit: Visit | None, user: User) -> RecordReview:
    """Of `visit`, or (None) of the casebook."""
    by_visit = review_status_of(participant.pk)
    status = by_visit.get(visit.pk if visit else None) or ReviewStatus()
    casebook = by_visit.get(None)
    may = allowed(user, participant)
    mine = any(signature.signed_by_id == user.pk for signature in status.signatures)
    place = [visit.pk] if visit else [participant.study.code, participant.code]
    took_place = visit.status != Visit.Status.PLANNED if visit else bool(participant.randomised_at)
    return RecordReview(
        status=status,
        locked_above=bool(visit and casebook and casebook.locked),
        may=may,
        may_sign_now=may["record_sign"] and took_place and not mine,
        query_url=reverse("query_raise" if visit else "casebook_query", args=place),
        verify_url=reverse("verify" if visit else "casebook_verify", args=place),
        sign_url=reverse("sign_visit" if visit else "review_participant", args=place),
        lock_url=reverse("lock_visit" if visit else "lock_participant", args=place),
    )
