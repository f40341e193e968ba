"""The schedule: dosings are planned and recorded, and everything that hangs on them follows."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from enrollment.domain import schedule
from enrollment.gate import plan_within, record_within
from enrollment.models import Participant, Period, Visit
from enrollment.selectors import over, today_at
from enrollment.services.washout import check_dates, check_dates_after
from trialsite.accounts.acting import act
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import ring
from trialsite.lib.errors import Conflict


def plan_period(
    period: Period, planned_on: date, *, by: User, version: int, reason: str = "", override_reason: str = ""
) -> Period:
    """Plan day 0 of the period; its visits get their windows.

    Raises ValidationError by field: a change without a reason, a period before it that was not given yet,
    or a day outside the washout rule without an investigator's override. Conflict when `version` is old.
    """
    participant = period.participant
    with act(by, "schedule.plan", participant.study, participant.site, reason=reason or "dosing planned"):
        saved = _lock(period, version)
        if saved.dosed_on:
            raise ValidationError(_("This period was begun; its date can be corrected, not planned."))
        if saved.planned_on and saved.planned_on != planned_on and not reason.strip():
            raise ValidationError({"reason": _("A date was planned already. Say why it changes.")})
        plan_within(saved, planned_on, by, override_reason)
        saved.planned_on = planned_on
        return _save(saved, by, reason)


def record_dosing(period: Period, dosed_on: date, *, by: User, version: int, reason: str = "") -> Period:
    """Record the day on which the period's treatment was given. What happened is never refused for its day; a day
    outside the washout rule needs a reason and stands as a deviation."""
    participant = period.participant
    with act(by, "schedule.plan", participant.study, participant.site, reason=reason or "dosing recorded"):
        saved = _lock(period, version)
        if dosed_on > today_at(participant.site):
            raise ValidationError({"dosed_on": _("This day lies in the future. Plan it instead.")})
        if participant.consented_on and dosed_on < participant.consented_on:
            raise ValidationError({"dosed_on": _("This day lies before the consent date. Check both dates.")})
        if saved.dosed_on and saved.dosed_on != dosed_on and not reason.strip():
            raise ValidationError({"reason": _("You change a recorded date. Say why.")})
        _check_order(saved, dosed_on)
        record_within(saved, dosed_on, by, reason)
        saved.dosed_on = dosed_on
        return _save(saved, by, reason)


def mark_performed(visit: Visit, performed_on: date | None, *, by: User, reason: str = "") -> None:
    """A rating at `visit` says that it took place. Completes the participant after the last visit."""
    participant = visit.participant
    with act(by, "assessment.enter", participant.study, participant.site, reason=reason or "visit done"):
        Visit.objects.filter(pk=visit.pk).update(
            status=Visit.Status.DONE, performed_on=performed_on, missed_reason=""
        )
        _complete_when_over(participant)
        check_dates_after(visit, by=by, reason=reason or _("visit done"))


def take_back_performed(visit: Visit, *, by: User, reason: str) -> None:
    """The visit's only rating turned out not to have been done: the visit is to come again, or to be marked missed."""
    participant = visit.participant
    with act(by, "assessment.enter", participant.study, participant.site, reason=reason):
        Visit.objects.filter(pk=visit.pk, status=Visit.Status.DONE).update(
            status=Visit.Status.PLANNED, performed_on=None
        )
        if visit.period_id:
            Participant.objects.filter(pk=participant.pk, status=Participant.Status.COMPLETED).update(
                status=Participant.Status.RANDOMISED
            )
        check_dates_after(visit, by=by, reason=reason)


def mark_missed(visit: Visit, *, by: User, reason: str) -> None:
    """The visit did not and will not take place."""
    participant = visit.participant
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the visit was missed.")})
    with act(by, "schedule.plan", participant.study, participant.site, reason=reason):
        saved = Visit.objects.select_for_update().get(pk=visit.pk)
        if saved.status == Visit.Status.DONE:
            raise ValidationError(_("The visit has ratings; it can't be marked as missed."))
        saved.status, saved.missed_reason, saved.version = Visit.Status.MISSED, reason, saved.version + 1
        saved.save()
        _complete_when_over(participant)
        check_dates_after(visit, by=by, reason=reason)
        ring(Outbox.Kind.RECOMPUTE)


