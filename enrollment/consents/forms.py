"""What is entered of a consent text, and of its approval."""

from django import forms
from django.utils.translation import gettext_lazy

from enrollment.consents.text import language_choices
from trialsite.accounts.fields import DayField, WordsField

REASON_MISSING = {"required": gettext_lazy("Give the reason; it is kept in the audit trail.")}


class ConsentVersionForm(forms.Form):
    label = WordsField(
        label=gettext_lazy("Version"),
        max_length=40,
        help_text=gettext_lazy("As it is printed on the text, for example 2.0."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=language_choices)
    dated_on = DayField(label=gettext_lazy("Date of the text"))


class CorrectConsentVersionForm(ConsentVersionForm):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = WordsField(label=gettext_lazy("Reason"), max_length=500, error_messages=REASON_MISSING)


class ApprovalForm(forms.Form):
    approved_on = DayField(
        label=gettext_lazy("Approval date"),
        help_text=gettext_lazy("The first day on which the site may use this text."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CorrectApprovalForm(ApprovalForm):
    reason = WordsField(label=gettext_lazy("Reason"), max_length=500, error_messages=REASON_MISSING)
