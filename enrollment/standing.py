"""How far the review of a record has come, and what this person may do next."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from enrollment.models import Participant, Visit
from trialsite.accounts.models import User
from trialsite.accounts.policy import POLICY, roles_for
from trialsite.review.selectors import Standing, standing_of

ACTIONS = (
    "query.raise", "query.answer", "query.close", "record.verify", "record.sign", "record.lock",
    "unlock.request", "unlock.decide",
)  # fmt: skip


def allowed(user: User, participant: Participant) -> dict[str, bool]:
    """`may.query_raise` and its like for templates."""
    roles = roles_for(user, participant.study, participant.site)
    return {action.replace(".", "_"): bool(POLICY[action] & roles) for action in ACTIONS}


def beside(rows: Iterable[dict[str, Any]], standing: Standing) -> None:
    """Put beside each answer its queries, its changes, and the verification of it, if it is verified."""
    for row in rows:
        form = row["code"]
        verified = standing.verified.get(form, {})
        row["verified"] = verified.get("")
        row["queries"] = [query for query in standing.queries if query.form == form]
        for answer in row["answers"]:
            code = answer["code"]
            answer["queries"] = [query for query in row["queries"] if query.field == code]
            answer["changes"] = [change for change in row["history"] if change.field == code]
            answer["verified"] = verified.get(code)


def review_of(participant: Participant, visit: Visit | None, user: User) -> dict[str, Any]:
    """Context of `review/_standing.html`, queries and verification for a visit, or (None) the casebook."""
    said = standing_of(participant.pk)
    standing = said.get(visit.pk if visit else None) or Standing()
    casebook = said.get(None)
    may = allowed(user, participant)
    mine = any(signature.signed_by_id == user.pk for signature in standing.signatures)
    place = [visit.pk] if visit else [participant.study.code, participant.code]
    took_place = visit.status != Visit.Status.PLANNED if visit else bool(participant.randomised_at)
    return {
        "standing": standing,
        "locked_above": bool(visit and casebook and casebook.locked),
        "review_may": may,
        "may_sign_now": may["record_sign"] and took_place and not mine,
        "query_url": reverse("query_raise" if visit else "casebook_query", args=place),
        "verify_url": reverse("verify" if visit else "casebook_verify", args=place),
        "sign_url": reverse("sign_visit" if visit else "review_participant", args=place),
        "lock_url": reverse("lock_visit" if visit else "lock_participant", args=place),
    }
