"""What the page of an infusion day writes: each step into the record of its form, once, by the services of entry."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.domain.values import Quantity
from assessments.entry.checking import evaluation_of
from assessments.entry.codec import RecordEntry, item_field, read_fields, saved_text
from assessments.entry.selectors import FormPlace, values_of
from assessments.entry.services import correct_record, save_record
from assessments.infusion.interruptions import with_interruption
from assessments.infusion.selectors import DayPlace, records_of_day
from assessments.infusion.steps import STEPS, Step
from assessments.infusion.typed import WAS, dated, merged, with_remark
from assessments.models import DoseCheck, Record, StepSave
from enrollment.models import Participant
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import User
from trialsite.lib.days import day_text
from trialsite.lib.visible import is_visible

# With the stop: the device still holds an interruption that was not saved.
REFUSED_INTERRUPTION = "interruption_refused"


class StepConflict(Exception):
    """Somebody else recorded another answer meanwhile. `taken`: field → what is saved there; nothing was changed."""

    def __init__(self, taken: Mapping[str, str]) -> None:
        super().__init__("another answer was recorded meanwhile")
        self.taken = taken


def save_step(
    place: DayPlace, code: str, fields: Mapping[str, str], day: date, *, by: User, token: uuid.UUID
) -> None:
    """Save one step, once however often it is sent (`token`). `day`: of times that are typed alone; `fields`: as typed, and
    under `was_…` as the page had them.

    Raises ValidationError by field, StepConflict, and PermissionDenied.
    """
    participant, step = place.participant, STEPS[code]
    reason = fields.get("reason", "").strip()
    with authorised_change(
        by, "assessment.enter", participant.study, participant.site, reason=reason or _("entered")
    ):
        Participant.objects.select_for_update().get(pk=participant.pk)
        if StepSave.objects.filter(token=token).exists():
            return
        if step.target == "vital_signs":
            record = _measure(place, fields, day, by, token)
        else:
            record = _fill_in(place, code, fields, day, by, token)
        StepSave.objects.create(token=token, participant=participant, record=record, step=code, saved_by=by)


def _measure(place: DayPlace, fields: Mapping[str, str], day: date, by: User, token: uuid.UUID) -> Record:
    """One more row of vital signs."""
    at, form = place.vital_signs, place.vital_signs.form
    typed = read_fields(form, {**dated(form, fields, day), "performed_on": day_text(day)}, place.zone)
    if typed.unreadable:
        raise ValidationError(typed.unreadable)
    asked = [(finding.item, finding.check) for finding in evaluation_of(at, typed.entry).findings]
    text = with_remark(typed.text, asked, fields.get("remark", "").strip())
    entry = read_fields(form, text, place.zone).entry
    return save_record(at, entry, by=by, form_token=token)


def _fill_in(
    place: DayPlace, code: str, fields: Mapping[str, str], day: date, by: User, token: uuid.UUID
) -> Record:
    """The step's items of a form that is filled in once."""
    step = STEPS[code]
    at = place.urine_screen if step.target == "urine_screen" else place.form
    if at is None:
        raise ValidationError(_("The protocol has no urine screen on this day."))
    saved = (
        Record.objects.filter(participant=place.participant, visit=place.visit, form=at.form.code)
        .select_related("definition")
        .first()
    )
    reason = fields.get("reason", "").strip()
    if code == "interruption":
        reason = reason or _("another interruption")
    items = step.items or tuple(item.code for item in at.form.items if item.entered)
    fields = {**fields, **_implied(code, saved, fields)}
    items += ("INTERRUPTED",) if code == "stop" and item_field("INTERRUPTED") in fields else ()
    result = merged(at.form, saved, fields, items, day, place.zone)
    if result.unreadable:
        raise ValidationError(dict(result.unreadable))
    if result.taken:
        raise StepConflict(result.taken)
    if result.changes and not is_visible(reason):
        raise ValidationError({"reason": _("You change what was saved. Say why, for the audit trail.")})
    entry = _remarked(at, step, result.text, fields.get("remark", "").strip(), place)
    if saved is None:
        return save_record(at, entry, by=by, form_token=token, reason=reason, unfinished=True)
    return correct_record(saved, at, entry, by=by, version=saved.version, reason=reason, unfinished=True)


