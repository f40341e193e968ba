"""Dosings are planned and recorded, and the windows of their visits follow."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment.dates import check_dosing, check_plan, why
from enrollment.domain import schedule
from enrollment.halts.selectors import dosing_halted_on, halted
from enrollment.models import Participant, Period, Visit
from enrollment.schedule.gate import plan_within, record_within
from enrollment.schedule.services.effects import course_changed, dosing_dated
from enrollment.schedule.services.washout import check_dates
from enrollment.supply.giving import give_kit
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import wake_workers
from trialsite.lib.clock import local_date
from trialsite.lib.errors import Conflict
from trialsite.lib.visible import is_visible


def plan_period(
    period: Period,
    planned_on: date,
    *,
    by: User,
    version: int,
    reason: str = "",
    override_reason: str = "",
    kept_because: str = "",
) -> Period:
    """Plan day 0 of the period; its visits get their windows. `kept_because`: why an improbable day is right.

    Raises ValidationError by field: a day that cannot be or is asked about, a change without a reason, a period before
    it that was not given yet, or a day outside the washout rule without an investigator's override. Conflict when
    `version` is old.
    """
    participant = period.participant
    message = why(reason, kept_because, otherwise="dosing planned")
    with authorised_change(by, "schedule.plan", participant.study, participant.site, reason=message):
        saved = _lock(period, version)
        if saved.participant.status not in Participant.FOLLOWED:
            raise ValidationError(
                _("The participant is no longer in follow-up; the schedule cannot be changed.")
            )
        if halted(saved.participant.study_id, "dosing"):
            message = _("Dosing is halted in this study: nothing can be planned until it resumes.")
            raise ValidationError({"planned_on": message})
        if saved.dosed_on:
            raise ValidationError(_("This period has started; its date can be corrected, but not planned."))
        if saved.planned_on and saved.planned_on != planned_on and not is_visible(reason):
            raise ValidationError(
                {"reason": _("A date has already been planned. Give the reason for the change.")}
            )
        check_plan(saved, planned_on, kept_because=kept_because)
        plan_within(saved, planned_on, by, override_reason)
        saved.planned_on = planned_on
        return _save(saved, by, reason)


def unplan_period(period: Period, *, by: User, version: int, reason: str) -> Period:
    """Take the planned day back; the visits of the period have no dates again. Raises ValidationError once the period has
    started, Conflict when `version` is old."""
    participant = period.participant
    with authorised_change(by, "schedule.plan", participant.study, participant.site, reason=reason):
        saved = _lock(period, version)
        if saved.dosed_on:
            raise ValidationError(
                _("This period has started; its date can be corrected, but not taken back.")
            )
        saved.planned_on = None
        saved.override_reason, saved.override_by, saved.override_days = "", None, None
        return _save(saved, by, reason)


def record_dosing(
    period: Period,
    dosed_on: date,
    *,
    by: User,
    version: int,
    reason: str = "",
    kept_because: str = "",
    kit: str = "",
) -> Period:
    """Record the day on which the period's treatment was given. What happened is not refused for its day; a day outside
    the washout rule, or after the participant had withdrawn, needs a reason and stands as a deviation, an improbable one
    is asked about (`kept_because`), and only one that cannot be is refused. `kit`: the number on the box that was given;
    empty: as recorded before, else the assigned one."""
    participant = period.participant
    message = why(reason, kept_because, otherwise="dosing recorded")
    with authorised_change(by, "schedule.plan", participant.study, participant.site, reason=message):
        saved = _lock(period, version)
        check_dosing(saved, dosed_on, kept_because=kept_because)
        if saved.dosed_on and saved.dosed_on != dosed_on and not is_visible(reason):
            raise ValidationError({"reason": _("You are changing a recorded date. Give the reason.")})
        _check_order(saved, dosed_on)
        record_within(saved, dosed_on, by, reason)
        saved.given_despite = _despite(saved, dosed_on, reason)
        saved.dosed_on = dosed_on
        dosed = _save(saved, by, reason)
        give_kit(dosed, kit, dosed_on, by=by, reason=reason)
        return dosed


def _lock(period: Period, version: int) -> Period:
    saved = (
        Period.objects.select_for_update(of=("self",))
        .select_related("participant__study", "participant__site", "participant__protocol")
        .get(pk=period.pk)
    )
    if saved.version != version:
        raise Conflict(saved)
    return saved


def _despite(period: Period, dosed_on: date, reason: str) -> str:
    """Why the treatment was given after the participant had withdrawn, or while dosing was halted; empty where it was
    not."""
    left_on = period.participant.left_on
    pause = dosing_halted_on(period.participant, dosed_on)
    if left_on and dosed_on > left_on:
        message = _(
            "The participant withdrew on %(day)s. Give the reason for administering the treatment after that date."
        )
        day = left_on
    elif pause:
        message = _(
            "Dosing has been halted since %(day)s. Give the reason for administering the treatment nevertheless."
        )
        day = local_date(pause.paused_at, period.participant.site.timezone)
    else:
        return ""
    if not is_visible(reason):
        raise ValidationError({"reason": message % {"day": date_format(day)}})
    return reason.strip()


def _period_before(period: Period) -> Period | None:
    return period.participant.periods.filter(number__lt=period.number).order_by("-number").first()


def _check_order(period: Period, dosed_on: date) -> None:
    """Periods are given one after the other."""
    participant = period.participant
    dosing = participant.protocol.definition.dosing_label
    before = _period_before(period)
    if before and (not before.dosed_on or before.dosed_on >= dosed_on):
        message = _("Record %(dosing)s %(n)d first, with an earlier date.")
        raise ValidationError({"dosed_on": message % {"dosing": dosing, "n": before.number}})
    after = participant.periods.filter(number__gt=period.number, dosed_on__lte=dosed_on).first()
    if after:
        message = _("%(dosing)s %(n)d was given on %(day)s. This one comes before it; check both dates.")
        day = f"{after.dosed_on:%-d %b %Y}"
        raise ValidationError({"dosed_on": message % {"dosing": dosing, "n": after.number, "day": day}})


def _save(period: Period, by: User, reason: str) -> Period:
    """Save the period's day, or that it has none; the windows of its visits follow, and the washouts on both sides are
    checked again."""
    dosed_before, planned_before = Period.objects.values_list("dosed_on", "planned_on").get(pk=period.pk)
    period.version += 1
    period.save()
    specs, day0 = period.participant.protocol.definition.visits, period.day0
    planned = {plan.code: plan for plan in schedule.plan_period(specs, day0)} if day0 else {}
    visits = list(period.visits.select_for_update())
    for visit in visits:
        plan = planned.get(visit.code)
        visit.planned_on = plan.planned_on if plan else None
        visit.earliest_on = plan.earliest_on if plan else None
        visit.latest_on = plan.latest_on if plan else None
    Visit.objects.bulk_update(visits, ["planned_on", "earliest_on", "latest_on"])
    reason = reason or _("dates of dosing changed")
    check_dates(period.participant, by=by, reason=reason)
    dosing_dated(period, dosed_before, planned_before, by=by, reason=reason)
    course_changed([period.participant_id], by=by)
    wake_workers(Outbox.Kind.RECOMPUTE)
    return period
