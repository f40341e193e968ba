"""Looking up a kit, and the whole list for a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trialsite.accounts.fields import WordsField


class KitForm(forms.Form):
    kit = forms.CharField(
        label=_("Kit number"),
        max_length=40,
        help_text=_("As printed on the box."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the number on the box.")},
    )


class PackingForm(forms.Form):
    """The packing list of one shipment."""

    reason = WordsField(
        label=_("Reason for viewing the packing list"),
        max_length=500,
        error_messages={"required": _("State why the packing list is needed; it is logged under your name.")},
    )


class ListForm(forms.Form):
    """The whole allocation list, with every place that is still to come."""

    reason = WordsField(
        label=_("Reason for viewing the whole list"),
        max_length=500,
        error_messages={"required": _("State why the whole list is needed; it is logged under your name.")},
    )
