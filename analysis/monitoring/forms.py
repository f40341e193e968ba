"""The board's decision, and events of safety as the board counts them."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import WholeNumberField, WordsField


class DecisionForm(forms.Form):
    """What the board recommends and decides, why, and the password that signs it."""

    recommendation = forms.ChoiceField(
        label=_("Recommendation of the committee"),
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
        help_text=_("Blinded users see only this decision."),
    )
    reason = WordsField(
        label=_("Reason, in one sentence"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the closed report."),
        error_messages={"required": _("Give the reason for the committee’s decision in one sentence.")},
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
        help_text=_("Among those treated up to this look; each participant counts once."),
    )
    source = WordsField(
        label=_("Source of the number"),
        max_length=200,
        help_text=_("For example the safety physician’s report and its date."),
        error_messages={"required": _("State the source of the number.")},
    )
