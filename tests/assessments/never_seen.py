"""The form that no trial has, filled in: every type, two units, reasons, and a row in which everything is blank."""

import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Quantity, Value
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace
from assessments.entry.services import save_record
from assessments.models import Record
from trialsite.accounts.models import User

PACIFIC = timezone(timedelta(hours=-8))
FULL: dict[str, Value] = {
    "INTEGER1": 0,
    "INTEGER2": 12,
    "DECIMAL1": Quantity(Decimal("165.0"), "LB", Decimal("74.8")),
    "DECIMAL2": Quantity(Decimal("70.50").quantize(Decimal("0.1")), "kg", Decimal("70.5")),
    "TEXT1": "=1+1; “quoted”, ünïcode",
    "LONG_TEXT1": "first line\nsecond line",
    "CHOICE1": "GREEN",
    "CHOICE2": "GREEN",
    "CHOICES1": ("RED", "BLUE"),
    "YES_NO1": True,
    "YES_NO2": False,
    "DATE1": date(2026, 3, 9),
    "PARTIAL_DATE1": PartialDate(2026, 4),
    "PARTIAL_DATE2": PartialDate(2026),
    "TIME1": time(14, 5),
    "DATETIME1": datetime(2026, 3, 1, 14, 5, tzinfo=PACIFIC),
    "VAS1": 42,
}


def record(place: FormPlace, values: dict[str, Value], by: User, **keys: object) -> Record:
    """A new record at `place`, dated on the day of the visit's infusion."""
    period = place.visit.period if place.visit else None
    entry = RecordEntry(values=values, performed_on=period.dosed_on if period else None, **keys)  # type: ignore[arg-type]
    return save_record(place, entry, by=by, form_token=uuid.uuid4())


def fill(place: FormPlace, by: User) -> tuple[Record, Record]:
    """A row with everything, kept with a comment, and a row with one reason."""
    full = record(
        place,
        FULL,
        by,
        missing={"TEXT2": "UNK"},
        comments={("INTEGER1", "usual"): "zero, as measured"},
    )
    return full, record(place, {"TEXT1": "blank"}, by, missing={"DATE1": "ND"})
