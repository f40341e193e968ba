"""The rating form as it comes from the browser: field by field to an entry; which values may be, the services decide."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.domain.entry import AssessmentEntry
from assessments.domain.instrument import Instrument
from assessments.rating.codec import text_from
from trialsite.accounts.fields import DayField, WholeNumberField, WordsField

LONGEST_NUMBER = 6


class RatingForm(forms.Form):
    """Errors are kept by the field's name, an item's by its code. `text`: what was typed, to be shown again."""

    performed_on = DayField(label=_("Date of rating"), required=False)
    performed_time = forms.TimeField(
        label=_("Time of rating"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S", "%H.%M", "%H%M"],
        error_messages={"invalid": _("Enter the time as 14:30.")},
    )
    lookback_days = WholeNumberField(label=_("Look-back in days"), required=False, min_value=0, max_value=60)
    rater = WordsField(label=_("Rater"), required=False, max_length=200)
    reason = WordsField(label=_("Reason for the change"), required=False, max_length=500)
    not_done_reason = WordsField(label=_("Why the rating was not done"), required=False, max_length=500)
    kept_because = WordsField(label=_("Keep, because"), required=False, max_length=500)
    asked_on = DayField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any], *, instrument: Instrument) -> None:
        super().__init__(data)
        self.instrument = instrument
        self.text = text_from(data, instrument)
        self.items: dict[str, int | None] = {}

    def clean(self) -> dict[str, Any]:
        for code, typed in self.text.items.items():
            if typed.isdecimal() and len(typed) <= LONGEST_NUMBER:
                self.items[code] = int(typed)
            else:
                message = _("“%(value)s” is not a whole number.") % {"value": typed[:20]}
                self.errors[code] = self.error_class([message])
        return self.cleaned_data

    def entry(self) -> AssessmentEntry:
        """What was typed, as far as it can be read."""
        data = self.cleaned_data
        return AssessmentEntry(
            items=self.items,
            missing=self.text.missing,
            rater=data.get("rater", ""),
            performed_on=data.get("performed_on"),
            performed_time=data.get("performed_time"),
            lookback_days=data.get("lookback_days"),
            not_done_reason=data.get("not_done_reason", ""),
        )

    def answer(self) -> str:
        """Why the date is right, when that was asked about the very date that is sent now; else empty."""
        data = self.cleaned_data
        same_date = data.get("asked_on") and data.get("asked_on") == data.get("performed_on")
        return str(data.get("kept_because", "")).strip() if same_date else ""

    def add_problems(self, problems: Mapping[str, Sequence[str]]) -> None:
        """Set each at its field, unless the field could not even be read."""
        for name, messages in problems.items():
            if name not in self.errors:
                self.errors[name] = self.error_class(messages)
