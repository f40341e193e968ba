"""What the list of adverse events is filtered by."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.events.clock import FORM, REPORTED, serious_events
from assessments.models import Record
from trialsite.accounts.keyset import SortKey, ordered
from trialsite.accounts.lists import ListFilter, site_field

RELATED = ("POSSIBLY RELATED", "RELATED")


class EventFilter(ListFilter):
    """Adverse events in force, by whose they are and what kind."""

    q = forms.CharField(label=_("Participant"), required=False, max_length=20)
    site = site_field()
    kind = forms.ChoiceField(
        label=_("Events"),
        required=False,
        choices=[
            ("", _("All")),
            ("serious", _("Serious")),
            ("unreported", _("Serious, not reported")),
            ("related", _("Possibly related")),
            ("unexpected", _("Suspected unexpected")),
            ("ongoing", _("Ongoing")),
            ("uncoded", _("Not coded")),
        ],
    )
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[("participant", _("Participant")), ("-pk", _("Newest entry first"))],
    )

    def apply(self, records: QuerySet[Record]) -> QuerySet[Record]:
        selected: dict[str, Any] = self.selected
        records = records.filter(form=FORM).exclude(status=Record.Status.STRUCK_OUT)
        if code := selected.get("q"):
            records = records.filter(participant__code__icontains=code)
        if site := selected.get("site"):
            records = records.filter(participant__site=site)
        return ordered(_of_kind(records, selected.get("kind") or ""), self.keys)

    @property
    def keys(self) -> tuple[SortKey, ...]:
        """What the list is ordered by."""
        if self.selected.get("sort") == "-pk":
            return (SortKey.of("-pk"),)
        return SortKey("participant__code"), SortKey("repeat_key"), SortKey("pk")


def _of_kind(records: QuerySet[Record], kind: str) -> QuerySet[Record]:
    if kind == "serious":
        return serious_events(records)
    if kind == "unreported":
        return serious_events(records).exclude(items__has_key=REPORTED)
    if kind == "uncoded":
        return records.exclude(items__has_key="MEDDRA_CODE")
    conditions = {
        "related": Q(items__RELATED__in=RELATED),
        "unexpected": Q(items__UNEXPECTED_REACTION=True),
        "ongoing": Q(items__ONGOING=True),
    }
    return records.filter(conditions.get(kind, Q()))
