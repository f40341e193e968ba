"""Forms of deviations: the filter of their list, and what people say of one."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.deviations.text import RULES
from assessments.models import Deviation
from trialsite.accounts.fields import WordsField
from trialsite.accounts.keyset import SortKey, ordered
from trialsite.accounts.lists import ListFilter, site_field


class DeviationFilter(ListFilter):
    """Deviations, by where they happened, their rule and class, and how far their review has come."""

    STATES = [("", _("Not closed")), ("all", _("All")), *Deviation.Status.choices]
    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = site_field()
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    classification = forms.ChoiceField(
        label=_("Class"), required=False, choices=[("", _("All")), *Deviation.Classification.choices]
    )
    rule = forms.ChoiceField(label=_("Rule"), required=False, choices=[("", _("All rules")), *RULES.items()])
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("code", _("Participant")),
            ("-occurred_on", _("Newest first")),
            ("occurred_on", _("Oldest first")),
        ],
    )

    def apply(self, deviations: QuerySet[Deviation]) -> QuerySet[Deviation]:
        selected = self.selected
        if code := selected.get("q"):
            deviations = deviations.filter(participant__code__icontains=code)
        if site := selected.get("site"):
            deviations = deviations.filter(participant__site=site)
        if (state := selected.get("state")) and state != "all":
            deviations = deviations.filter(status=state)
        elif not state:
            deviations = deviations.filter(status__in=[Deviation.Status.OPEN, Deviation.Status.REVIEWED])
        for name in ("classification", "rule"):
            if value := selected.get(name):
                deviations = deviations.filter(**{name: value})
        return ordered(deviations, self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What the list is ordered by."""
        if (sort := self.selected.get("sort")) and sort != "code":
            return SortKey.of(sort), SortKey("pk")
        return SortKey("participant__code"), SortKey("pk")


def _words(label: Any, **options: Any) -> WordsField:
    return WordsField(label=label, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), **options)


class DeviationReviewForm(forms.Form):
    text = _words(
        _("How it came about, and what it means for the participant and the data"),
        help_text=_("Without names and without the treatment."),
    )
    action = _words(_("Corrective and preventive action"), help_text=_("If none is needed, say so and why."))


class DeviationCloseForm(forms.Form):
    text = _words(_("Why it can be closed"))


class DeviationReopenForm(forms.Form):
    text = _words(_("Why it is reopened"))
