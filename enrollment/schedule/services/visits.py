"""A visit was missed, or is to come after all."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from enrollment.models import Participant, Visit
from enrollment.schedule.services.effects import course_changed
from enrollment.schedule.services.washout import check_dates_after
from enrollment.selectors import having_completed
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import wake_workers
from trialsite.lib.visible import is_visible


def mark_missed(visit: Visit, *, by: User, reason: str) -> None:
    """The visit did not and will not take place."""
    participant = visit.participant
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason why the visit was missed.")})
    with authorised_change(by, "schedule.plan", participant.study, participant.site, reason=reason):
        saved = Visit.objects.select_for_update().get(pk=visit.pk)
        if saved.status == Visit.Status.DONE:
            raise ValidationError(_("The visit has ratings; it cannot be marked as missed."))
        saved.status, saved.missed_reason, saved.version = Visit.Status.MISSED, reason, saved.version + 1
        saved.save()
        _complete_when_over(participant)
        check_dates_after(visit, by=by, reason=reason)
        course_changed([participant.pk], by=by)
        wake_workers(Outbox.Kind.RECOMPUTE)


def reopen_visit(visit: Visit, *, by: User, reason: str) -> None:
    """Take back that the visit was missed."""
    participant = visit.participant
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason why the visit is not missed.")})
    with authorised_change(by, "schedule.plan", participant.study, participant.site, reason=reason):
        Visit.objects.filter(pk=visit.pk, status=Visit.Status.MISSED).update(
            status=Visit.Status.PLANNED, missed_reason=""
        )
        Participant.objects.filter(pk=participant.pk, status=Participant.Status.COMPLETED).update(
            status=Participant.Status.RANDOMISED
        )
        check_dates_after(visit, by=by, reason=reason)
        course_changed([participant.pk], by=by)
        wake_workers(Outbox.Kind.RECOMPUTE)


def _complete_when_over(participant: Participant) -> None:
    """After the last visit of the last period the participant has completed the study."""
    having_completed(Participant.objects.filter(pk=participant.pk)).update(
        status=Participant.Status.COMPLETED
    )
