"""Forms of analysis."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ExportForm(forms.Form):
    reason = forms.CharField(
        label=_("What the export is for"),
        max_length=500,
        error_messages={"required": _("Say what the export is for; the audit trail keeps it.")},
    )