def _implied(code: str, saved: Record | None, fields: Mapping[str, str]) -> dict[str, str]:
    """What the step says without its being typed: an infusion that started was given, one that stopped without an
    interruption was not interrupted, and an interruption comes after those before it."""
    kept = saved_text(saved) if saved else {}
    if code == "interruption":
        was = {f"{WAS}{item_field(item)}": kept.get(item_field(item), "") for item in STEPS[code].items}
        return was | with_interruption(values_of(saved) if saved else {}, fields)
    if (
        code == "start"
        and fields.get(item_field("START"), "").strip()
        and not fields.get(item_field("GIVEN"))
    ):
        return {item_field("GIVEN"): "Y"}
    if (
        code == "stop"
        and fields.get(item_field("STOP"), "").strip()
        and item_field("INTERRUPTED") not in kept
        # An interruption that the server refused waits on the device until somebody looks at it.
        and not fields.get(REFUSED_INTERRUPTION)
    ):
        return {item_field("INTERRUPTED"): "N"}
    return {}


def _remarked(
    at: FormPlace, step: Step, text: Mapping[str, str], remark: str, place: DayPlace
) -> RecordEntry:
    entry = read_fields(at.form, text, place.zone).entry
    concerned = {*(step.items or at.form.by_code), *step.asks}
    asked = [
        (finding.item, finding.check)
        for finding in evaluation_of(at, entry).findings
        if finding.item in concerned
    ]
    return read_fields(at.form, with_remark(text, asked, remark), place.zone).entry


def check_dose(place: DayPlace, *, by: User, asked_by: User, version: int, reason: str = "") -> DoseCheck:
    """The second person says that weight, calculation and dose drawn up are right. `by`: the second person, who has just
    proved to be; `asked_by`: the first, who is signed in; `version`: of the record that they were shown.

    Raises ValidationError, also where the record is another by now, and PermissionDenied where the second person may not
    enter data at this site.
    """
    participant = place.participant
    if by == asked_by:
        raise ValidationError({"second_username": _("The second person must be somebody else.")})
    why = reason or _("dose checked by the second person")
    with authorised_change(by, "assessment.enter", participant.study, participant.site, reason=why):
        Participant.objects.select_for_update().get(pk=participant.pk)
        record = records_of_day(place).form
        values = values_of(record) if record else {}
        weight, weighed_on, drawn = (values.get(code) for code in ("WEIGHT", "WEIGHT_DATE", "DRAWN"))
        if (
            record is None
            or not isinstance(weight, Quantity)
            or not isinstance(drawn, Quantity)
            or not isinstance(weighed_on, date)
        ):
            raise ValidationError(_("Save the weight, its date and the dose drawn up first."))
        if record.version != version:
            raise ValidationError(
                _(
                    "The record has changed since this page was shown. Reload it, and check weight and dose again."
                )
            )
        now = timezone.now().astimezone(place.zone).replace(second=0, microsecond=0)
        record = _checked_by(record, place, by, now, why)
        return DoseCheck.objects.create(
            record=record,
            participant=participant,
            checked_by=by,
            asked_by=asked_by,
            weight=weight.standard,
            weighed_on=weighed_on,
            drawn=drawn.standard,
        )


def _checked_by(record: Record, place: DayPlace, by: User, now: datetime, reason: str) -> Record:
    """Into the form, as the second person's own entry."""
    fields = {
        item_field("CHECKED_BY"): by.printed_name[:60],
        item_field("CHECKED_TIME"): f"{day_text(now.date())} {now:%H:%M}",
    }
    kept = merged(place.form.form, record, {}, (), now.date(), place.zone).text
    entry = read_fields(place.form.form, {**kept, **fields}, place.zone).entry
    return correct_record(
        record, place.form, entry, by=by, version=record.version, reason=reason, unfinished=True
    )
