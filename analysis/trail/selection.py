"""Which part of the trail somebody asks for: the filters of the page, and the entries that they leave."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Substr
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy

from analysis.trail.search import field_named
from analysis.trail.sources import of_study, sources_of_study
from enrollment.models import Participant
from enrollment.selectors import participant_for, participants_for, study_for
from trialsite.accounts.fields import DayField
from trialsite.accounts.http import Request
from trialsite.accounts.lists import ListFilter
from trialsite.accounts.models import Study, User
from trialsite.accounts.policy import POLICY, roles_for
from trialsite.audit import activities
from trialsite.audit.models import Event
from trialsite.audit.trail import SYSTEM

# So many chains are read one by one; more are found along the study's entries.
FEW = 100
CHAIN = "participant:"


class AuditFilter(ListFilter):
    # "study": the study itself and its people, instead of its participants.
    about = forms.ChoiceField(required=False, choices=[("", ""), ("study", "")], widget=forms.HiddenInput)
    participant = forms.CharField(label=gettext_lazy("Participant"), required=False, max_length=20)
    who = forms.CharField(label=gettext_lazy("User"), required=False, max_length=40)
    field = forms.CharField(label=gettext_lazy("Form or field"), required=False, max_length=40)
    kind = forms.ChoiceField(
        label=gettext_lazy("Entries"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("I", gettext_lazy("First values")),
            ("U", gettext_lazy("Changes")),
        ],
    )
    since = DayField(label=gettext_lazy("From"), required=False)
    until = DayField(label=gettext_lazy("Until"), required=False)


@dataclass(frozen=True)
class AuditSelection:
    """What a person asked to see. `participants`: those whose trail they may see, under the filter;
    `whole`: whether they see the whole study's trail."""

    study: Study
    form: AuditFilter
    participants: QuerySet[Participant]
    whole: bool

    @property
    def selected(self) -> dict[str, Any]:
        return self.form.selected

    @cached_property
    def source(self) -> QuerySet[Event]:
        """Every entry of the chains asked for, within the days asked for."""
        if self.selected.get("about"):
            return self._within(of_study(self.study))
        if self.whole and not self.selected.get("participant"):
            return self._within(Event.objects.filter(study=self.study.pk).exclude(chain=SYSTEM))
        few = list(self.participants.order_by().values_list("pk", flat=True)[: FEW + 1])
        if len(few) <= FEW:
            return self._within(Event.objects.filter(chain__in=[f"{CHAIN}{pk}" for pk in few]))
        number = Cast(Substr(OuterRef("chain"), len(CHAIN) + 1), BigIntegerField())
        participant = Subquery(self.participants.order_by().filter(pk=number).values("pk")[:1])
        entries = (
            Event.objects.filter(study=self.study.pk)
            .exclude(chain=SYSTEM)
            .annotate(of_participant=participant)
        )
        return self._within(entries.filter(of_participant__isnull=False))

    @cached_property
    def matching(self) -> Q | None:
        """What an entry has to be like to be found; None when nothing was asked."""
        condition = Q()
        if self.selected["who"]:
            condition &= Q(actor_name__icontains=self.selected["who"])
        if self.selected["field"]:
            condition &= field_named(self.selected["field"])
        if self.selected["kind"]:
            condition &= Q(op=self.selected["kind"])
        return condition or None

    @property
    def entries(self) -> QuerySet[Event]:
        """All that are found, newest first: for files and counts."""
        # A filter that cannot be understood filters nothing away unseen: the form says so, and nothing is shown.
        if self.form.errors:
            return Event.objects.none()
        entries = self.source if self.matching is None else self.source.filter(self.matching)
        return entries.order_by("-at", "-n")

    def page(self, before: activities.Cursor | None) -> activities.ActivityPage:
        if self.form.errors:
            return activities.ActivityPage([])
        if self.selected.get("about"):
            parts = [self._within(part) for part in sources_of_study(self.study)]
            return activities.page_of_some(parts, self.matching, before)
        return activities.page_of_chains(self.source, self.matching, before)

    def codes(self) -> dict[str, str]:
        """Chain → participant's code, of all who were asked for: for files."""
        return {f"{CHAIN}{pk}": code for pk, code in self.participants.order_by().values_list("pk", "code")}

    def _within(self, entries: QuerySet[Event]) -> QuerySet[Event]:
        if since := self.selected.get("since"):
            entries = entries.filter(at__gte=_midnight(since))
        if (until := self.selected.get("until")) and until < date.max:
            entries = entries.filter(at__lt=_midnight(until + timedelta(days=1)))
        return entries


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


def selection_of(request: Request, code: str) -> AuditSelection:
    """The study's trail under the filters in the address. 404 for a stranger; the study's own entries are for who
    sees every site."""
    study = study_for(request.user, code, "audit.view")
    form = AuditFilter(request.GET)
    whole = _sees_all(request.user, study)
    if form.selected.get("about") and not whole:
        raise PermissionDenied
    participants = participants_for(request.user, study, "audit.view")
    if name := form.selected.get("participant"):
        participants = participants.filter(code__icontains=name)
    return AuditSelection(study, form, participants, whole)


def chain_for(user: User, study: str, chain: str) -> tuple[QuerySet[Event], str]:
    """The entries of one chain, and the participant's code. 404 for a stranger to the place; of the system's chain
    what is the study's, for who sees every site."""
    if chain == SYSTEM:
        current_study = study_for(user, study, "audit.view")
        if not _sees_all(user, current_study):
            raise PermissionDenied
        return of_study(current_study), ""
    number = chain.removeprefix(CHAIN)
    participants = (
        Participant.objects.filter(study__code=study, pk=number)
        if number.isdecimal() and len(number) < 18
        else None
    )
    if participants is None or (participant := participants.first()) is None:
        raise Http404
    participant = participant_for(user, study, participant.code, "audit.view")
    return Event.objects.filter(chain=f"{CHAIN}{participant.pk}"), participant.code


def _sees_all(user: User, study: Study) -> bool:
    return bool(roles_for(user, study, everywhere=True) & POLICY["audit.view"])
