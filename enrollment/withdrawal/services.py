"""A participant leaves the study, on a day and for a reason; and the way back from a withdrawal recorded in error."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.dates import ask, why
from enrollment.domain import eligibility, plausible
from enrollment.models import Participant
from enrollment.schedule.services.effects import course_changed
from enrollment.selectors import completed_on, facts_of, having_completed, locked, today_at
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import wake_workers
from trialsite.lib.clock import local_date
from trialsite.lib.visible import is_visible


def withdraw(
    participant: Participant, *, by: User, left_on: date, reason: str, kept_because: str = ""
) -> None:
    """The participant left on that day. What was entered stays; open visits are no longer due; what happened can still be
    recorded. Who has completed the study has nothing left to withdraw from.

    Raises ValidationError by field: no reason, a day that cannot be, or (`kept_because`) one that is improbable.
    """
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason for the withdrawal.")})
    message = why(reason, kept_because)
    with authorised_change(by, "participant.withdraw", participant.study, participant.site, reason=message):
        saved = locked(participant)
        _check_state(saved)
        _check_day(saved, left_on, kept_because)
        saved.status, saved.left_reason = Participant.Status.WITHDRAWN, reason.strip()
        saved.left_on, saved.left_on_derived = left_on, False
        saved.version += 1
        saved.save()
        course_changed([saved.pk], by=by)
        wake_workers(Outbox.Kind.RECOMPUTE)


def take_back_withdrawal(participant: Participant, *, by: User, reason: str) -> None:
    """The withdrawal was recorded in error, or with a wrong day: the participant stands where they stood. The audit trail
    keeps what was recorded."""
    if not is_visible(reason):
        raise ValidationError({"reason": _("Give the reason for reversing the withdrawal.")})
    with authorised_change(by, "participant.withdraw", participant.study, participant.site, reason=reason):
        saved = locked(participant)
        if saved.status != Participant.Status.WITHDRAWN:
            raise ValidationError(_("%(code)s is not withdrawn.") % {"code": saved.code})
        saved.status, saved.left_reason = _earlier_state(saved), ""
        saved.left_on, saved.left_on_derived = None, False
        saved.version += 1
        saved.save()
        # Its last visit may have been recorded meanwhile.
        having_completed(Participant.objects.filter(pk=saved.pk)).update(status=Participant.Status.COMPLETED)
        course_changed([saved.pk], by=by)
        wake_workers(Outbox.Kind.RECOMPUTE)


def _check_state(saved: Participant) -> None:
    if saved.status in {Participant.Status.SCREEN_FAILED, Participant.Status.WITHDRAWN}:
        raise ValidationError(_("The participant has already left the study."))
    if saved.status == Participant.Status.COMPLETED:
        day = completed_on(saved)
        raise ValidationError(
            _(
                "%(code)s has completed the study (%(day)s) and cannot be withdrawn. If a visit was"
                " recorded in error, correct that first."
            )
            % {"code": saved.code, "day": date_format(day) if day else _("no visit took place")}
        )


def _check_day(saved: Participant, left_on: date, kept_because: str) -> None:
    today = today_at(saved.site)
    if left_on > today:
        raise ValidationError(
            {"left_on": _("This date is in the future. Record it when it has been reached.")}
        )
    if saved.consented_on and left_on < saved.consented_on:
        message = _("This date is before the consent date, %(day)s. Check both dates.")
        raise ValidationError({"left_on": message % {"day": date_format(saved.consented_on)}})
    last = _last_done(saved)
    if last and left_on < last and not is_visible(kept_because):
        message = _("A procedure was done on %(last)s, after %(day)s: is the date correct?")
        values = {"last": date_format(last), "day": date_format(left_on)}
        raise ValidationError({"kept_because": message % values})
    ask(plausible.doubt_of_past(left_on, today), left_on, today, kept_because)


def _last_done(participant: Participant) -> date | None:
    """The last day on which a visit took place, a treatment was given, or the participant was randomised."""
    days = [
        participant.visits.aggregate(last=Max("performed_on"))["last"],
        participant.periods.aggregate(last=Max("dosed_on"))["last"],
        participant.randomised_at and local_date(participant.randomised_at, participant.site.timezone),
    ]
    return max((day for day in days if day), default=None)


def _earlier_state(participant: Participant) -> str:
    """Where who did not withdraw stands: followed, or before randomisation eligible as last decided and still judged."""
    if participant.randomised_at:
        return Participant.Status.RANDOMISED
    decision = participant.decisions.order_by("-id").first()
    verdict = eligibility.judge(participant.protocol.definition.criteria, facts_of(participant)).verdict
    decided = decision is not None and decision.eligible and verdict == "eligible"
    return Participant.Status.ELIGIBLE if decided else Participant.Status.SCREENING
