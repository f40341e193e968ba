"""Other outcome rules, for a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import WordsField


class AdoptionForm(forms.Form):
    """Adopt waiting outcome rules; `digest` names the difference that was read."""

    digest = forms.CharField(widget=forms.HiddenInput)
    reason = WordsField(
        label=_("Reason for adoption"),
        max_length=500,
        help_text=_("For example the amendment and its approval."),
        error_messages={"required": _("Give the reason; it is kept in the audit trail.")},
    )
