"""Earlier treatments of a participant, as the page of their form saves them."""

import uuid
from decimal import Decimal

from assessments.domain.values import Quantity, Value
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, places_of
from assessments.entry.services import save_record, strike_out_record
from assessments.models import Record
from enrollment.models import Participant
from trialsite.accounts.models import User

FORM = "FAILED_TREATMENT"


def treatments_at(participant: Participant) -> FormPlace:
    return next(place for place in places_of(participant) if place.form.code == FORM)


def add_treatment(
    participant: Participant,
    *,
    by: User,
    name: str = "",
    kind: str = "ANTIDEPRESSANT",
    outcome: str = "INSUFFICIENT",
    weeks: int = 8,
) -> Record:
    """One more course, with everything that is asked of it; only what has no other name is called by `name`."""
    values: dict[str, Value] = {
        "KIND": kind,
        "WEEKS": weeks,
        "CURRENT_EPISODE": True,
        "ADEQUATE": weeks >= 8 and outcome != "INTOLERANT",
        "OUTCOME": outcome,
    }
    if kind in ("ANTIDEPRESSANT", "OTHER"):
        values["NAME"] = name
    if kind == "ANTIDEPRESSANT":
        values["DOSE"] = Quantity(Decimal(100), "mg/day", Decimal(100))
    if kind in ("ECT", "TMS"):
        values["SESSIONS"] = 12
    return save_record(treatments_at(participant), RecordEntry(values), by=by, form_token=uuid.uuid4())


def treatment_of(participant: Participant, name: str) -> Record:
    return Record.objects.get(participant=participant, form=FORM, items__NAME=name)


def strike_out(treatment: Record, *, by: User, reason: str) -> Record:
    place = treatments_at(treatment.participant)
    return strike_out_record(treatment, place, by=by, version=treatment.version, reason=reason)
