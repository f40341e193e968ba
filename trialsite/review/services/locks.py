"""Locks, and how one is opened: on request, by a second person, for 24 hours."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, Study, User
from trialsite.review.models import Lock, Signature, UnlockRequest
from trialsite.review.records import ReviewedParticipant, ReviewedVisit
from trialsite.review.required_text import required_text


def lock(
    study: Study,
    participant: ReviewedParticipant | None = None,
    visit: ReviewedVisit | None = None,
    *,
    by: User,
    reason: str,
) -> Lock:
    """Lock a visit, a participant, or the study: the database then refuses every change of it."""
    reason = required_text(reason, _("Give the reason for locking it."))
    action, site = ("record.lock", participant.site) if participant else ("study.lock", None)
    with authorised_change(by, action, study, site, reason=reason):
        place = {
            "participant_id": participant.pk if participant else None,
            "visit_id": visit.pk if visit else None,
        }
        signed = Signature.objects.filter(**place, voided_at=None)
        if participant is not None and not signed.exists():
            raise ValidationError(_("Only signed records can be locked. Have an investigator sign it first."))
        try:
            with transaction.atomic():
                return Lock.objects.create(study=study, **place, reason=reason, locked_by=by)
        except IntegrityError:
            raise ValidationError(_("This is already locked.")) from None


def request_unlock(lock: Lock, *, by: User, reason: str) -> UnlockRequest:
    """Ask that a lock be opened; somebody else decides."""
    reason = required_text(reason, _("State what has to be changed, and why."))
    with authorised_change(by, *_where(lock, "unlock.request"), reason=reason):
        try:
            with transaction.atomic():
                return UnlockRequest.objects.create(lock=lock, reason=reason, requested_by=by)
        except IntegrityError:
            raise ValidationError(_("This has already been requested; it is awaiting a decision.")) from None


def decide_unlock(request: UnlockRequest, *, by: User, approved: bool, reason: str) -> UnlockRequest:
    """Approve or refuse: never the person who asked. An approval holds for 24 hours."""
    reason = required_text(reason, _("Give the reason for your decision."))
    with authorised_change(by, *_where(request.lock, "unlock.decide"), reason=reason):
        saved = UnlockRequest.objects.select_for_update().get(pk=request.pk)
        if saved.approved is not None:
            raise ValidationError(_("This request has already been decided."))
        if saved.requested_by_id == by.pk:
            raise ValidationError(_("You made this request yourself; another user has to decide."))
        saved.approved, saved.decision_reason, saved.decided_by = approved, reason, by
        saved.save(force_update=True)
    saved.refresh_from_db()
    return saved


def end_unlock(request: UnlockRequest, *, by: User) -> None:
    """Close the lock again before the 24 hours are over."""
    with authorised_change(by, *_where(request.lock, "unlock.request"), reason=_("locked again")):
        UnlockRequest.objects.filter(pk=request.pk, approved=True, ended_at=None).update(
            ended_at=timezone.now()
        )


def _where(lock: Lock, action: str) -> tuple[str, Study, Site | None]:
    """The lock of a whole study is opened by people of the whole study."""
    if lock.participant is None:
        return "study.unlock", lock.study, None
    return action, lock.study, lock.participant.site
