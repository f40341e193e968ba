"""Reads of enrolment data that several places need. Fetching is authorising."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from enrollment.domain import eligibility, washout
from enrollment.models import EligibilityDecision, Participant, Period, ProtocolVersion, Visit
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import may, roles_for, sites_where
from trialsite.lib import canonical
from trialsite.lib.clock import local_date


def today_at(site: Site) -> date:
    """Today at the site."""
    return local_date(timezone.now(), site.timezone)


def days_at(sites: Iterable[Site]) -> dict[date, list[Site]]:
    """Today at each of `sites`: one day as a rule, two or three around midnight when they lie far apart."""
    by_day: dict[date, list[Site]] = {}
    for site in sites:
        by_day.setdefault(today_at(site), []).append(site)
    return dict(sorted(by_day.items()))


def study_for(user: User, code: str, action: str) -> Study:
    """The study, if `user` may do `action` at some site of it. 404 for a stranger, 403 for too small a role."""
    study = Study.objects.filter(code=code).first()
    if study is None or not roles_for(user, study):
        raise Http404
    if not may(user, action, study):
        raise PermissionDenied(action)
    return study


def site_for(user: User, study: Study, code: str, action: str) -> Site:
    site = study.sites.filter(code=code).first()
    if site is None or site not in Site.objects.for_user(user, study):
        raise Http404
    if not may(user, action, study, site):
        raise PermissionDenied(action)
    return site


# A protocol is parsed once a process; a record's page does not read its text again.
_PARSED = ("document", "source")


def participant_for(user: User, study_code: str, code: str, action: str) -> Participant:
    participant = (
        Participant.objects.select_related("study", "site", "protocol")
        .defer(*(f"protocol__{name}" for name in _PARSED))
        .filter(study__code=study_code, code=code)
        .first()
    )
    if participant is None:
        raise Http404
    require_access(user, action, participant.study, participant.site)
    return participant


def period_for(user: User, pk: int, action: str) -> Period:
    period = (
        Period.objects.select_related("participant__study", "participant__site", "participant__protocol")
        .defer(*(f"participant__protocol__{name}" for name in _PARSED))
        .filter(pk=pk)
        .first()
    )
    if period is None:
        raise Http404
    require_access(user, action, period.participant.study, period.participant.site)
    return period


def periods_at(sites: QuerySet[Site]) -> QuerySet[Period]:
    return (
        Period.objects.filter(participant__site__in=list(sites))
        .select_related("participant__site", "participant__study", "participant__protocol")
        .defer(*(f"participant__protocol__{name}" for name in _PARSED))
    )


def visit_for(user: User, pk: int, action: str) -> Visit:
    visits = Visit.objects.select_related("participant__study", "participant__site", "period")
    visit = get_object_or_404(visits, pk=pk)
    participant = visit.participant
    require_access(user, action, participant.study, participant.site)
    participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
    return visit


def participants_for(user: User, study: Study, action: str = "participant.view") -> QuerySet[Participant]:
    return participants_at(sites_where(user, action, study)).filter(study=study)


def participants_at(sites: QuerySet[Site]) -> QuerySet[Participant]:
    return (
        Participant.objects.filter(site__in=list(sites))
        .select_related("site", "study", "protocol")
        .defer(*(f"protocol__{name}" for name in _PARSED))
    )


def having_completed(participants: QuerySet[Participant]) -> QuerySet[Participant]:
    """Those of `participants` who have completed the study: followed, and no visit of a period is to come."""
    to_come = Visit.objects.filter(
        participant=OuterRef("pk"), status=Visit.Status.PLANNED, period__isnull=False
    )
    return participants.filter(~Exists(to_come), status=Participant.Status.RANDOMISED)


def completed_on(participant: Participant) -> date | None:
    """The day of the last visit that took place, of who has completed the study."""
    if participant.status != Participant.Status.COMPLETED:
        return None
    days = [
        visit.performed_on for visit in participant.visits.all() if visit.period_id and visit.performed_on
    ]
    return max(days, default=None)


def locked(participant: Participant) -> Participant:
    """As it is saved now, held until the transaction ends."""
    return (
        Participant.objects.select_for_update(of=["self"])
        .select_related("protocol", "site", "study")
        .get(pk=participant.pk)
    )


def facts_of(participant: Participant) -> dict[str, float | bool | None]:
    """Facts as the eligibility rules take them: checklist answers as booleans, the rest as numbers."""
    yes_no = {
        criterion.fact
        for criterion in participant.protocol.definition.criteria
        if criterion.kind == "confirm"
    }
    return {
        fact.name: (
            None if fact.value is None else bool(fact.value) if fact.name in yes_no else float(fact.value)
        )
        for fact in participant.facts.all()
    }


def judged(participant: Participant) -> tuple[eligibility.Verdict, dict[str, dict[str, object]]]:
    """The verdict as it stands, and the facts it rests on with their sources."""
    facts: dict[str, dict[str, object]] = {
        fact.name: {"value": None if fact.value is None else float(fact.value), "source": fact.source}
        for fact in participant.facts.all()
    }
    return eligibility.judge(participant.protocol.definition.criteria, facts_of(participant)), facts


def judged_sha256(participant: Participant) -> str:
    """Names what a page of the verdict showed: the same as long as no fact and no criterion changes."""
    verdict, facts = judged(participant)
    return canonical.sha256({"facts": facts, "criteria": [asdict(result) for result in verdict.results]})


def washout_before(period: Period) -> washout.WashoutWindow | None:
    """The washout window before `period`; None for the first, or while the one before it has no date."""
    return washouts_before([period]).get(period)


def washouts_before(periods: Iterable[Period]) -> dict[Period, washout.WashoutWindow]:
    """The washout windows before those of `periods` that have one yet, in two queries whatever their number."""
    ruled = [
        (period, rule)
        for period in periods
        if period.number > 1 and (rule := period.participant.protocol.definition.washout)
    ]
    earlier = Period.objects.filter(
        participant__in={period.participant_id for period, _rule in ruled},
        number__in={period.number - 1 for period, _rule in ruled},
    ).order_by()
    visits = Visit.objects.order_by("day", "pk").only(
        "period_id", "day", "planned_on", "performed_on", "status"
    )
    ended = {
        (period.participant_id, period.number): dates_of(period, period.visits.all())
        for period in earlier.prefetch_related(Prefetch("visits", visits))
    }
    windows = {}
    for period, rule in ruled:
        before = ended.get((period.participant_id, period.number - 1))
        if before and (window := washout.window(rule, before)):
            windows[period] = window
    return windows


def dates_of(period: Period, visits: Iterable[Visit]) -> washout.PeriodDates:
    """What the washout after `period` rests on. `visits`: the period's own."""
    return washout.PeriodDates(
        dosed_on=period.dosed_on,
        planned_on=period.planned_on,
        visits=[
            washout.VisitDates(
                visit.day or 0, visit.planned_on, visit.performed_on, visit.status != Visit.Status.PLANNED
            )
            for visit in visits
        ],
    )


def broken_decisions() -> list[tuple[EligibilityDecision, list[str]]]:
    """Decisions on eligibility, with what is wrong with each: sql/functions/enrollment_decision_faults.sql says what is
    asked of one."""
    rows: Any = EligibilityDecision.objects.raw(
        "select * from (select d.*, enrollment_decision_faults(d) as faults from enrollment_eligibilitydecision d) f"
        " where faults <> '{}' order by id"
    )
    return [(decision, decision.faults) for decision in rows]