def reopen_visit(visit: Visit, *, by: User, reason: str) -> None:
    """Take back that the visit was missed."""
    participant = visit.participant
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the visit is open again.")})
    with act(by, "schedule.plan", participant.study, participant.site, reason=reason):
        Visit.objects.filter(pk=visit.pk, status=Visit.Status.MISSED).update(
            status=Visit.Status.PLANNED, missed_reason=""
        )
        Participant.objects.filter(pk=participant.pk, status=Participant.Status.COMPLETED).update(
            status=Participant.Status.RANDOMISED
        )
        check_dates_after(visit, by=by, reason=reason)
        ring(Outbox.Kind.RECOMPUTE)


def withdraw(participant: Participant, *, by: User, reason: str) -> None:
    """The participant leaves. What was entered stays; open visits are no longer due."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the participant leaves the study.")})
    with act(by, "participant.withdraw", participant.study, participant.site, reason=reason):
        saved = Participant.objects.select_for_update().get(pk=participant.pk)
        if saved.status in {Participant.Status.SCREEN_FAILED, Participant.Status.WITHDRAWN}:
            raise ValidationError(_("The participant has left the study already."))
        saved.status, saved.left_reason, saved.version = (
            Participant.Status.WITHDRAWN,
            reason,
            saved.version + 1,
        )
        saved.save()
        ring(Outbox.Kind.RECOMPUTE)


def _lock(period: Period, version: int) -> Period:
    saved = (
        Period.objects.select_for_update(of=("self",))
        .select_related("participant__study", "participant__site", "participant__protocol")
        .get(pk=period.pk)
    )
    if saved.version != version:
        raise Conflict(saved)
    if saved.participant.status not in {Participant.Status.RANDOMISED, Participant.Status.COMPLETED}:
        raise ValidationError(_("The participant is no longer followed; the schedule can't change."))
    return saved


def _period_before(period: Period) -> Period | None:
    return period.participant.periods.filter(number__lt=period.number).order_by("-number").first()


def _check_order(period: Period, dosed_on: date) -> None:
    """Periods are given one after the other."""
    participant = period.participant
    dosing = participant.protocol.rules.dosing_label
    before = _period_before(period)
    if before and (not before.dosed_on or before.dosed_on >= dosed_on):
        said = _("Record %(dosing)s %(n)d first, with an earlier date.")
        raise ValidationError({"dosed_on": said % {"dosing": dosing, "n": before.number}})
    after = participant.periods.filter(number__gt=period.number, dosed_on__lte=dosed_on).first()
    if after:
        said = _("%(dosing)s %(n)d was given on %(day)s. This one comes before it; check both dates.")
        day = f"{after.dosed_on:%-d %b %Y}"
        raise ValidationError({"dosed_on": said % {"dosing": dosing, "n": after.number, "day": day}})


def _save(period: Period, by: User, reason: str) -> Period:
    """Save the period's day; the windows of its visits follow, and the washouts on both sides are checked again."""
    period.version += 1
    period.save()
    day0 = period.day0
    if day0 is None:
        return period
    planned = {p.code: p for p in schedule.plan_period(period.participant.protocol.rules.visits, day0)}
    visits = list(period.visits.select_for_update())
    for visit in visits:
        plan = planned[visit.code]
        visit.planned_on, visit.earliest_on, visit.latest_on = (
            plan.planned_on,
            plan.earliest_on,
            plan.latest_on,
        )
    Visit.objects.bulk_update(visits, ["planned_on", "earliest_on", "latest_on"])
    check_dates(period.participant, by=by, reason=reason or _("dates of dosing changed"))
    ring(Outbox.Kind.RECOMPUTE)
    return period


def _complete_when_over(participant: Participant) -> None:
    """After the last visit of the last period the participant has completed the study."""
    over(Participant.objects.filter(pk=participant.pk)).update(status=Participant.Status.COMPLETED)
