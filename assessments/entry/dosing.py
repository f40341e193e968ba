"""The start of an infusion, as its form has it, is the day of the period's dosing: one place for one value."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from assessments.entry.codec import item_field
from assessments.entry.selectors import FormPlace, values_of
from assessments.models import Record
from enrollment.models import Period
from enrollment.respond import errors_by_field
from enrollment.services import record_dosing
from enrollment.supply.selectors import kit_given_in
from trialsite.accounts.models import User

# Under which field of the form stands what is said about the day.
FIELDS = {"dosed_on": item_field("START"), "kept_because": "reason"}


def is_dosing(place: FormPlace) -> bool:
    """Whether the place is the protocol's form of an infusion."""
    infusion, visit = place.participant.protocol.definition.infusion, place.visit
    return bool(
        infusion
        and visit
        and visit.period_id
        and (visit.code, place.form.code) == (infusion.visit, infusion.form)
    )


def date_dosing(saved: Record, place: FormPlace, *, by: User, reason: str) -> None:
    """Record or correct day and kit of the dosing where the saved start says another one. `reason`: as it was typed, empty
    where none was. Raises ValidationError by field of the form."""
    values = values_of(saved, place.form)
    start, kit = values.get("START"), str(values.get("KIT") or "")
    if not is_dosing(place) or not isinstance(start, datetime) or place.visit is None:
        return
    day = start.astimezone(ZoneInfo(place.participant.site.timezone)).date()
    period = Period.objects.select_for_update().get(visits=place.visit)
    same_kit = not reason or kit.strip().upper() in ("", kit_given_in(period))
    if period.dosed_on == day and same_kit:
        return
    period.participant = place.participant
    try:
        record_dosing(period, day, by=by, version=period.version, reason=reason, kept_because=reason, kit=kit)
    except ValidationError as error:
        raise ValidationError(
            {FIELDS.get(field, field): messages for field, messages in errors_by_field(error).items()}
        ) from error
