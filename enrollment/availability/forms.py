"""What coordinators keep of a site's days."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.availability.text import WEEKDAYS
from enrollment.forms import ReasonWhenAsked
from enrollment.models import Participant
from trialsite.accounts.fields import DayField, WholeNumberField, WordsField
from trialsite.accounts.models import Site


class HoursForm(ReasonWhenAsked):
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Days on which the site sees participants"),
        choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one weekday.")},
    )
    holidays = forms.CharField(
        label=gettext_lazy("Public holidays of"),
        required=False,
        max_length=10,
        help_text=gettext_lazy(
            "A country or a part of it by its ISO code, for example US, US-CT, DE-BE. Empty: none."
        ),
    )
    places = WholeNumberField(
        label=gettext_lazy("Participants who can be treated a day"),
        min_value=1,
        max_value=99,
        help_text=gettext_lazy("As many as there are infusion chairs and staff for."),
    )
    reason = WordsField(label=gettext_lazy("Reason for the change"), required=False, max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean_weekdays(self) -> str:
        return "".join(sorted(self.cleaned_data["weekdays"]))

    def clean_holidays(self) -> str:
        return str(self.cleaned_data["holidays"]).strip().upper()


class AbsenceForm(forms.Form):
    """`participant`: found by the code that was typed; None where the absence is the site's."""

    first_on = DayField(label=gettext_lazy("First day"))
    last_on = DayField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: one day.")
    )
    participant = forms.CharField(
        label=gettext_lazy("Participant"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Code of who cannot come. Empty: the site."),
    )
    places = WholeNumberField(
        label=gettext_lazy("Participants who can still be treated a day"),
        min_value=0,
        max_value=99,
        initial=0,
        help_text=gettext_lazy("0: the site is closed."),
    )
    reason = WordsField(label=gettext_lazy("Reason"), max_length=200)

    def __init__(self, data: Any = None, *, site: Site) -> None:
        super().__init__(data, auto_id="absence_%s")
        self.site = site

    def clean_participant(self) -> Participant | None:
        code = str(self.cleaned_data["participant"]).strip()
        if not code:
            return None
        participant = Participant.objects.filter(site=self.site, code__iexact=code).first()
        if participant is None:
            raise forms.ValidationError(_("There is no participant of that code at this site."))
        return participant

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["last_on"] = data.get("last_on") or data.get("first_on")
        return data
