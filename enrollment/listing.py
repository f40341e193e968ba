"""The list of participants: what may be asked of it, and in which order it comes."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Visit
from enrollment.selectors import days_at
from trialsite.accounts.models import Site

SORTS = {
    "code": _("Code"),
    "-code": _("Code, last first"),
    "-created_at": _("Newest first"),
    "status": _("State"),
}


class ParticipantFilter(forms.Form):
    """Everything stands in the address, so that a list can be linked to."""

    q = forms.CharField(label=_("Code"), required=False, max_length=20)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Participant.Status.choices]
    )
    period = forms.IntegerField(label=_("In period"), required=False, min_value=1, max_value=99)
    overdue = forms.BooleanField(label=_("With overdue visits"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(SORTS.items()))

    def __init__(self, data: Any, *, sites: QuerySet[Site]) -> None:
        super().__init__(data)
        self.sites = sites
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            kind = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            field.widget.attrs["class"] = "form-check-input" if name == "overdue" else kind

    def _overdue(self) -> Q:
        """With a visit that is overdue by the day at the participant's site."""
        found = Q(pk__in=[])
        for day, sites in days_at(self.sites).items():
            late = Visit.objects.overdue(day).filter(participant=OuterRef("pk"))
            found |= Q(Exists(late), site__in=sites)
        return found

    def apply(self, participants: QuerySet[Participant]) -> QuerySet[Participant]:
        """Nonsense in one field leaves that field out, not the list empty."""
        self.is_valid()
        asked = self.cleaned_data
        if code := asked.get("q"):
            participants = participants.filter(code__icontains=code)
        if site := asked.get("site"):
            participants = participants.filter(site=site)
        if state := asked.get("state"):
            participants = participants.filter(status=state)
        if number := asked.get("period"):
            later = participants.filter(periods__number__gt=number, periods__dosed_on__isnull=False).values(
                "pk"
            )
            participants = participants.filter(
                periods__number=number, periods__dosed_on__isnull=False
            ).exclude(pk__in=later)
        if asked.get("overdue"):
            participants = participants.filter(self._overdue())
        return participants.order_by(asked.get("sort") or "code", "pk")
