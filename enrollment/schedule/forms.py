"""Forms of the schedule."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.forms import DayForm, ReasonWhenAsked
from trialsite.accounts.fields import DayField, WordsField


class PlanForm(ReasonWhenAsked, DayForm):
    asked_for = ("reason", "override_reason")
    day = "planned_on"
    planned_on = DayField(label=_("Planned date"))
    reason = WordsField(
        label=_("Reason for the change"),
        required=False,
        max_length=500,
    )
    override_reason = WordsField(
        label=_("Reason for a date outside the washout window"),
        required=False,
        max_length=500,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["planned_on", "kept_because"]

    def __init__(self, *args: Any, needs_reason: bool, may_override: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        if not may_override:
            del self.fields["override_reason"]


class DosingForm(ReasonWhenAsked, DayForm):
    day = "dosed_on"
    dosed_on = DayField(label=_("Given on"))
    kit = forms.CharField(
        label=_("Kit given"),
        required=False,
        max_length=20,
        help_text=_("The number on the box, typed or scanned. Left empty, the assigned kit is recorded."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = WordsField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_(
            "For a corrected date, a date outside the washout window or after withdrawal, or another kit than the"
            " assigned one."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["dosed_on", "kept_because", "kit"]

    def __init__(self, *args: Any, with_kit: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_kit:
            del self.fields["kit"]
