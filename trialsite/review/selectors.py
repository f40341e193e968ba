"""Reads of what was said about records."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404

from trialsite.accounts.http import require_access
from trialsite.accounts.models import User
from trialsite.review.models import Lock, Query, Signature, UnlockRequest, Verification
from trialsite.review.records import ReviewedParticipant, ReviewedVisit

State = Literal["locked", "signed", "sign again", "verified", ""]


@dataclass(slots=True)
class ReviewStatus:
    """How far a visit, or (as `None` of `review_status_of`) the casebook, has come."""

    signatures: list[Signature] = field(default_factory=list)
    was_signed: bool = False
    lock: Lock | None = None
    unlock: UnlockRequest | None = None
    # Form and repeat key → field (empty: the whole form) → the verification.
    verified: dict[tuple[str, int | None], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    queries: list[Query] = field(default_factory=list)

    @property
    def locked(self) -> bool:
        return self.lock is not None and not (self.unlock and self.unlock.open_until)

    @property
    def state(self) -> State:
        """The furthest step reached: a locked record is signed, whatever else is true of it."""
        if self.locked:
            return "locked"
        if self.signatures:
            return "signed"
        if self.was_signed:
            return "sign again"
        return "verified" if any("" in fields for fields in self.verified.values()) else ""


def _queries() -> QuerySet[Query]:
    """With the participant's protocol, but not its text, which is parsed once a process."""
    return (
        Query.objects.select_related(
            "participant__study", "participant__site", "participant__protocol", "visit__period"
        )
        .defer("participant__protocol__document", "participant__protocol__source")
        .prefetch_related("messages__written_by")
    )


def query_for(user: User, pk: int, action: str) -> Query:
    query = _queries().filter(pk=pk).first()
    if query is None:
        raise Http404
    require_access(user, action, query.participant.study, query.participant.site)
    return query


def verification_for(user: User, pk: int, action: str) -> Verification:
    verification = (
        Verification.objects.select_related("participant__study", "participant__site")
        .filter(pk=pk, voided_at=None)
        .first()
    )
    if verification is None:
        raise Http404
    require_access(user, action, verification.participant.study, verification.participant.site)
    return verification


def lock_for(user: User, pk: int, action: str) -> Lock:
    lock = Lock.objects.select_related("study", "participant__site", "visit").filter(pk=pk).first()
    if lock is None:
        raise Http404
    _admit_to(user, action, lock)
    return lock


def unlock_for(user: User, pk: int, action: str) -> UnlockRequest:
    request = (
        UnlockRequest.objects.select_related("lock__study", "lock__participant__site", "lock__visit")
        .filter(pk=pk)
        .first()
    )
    if request is None:
        raise Http404
    _admit_to(user, action, request.lock)
    return request


def _admit_to(user: User, action: str, lock: Lock) -> None:
    """The lock of a whole study is a matter of the whole study's people."""
    if lock.participant is None:
        require_access(user, "study.unlock", lock.study, None)
    else:
        require_access(user, action, lock.study, lock.participant.site)


def lock_on(participant: ReviewedParticipant, visit: ReviewedVisit | None) -> Lock | None:
    """What keeps `visit`, or (None) what is no visit's, from being changed now: a lock of it, of the participant or of the
    study, that is not opened."""
    return (
        Lock.objects.filter(
            Q(participant=participant.pk, visit=visit.pk if visit else None)
            | Q(participant=participant.pk, visit=None)
            | Q(study=participant.study, participant=None)
        )
        .exclude(requests__in=UnlockRequest.objects.in_force())
        .first()
    )


def content_sha256(participant: int, visit: int | None) -> str:
    """The hash of what a signature under this visit, or (None) the casebook, would be bound to now."""
    content, place = (
        ("review_casebook_content", participant) if visit is None else ("review_visit_content", visit)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"select encode(sha256(convert_to({content}(%s)::text, 'UTF8')), 'hex')",
            [place],
        )
        return str(cursor.fetchone()[0])


def contents_sha256(participant: int) -> dict[int | None, str]:
    """`content_sha256` of the casebook (None) and of each visit, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select null, encode(sha256(convert_to(review_casebook_content(%s)::text, 'UTF8')), 'hex') union all"
            " select v.id, encode(sha256(convert_to(review_visit_content(v.id)::text, 'UTF8')), 'hex')"
            " from enrollment_visit v where v.participant_id = %s",
            [participant, participant],
        )
        return dict(cursor.fetchall())


def holds(signature: Signature) -> bool:
    """The signature is in force and under exactly what was signed, as the database computes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select review_signature_holds(s) from review_signature s where id = %s", [signature.pk]
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def broken_signatures() -> list[tuple[Signature, list[str]]]:
    """Signatures, in force or voided, with what is wrong with each: changed behind the triggers' back, or made by
    somebody who may not sign. sql/functions/review_signature_faults.sql says what is asked."""
    rows: Any = Signature.objects.raw(
        "select * from (select s.*, review_signature_faults(s) as faults from review_signature s) f"
        " where faults <> '{}' order by id"
    )
    return [(signature, signature.faults) for signature in rows]


def review_status_of(participant: int) -> dict[int | None, ReviewStatus]:
    """Review status by visit, and of the casebook under None, of one participant: five queries."""
    return review_statuses([participant])[participant]


def review_statuses(participants: Iterable[int]) -> dict[int, dict[int | None, ReviewStatus]]:
    """participant → visit (None: casebook) → review status. A key exists only where something was said."""
    ids = list(participants)
    statuses: dict[int, dict[int | None, ReviewStatus]] = {pk: defaultdict(ReviewStatus) for pk in ids}
    for signature in Signature.objects.filter(participant__in=ids).select_related("signed_by"):
        status = statuses[signature.participant_id][signature.visit_id]
        status.was_signed = True
        if signature.voided_at is None:
            status.signatures.append(signature)
    for verification in Verification.objects.filter(participant__in=ids, voided_at=None):
        status = statuses[verification.participant_id][verification.visit_id]
        status.verified[verification.form, verification.repeat_key][verification.field] = verification.pk
    for query in _queries().filter(participant__in=ids):
        statuses[query.participant_id][query.visit_id].queries.append(query)
    for lock in (
        Lock.objects.filter(participant__in=ids).select_related("locked_by").prefetch_related("requests")
    ):
        if lock.participant_id is not None:
            status = statuses[lock.participant_id][lock.visit_id]
            status.lock = lock
            status.unlock = next(
                (
                    request
                    for request in lock.requests.all()
                    if request.approved is None or request.open_until
                ),
                None,
            )
    return statuses
