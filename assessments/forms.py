"""The rating form as it comes from the browser: items by code, and who, when, why."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.domain.instrument import Instrument
from assessments.models import Assessment
from assessments.services import Entry
from trialsite.accounts.fields import DayField, WholeNumberField, typed_day
from trialsite.lib.days import shown

LONGEST_NUMBER = 6
KEPT = (
    "performed_on", "performed_time", "lookback_days", "rater", "reason", "not_done_reason", "kept_because",
)  # fmt: skip


class RatingForm(forms.Form):
    """Checks what was typed field by field; which values an item may have the instrument decides."""

    performed_on = DayField(label=_("Date of rating"), required=False)
    performed_time = forms.TimeField(
        label=_("Time of rating"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H%M"],
        error_messages={"invalid": _("Write the time as 14:30.")},
    )
    lookback_days = WholeNumberField(label=_("Look-back in days"), required=False, min_value=0, max_value=60)
    rater = forms.CharField(label=_("Rater"), required=False, max_length=200)
    reason = forms.CharField(label=_("Reason for the change"), required=False, max_length=500)
    not_done_reason = forms.CharField(label=_("Why the rating was not done"), required=False, max_length=500)
    kept_because = forms.CharField(label=_("Keep it, because"), required=False, max_length=500)
    asked_on = DayField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, instrument: Instrument) -> None:
        super().__init__(data)
        self.instrument = instrument
        self.items: dict[str, int | None] = {}
        self.missing: dict[str, str] = {}

    def clean(self) -> dict[str, Any]:
        for item in self.instrument.items:
            typed = str(self.data.get(f"item_{item.code}", "")).strip()
            why = str(self.data.get(f"missing_{item.code}", "")).strip()
            if typed and not (typed.isdecimal() and len(typed) <= LONGEST_NUMBER):
                self.add_item_error(
                    item.code, _("“%(value)s” is not a whole number.") % {"value": typed[:20]}
                )
            elif typed:
                self.items[item.code] = int(typed)
            if why:
                self.missing[item.code] = why
        return self.cleaned_data

    def add_item_error(self, code: str, message: str) -> None:
        self.errors.setdefault(f"item_{code}", self.error_class()).append(message)

    def entry(self) -> Entry:
        """What was typed, as far as it can be read."""
        data = self.cleaned_data
        return Entry(
            items=self.items,
            missing=self.missing,
            rater=data.get("rater", ""),
            performed_on=data.get("performed_on"),
            performed_time=data.get("performed_time"),
            lookback_days=data.get("lookback_days"),
            not_done_reason=data.get("not_done_reason", ""),
        )

    def answer(self) -> str:
        """Why the date is right, when that was asked about the very date that is sent now; else empty."""
        data = self.cleaned_data
        asked = data.get("asked_on") and data.get("asked_on") == data.get("performed_on")
        return str(data.get("kept_because", "")).strip() if asked else ""

    def add_problems(self, problems: Mapping[str, str]) -> None:
        """Set each beside its field, unless the field could not even be read."""
        for name, message in problems.items():
            if name not in self.errors:
                self.errors[name] = self.error_class([message])


def typed_fields(data: Mapping[str, Any], instrument: Instrument) -> dict[str, str]:
    """What a draft keeps of a form: its own fields and nothing else, each of bounded length. A date that can be read is
    kept as dates are shown."""
    names = [*KEPT, *(f"{kind}_{item.code}" for item in instrument.items for kind in ("item", "missing"))]
    fields = {name: str(data[name])[:500] for name in names if data.get(name)}
    if "performed_on" in fields:
        fields["performed_on"] = typed_day(fields["performed_on"])
    return fields


def saved_fields(assessment: Assessment) -> dict[str, str]:
    """A saved rating as form fields."""
    fields = {f"item_{code}": str(value) for code, value in assessment.items.items()}
    fields |= {f"missing_{code}": why for code, why in assessment.missing.items()}
    fields |= {
        "rater": assessment.rater,
        "performed_on": shown(assessment.performed_on) if assessment.performed_on else "",
        "performed_time": f"{assessment.performed_time:%H:%M}" if assessment.performed_time else "",
        "lookback_days": "" if assessment.lookback_days is None else str(assessment.lookback_days),
        "not_done_reason": assessment.not_done_reason,
    }
    return {name: value for name, value in fields.items() if value}


def fresh_fields(rater: str, today: date) -> dict[str, str]:
    return {"rater": rater, "performed_on": shown(today)}


def new_token() -> str:
    return str(uuid.uuid4())
