"""What an export holds, chosen."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import WordsField


class ExportForm(forms.Form):
    profile = forms.ChoiceField(
        label=_("Made for"),
        choices=[
            ("plain", _("Statistical software: all values as entered")),
            ("spreadsheet", _("Spreadsheet: text that looks like a formula is protected from calculation")),
        ],
        required=False,
    )
    reason = WordsField(
        label=_("Purpose of the export"),
        max_length=500,
        error_messages={"required": _("State the purpose of the export; it is kept in the audit trail.")},
    )

    def clean_profile(self) -> str:
        return self.cleaned_data["profile"] or "plain"
