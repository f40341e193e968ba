"""The form of an emergency unblinding."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.forms import ReasonForm


class UnblindForm(ReasonForm):
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("Second-factor code"),
        max_length=40,
        help_text=_("The six digits your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )
    field_order = ["reason", "password", "code"]

    def __init__(self, *args: Any, asks_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_code:
            del self.fields["code"]
