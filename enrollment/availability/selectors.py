"""A site's days for planning: its week, its public holidays, absences, and who is to be treated already."""

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache

import holidays
from django.db.models import Count
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404

from enrollment.domain import proposals
from enrollment.models import Absence, Participant, Period, SiteHours
from enrollment.selectors import today_at
from trialsite.accounts.http import require_access
from trialsite.accounts.models import Site, User

# Before anybody says otherwise.
WEEKDAYS, PLACES = "12345", 1


def hours_of(site: Site) -> SiteHours:
    """As kept; else an ordinary week, not saved."""
    return SiteHours.objects.filter(site=site).first() or SiteHours(
        site=site, weekdays=WEEKDAYS, holidays="", places=PLACES, version=0
    )


def absences_at(site: Site) -> list[Absence]:
    """Those in force that are not over, by day."""
    ahead = Absence.objects.in_force().filter(site=site, last_on__gte=today_at(site))
    return list(ahead.select_related("participant", "entered_by"))


def absence_for(user: User, pk: int, action: str) -> Absence:
    absence = get_object_or_404(Absence.objects.select_related("site__study", "participant"), pk=pk)
    require_access(user, action, absence.site.study, absence.site)
    if absence.removed_at:
        raise Http404
    return absence


def site_days(site: Site, first: date, last: date, *, besides: Collection[int] = ()) -> proposals.SiteDays:
    """The days from `first` to `last`. `besides`: periods (ids) whose own dates do not count as taken."""
    hours = hours_of(site)
    closed = Absence.objects.in_force().filter(
        site=site, participant=None, first_on__lte=last, last_on__gte=first
    )
    return proposals.SiteDays(
        weekdays=frozenset(map(int, hours.weekdays)),
        holidays=holidays_between(hours.holidays, first, last),
        places=hours.places,
        absences=[_absence(absence) for absence in closed],
        taken=_taken(site, first, last, besides),
    )


def blocked_days(participants: Collection[int]) -> dict[int, list[proposals.Absence]]:
    """Participant (id) → days on which they cannot come."""
    blocked: dict[int, list[proposals.Absence]] = {}
    for absence in Absence.objects.in_force().filter(participant__in=participants):
        if absence.participant_id is not None:
            blocked.setdefault(absence.participant_id, []).append(_absence(absence))
    return blocked


def holidays_between(region: str, first: date, last: date) -> Mapping[date, str]:
    """Public holidays of `region` (US, US-CT), by day."""
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in _holidays_of(region, year).items()
        if first <= day <= last
    }


def is_region(code: str) -> bool:
    """Whether the holidays of `code` are known."""
    country, _dash, part = code.partition("-")
    known = holidays.list_supported_countries()
    return country in known and (not part or part in known[country])


@lru_cache(maxsize=256)
def _holidays_of(region: str, year: int) -> Mapping[date, str]:
    if not region:
        return {}
    country, _dash, part = region.partition("-")
    return dict(holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US"))


def _absence(absence: Absence) -> proposals.Absence:
    return proposals.Absence(absence.first_on, absence.last_on, absence.places, absence.reason)


def _taken(site: Site, first: date, last: date, besides: Collection[int]) -> dict[date, int]:
    """Dosings on each day, as they were or are planned."""
    day = Coalesce("dosed_on", "planned_on")
    counted = (
        Period.objects.filter(participant__site=site)
        .exclude(participant__status=Participant.Status.WITHDRAWN, dosed_on=None)
        .exclude(pk__in=besides)
        .annotate(on=day)
        .filter(on__range=(first, last))
        .order_by()
        .values("on")
        .annotate(n=Count("pk"))
    )
    return {row["on"]: row["n"] for row in counted}
