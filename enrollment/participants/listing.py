"""The list of participants: what may be asked of it, and in which order it comes."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Period, Visit
from enrollment.schedule.strips import state_of
from enrollment.selectors import completed_on, days_at, today_at
from trialsite.accounts.fields import WholeNumberField
from trialsite.accounts.keyset import SortKey, ordered
from trialsite.accounts.lists import ListFilter, site_field
from trialsite.accounts.models import Site
from trialsite.lib.clock import local_date

SORTS = {
    "code": _("Code"),
    "-code": _("Code, descending"),
    "-created_at": _("Newest first"),
    "status": _("State"),
}


class ParticipantFilter(ListFilter):
    q = forms.CharField(label=_("Code"), required=False, max_length=20)
    site = site_field()
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Participant.Status.choices]
    )
    period = WholeNumberField(label=_("In period"), required=False, min_value=1, max_value=99)
    overdue = forms.BooleanField(label=_("With overdue visits"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(SORTS.items()))

    def __init__(self, data: Any, *, sites: QuerySet[Site]) -> None:
        super().__init__(data, sites=sites)
        self.sites = sites

    def _overdue(self) -> Q:
        """With a visit that is overdue by the day at the participant's site."""
        condition = Q(pk__in=[])
        for day, sites in days_at(self.sites).items():
            late = Visit.objects.overdue(day).filter(participant=OuterRef("pk"))
            condition |= Q(Exists(late), site__in=sites)
        return condition

    def apply(self, participants: QuerySet[Participant]) -> QuerySet[Participant]:
        selected = self.selected
        if code := selected.get("q"):
            participants = participants.filter(code__icontains=code)
        if site := selected.get("site"):
            participants = participants.filter(site=site)
        if state := selected.get("state"):
            participants = participants.filter(status=state)
        if number := selected.get("period"):
            later = participants.filter(periods__number__gt=number, periods__dosed_on__isnull=False).values(
                "pk"
            )
            participants = participants.filter(
                periods__number=number, periods__dosed_on__isnull=False
            ).exclude(pk__in=later)
        if selected.get("overdue"):
            participants = participants.filter(self._overdue())
        return ordered(participants, self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What the list is ordered by."""
        return SortKey.of(self.selected.get("sort") or "code"), SortKey("pk")


def table_of(participants: QuerySet[Participant]) -> tuple[list[str], Iterator[list[object]]]:
    """Header and rows of the list as a file, with a column for each dosing that any of them has."""
    most = Period.objects.filter(participant__in=participants.order_by()).aggregate(n=Max("number"))["n"]
    numbers = range(1, (most or 0) + 1)
    header = ["participant", "site", "state", "consented_on", "randomised_on"]
    header += [f"infusion_{n}_on" for n in numbers]
    header += ["visits_done", "visits_overdue", "completed_on", "left_on", "left_because"]
    return header, _rows(participants, numbers)


def _rows(participants: QuerySet[Participant], numbers: range) -> Iterator[list[object]]:
    for participant in participants.prefetch_related("periods", "visits").iterator(chunk_size=500):
        dosed = {period.number: period.dosed_on for period in participant.periods.all()}
        today, left = today_at(participant.site), participant.left_on
        states = [state_of(visit, today, left) for visit in participant.visits.all() if visit.period_id]
        randomised_on = participant.randomised_at and local_date(
            participant.randomised_at, participant.site.timezone
        )
        yield [
            participant.code,
            participant.site.code,
            participant.get_status_display(),
            participant.consented_on,
            randomised_on,
            *(dosed.get(n) for n in numbers),
            sum(state.startswith("done") for state in states),
            states.count("overdue"),
            completed_on(participant),
            participant.left_on,
            participant.left_reason,
        ]
