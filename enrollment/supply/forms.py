"""Forms of the supply of kits."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import Kit
from trialsite.accounts.fields import DayField, WholeNumberField, WordsField
from trialsite.accounts.keyset import SortKey, ordered
from trialsite.accounts.lists import ListFilter, site_field

SORTS = {"number": _("Kit number"), "-moved_on": _("Last moved first"), "state": _("State")}


class KitFilter(ListFilter):
    q = forms.CharField(label=_("Kit or participant"), required=False, max_length=20)
    site = site_field()
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Kit.State.choices]
    )
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(SORTS.items()))

    def apply(self, kits: QuerySet[Kit]) -> QuerySet[Kit]:
        selected = self.selected
        if text := selected.get("q"):
            kits = kits.filter(
                Q(number__icontains=text)
                | Q(period__participant__code__icontains=text)
                | Q(given_in__participant__code__icontains=text)
            )
        if site := selected.get("site"):
            kits = kits.filter(site=site)
        if state := selected.get("state"):
            kits = kits.filter(state=state)
        return ordered(kits, self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        return SortKey.of(self.selected.get("sort") or "number"), SortKey("pk")


class SendForm(forms.Form):
    sets = WholeNumberField(
        label=_("Sets of kits"),
        min_value=1,
        max_value=1000,
        help_text=_(
            "A set is what one participant can need: of each treatment as many kits as any sequence."
        ),
    )


class ReceiveForm(forms.Form):
    received_on = DayField(label=_("Received on"))
    missing = forms.MultipleChoiceField(
        label=_("Did not arrive, or cannot be used"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = WordsField(
        label=_("What is known of these"),
        required=False,
        max_length=500,
        help_text=_("Needed when a kit is marked above."),
    )

    def __init__(self, *args: Any, numbers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["missing"].choices = [(number, number) for number in numbers]  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    on = DayField(label=_("Date"))
    reason = WordsField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Give the reason; it is kept in the audit trail.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CloseForm(forms.Form):
    action = WordsField(
        label=_("What was done"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Who was informed, how the participant is, how it will be prevented from happening"
            " again. Do not write or guess a treatment."
        ),
        error_messages={"required": _("State what was done.")},
    )
