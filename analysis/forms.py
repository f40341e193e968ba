"""Forms of analysis."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import WholeNumberField


class ExportForm(forms.Form):
    profile = forms.ChoiceField(
        label=_("Made for"),
        choices=[
            ("plain", _("Statistics software: every value as it was entered")),
            ("spreadsheet", _("A spreadsheet: text that looks like a formula is kept from being calculated")),
        ],
        required=False,
    )
    reason = forms.CharField(
        label=_("What the export is for"),
        max_length=500,
        error_messages={"required": _("Say what the export is for; the audit trail keeps it.")},
    )

    def clean_profile(self) -> str:
        return self.cleaned_data["profile"] or "plain"


class KitForm(forms.Form):
    kit = forms.CharField(
        label=_("Kit number"),
        max_length=40,
        help_text=_("As it stands on the box."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the number on the box.")},
    )


class ListForm(forms.Form):
    """The whole allocation list, with every place that is still to come."""

    reason = forms.CharField(
        label=_("Why the whole list is needed"),
        max_length=500,
        error_messages={"required": _("Say what the whole list is needed for; it is logged with your name.")},
    )


class AdoptionForm(forms.Form):
    """Adopt waiting outcome rules; `shown` names the difference that was read."""

    shown = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why these rules are adopted"),
        max_length=500,
        help_text=_("For example the amendment and its approval."),
        error_messages={"required": _("Say why; the audit trail keeps it.")},
    )


class DecisionForm(forms.Form):
    """What the board recommends and decides, why, and the password that signs it."""

    recommendation = forms.ChoiceField(
        label=_("Recommendation of the board"),
        choices=[
            ("", _("Choose")),
            ("continue", _("Continue")),
            ("efficacy", _("Stop for efficacy")),
            ("futility", _("Stop for futility")),
            ("safety", _("Stop for safety")),
        ],
    )
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("", _("Choose")),
            ("continue", _("Continue as planned")),
            ("stop", _("Stop: screening and randomisation end now")),
        ],
        help_text=_("Blinded people learn this word and nothing else."),
    )
    reason = forms.CharField(
        label=_("Reason, in a sentence"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stays in the closed report."),
        error_messages={"required": _("Say in a sentence why the board decided so.")},
    )
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class EventsForm(forms.Form):
    """Serious events as the safety physician reported them to the board."""

    events = WholeNumberField(
        label=_("Participants with at least one"),
        min_value=0,
        max_value=100_000,
        help_text=_("Of those treated up to this look; each counts once."),
    )
    source = forms.CharField(
        label=_("Where the number comes from"),
        max_length=200,
        help_text=_("For example the safety physician’s report and its date."),
        error_messages={"required": _("Say where the number comes from.")},
    )
