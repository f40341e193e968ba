"""The list of participants: what may be asked of it, and in which order it comes."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Period, Visit
from enrollment.presenters import state_of
from enrollment.selectors import days_at, today_at
from trialsite.accounts.fields import WholeNumberField
from trialsite.accounts.models import Site
from trialsite.lib.clock import local_date

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
    period = WholeNumberField(label=_("In period"), required=False, min_value=1, max_value=99)
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


def table_of(participants: QuerySet[Participant]) -> tuple[list[str], Iterator[list[object]]]:
    """Header and rows of the list as a file, with a column for each infusion that any of them has."""
    most = Period.objects.filter(participant__in=participants.order_by()).aggregate(n=Max("number"))["n"]
    infusions = range(1, (most or 0) + 1)
    header = [
        "participant", "site", "state", "consented_on", "randomised_on",
        *(f"infusion_{n}_on" for n in infusions), "visits_done", "visits_overdue", "left_because",
    ]  # fmt: skip
    return header, _rows(participants, infusions)


def _rows(participants: QuerySet[Participant], infusions: range) -> Iterator[list[object]]:
    for person in participants.prefetch_related("periods", "visits").iterator(chunk_size=500):
        dosed = {period.number: period.dosed_on for period in person.periods.all()}
        today = today_at(person.site)
        states = [state_of(visit, today) for visit in person.visits.all() if visit.period_id]
        randomised_on = person.randomised_at and local_date(person.randomised_at, person.site.timezone)
        yield [
            person.code, person.site.code, person.get_status_display(), person.consented_on, randomised_on,
            *(dosed.get(n) for n in infusions),
            sum(state.startswith("done") for state in states), states.count("overdue"), person.left_reason,
        ]  # fmt: skip
