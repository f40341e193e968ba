"""What is due at sites, by day. Codes and visit names only: nothing clinical, nothing of a treatment."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db.models import Count, F, Model, QuerySet, Window
from django.db.models.functions import Coalesce, RowNumber
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.models import Participant, Period, Visit
from enrollment.schedule.strips import state_of
from enrollment.selectors import days_at, periods_at, today_at, washouts_before
from trialsite.accounts.keyset import few
from trialsite.accounts.models import Site

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One thing on one day (or over several, for a washout window)."""

    key: str
    kind: str
    on: date
    until: date
    participant: str
    site: str
    text: str
    state: str
    url: str


def entries_between(sites: QuerySet[Site], *, days: tuple[timedelta, timedelta]) -> list[CalendarEntry]:
    """What lies between `days` before and after today, wherever among `sites` today is."""
    todays = list(days_at(sites))
    return entries(sites, todays[0] + days[0], todays[-1] + days[1]).entries if todays else []


# Of visits and of dosings on one day, and of washout windows in a month: what a page shows.
A_DAY, WINDOWS = 10, 50


@dataclass(slots=True)
class CalendarEntries:
    """What lies between two days, and what a limit left out: `hidden` by day, `windows` in all or some."""

    entries: list[CalendarEntry] = field(default_factory=list)
    hidden: Counter[date] = field(default_factory=Counter)
    windows: bool = False


def entries(sites: QuerySet[Site], first: date, last: date, *, limited: bool = False) -> CalendarEntries:
    """Visits by their planned (or actual) day, dosings, and washout windows that touch first..last. `limited`: A_DAY
    and WINDOWS, so that a page costs the same in a large study."""
    gathered = CalendarEntries()
    visits = _by_day(_visits_between(sites, first, last), limited, gathered)
    dosings = _by_day(_dosings_between(sites, first, last), limited, gathered)
    listed = [
        *_of_visits(visits),
        *_of_dosings(dosings),
        *_washouts(sites, first, last, limited, gathered),
    ]
    gathered.entries = sorted(listed, key=lambda entry: (entry.on, entry.participant, entry.key))
    return gathered


def _by_day(rows: QuerySet[Row], limited: bool, gathered: CalendarEntries) -> QuerySet[Row]:
    """`rows`, whose day is `on`; if limited, the first A_DAY of each day by participant, the others counted."""
    if not limited:
        return rows
    of_the_day: dict[str, Any] = {"partition_by": F("on")}
    numbered = rows.order_by().annotate(
        place=Window(RowNumber(), order_by=["participant__code", "pk"], **of_the_day),
        all_day=Window(Count("*"), **of_the_day),
    )
    places = list(numbered.filter(place__lte=A_DAY).values_list("pk", "on", "place", "all_day"))
    gathered.hidden.update(
        {on: all_day - A_DAY for _pk, on, place, all_day in places if place == A_DAY < all_day}
    )
    return rows.filter(pk__in=[pk for pk, *_place in places])


def _visits_between(sites: QuerySet[Site], first: date, last: date) -> QuerySet[Visit]:
    return (
        Visit.objects.at_sites(sites)
        .annotate(on=Coalesce("performed_on", "planned_on"))
        .filter(on__range=(first, last))
        .exclude(period=None)
        .exclude(participant__status=Participant.Status.WITHDRAWN, performed_on=None)
        .select_related("participant__site", "period")
    )


def _of_visits(visits: Iterable[Visit]) -> Iterator[CalendarEntry]:
    for visit in visits:
        participant, period, day = visit.participant, visit.period, visit.performed_on or visit.planned_on
        if period and day:
            yield CalendarEntry(
                key=f"visit-{visit.pk}",
                kind="visit",
                on=day,
                until=day,
                participant=participant.code,
                site=participant.site.code,
                text=_("period %(n)d, %(visit)s") % {"n": period.number, "visit": visit.label},
                state=state_of(visit, today_at(participant.site)),
                url=reverse("visit", args=[visit.pk]),
            )


def _dosings_between(sites: QuerySet[Site], first: date, last: date) -> QuerySet[Period]:
    return (
        periods_at(sites)
        .annotate(on=Coalesce("dosed_on", "planned_on"))
        .filter(on__range=(first, last))
        .exclude(participant__status=Participant.Status.WITHDRAWN, dosed_on=None)
    )


def _of_dosings(periods: Iterable[Period]) -> Iterator[CalendarEntry]:
    for period in periods:
        participant, day = period.participant, period.day0
        if day:
            yield CalendarEntry(
                key=f"dosing-{period.pk}",
                kind="dosing",
                on=day,
                until=day,
                participant=participant.code,
                site=participant.site.code,
                text=f"{participant.protocol.definition.dosing_label} {period.number}",
                state=_dosing_state(period),
                url=reverse("participant", args=[participant.study.code, participant.code]),
            )


def _dosing_state(period: Period) -> str:
    if period.dosed_on:
        return "done"
    late = period.planned_on and period.planned_on < today_at(period.participant.site)
    return "overdue" if late else "planned"


def _washouts(
    sites: QuerySet[Site], first: date, last: date, limited: bool, gathered: CalendarEntries
) -> Iterable[CalendarEntry]:
    """Of those who wait, the ones that had their last dosing first."""
    waiting = (
        periods_at(sites)
        .filter(number__gt=1, dosed_on=None, participant__status=Participant.Status.RANDOMISED)
        .order_by("participant__randomised_at", "pk")
    )
    periods = few(waiting, WINDOWS + 1) if limited else list(waiting)
    gathered.windows = limited and len(periods) > WINDOWS
    for period, window in washouts_before(periods[:WINDOWS] if limited else periods).items():
        if window.earliest_on <= last and window.latest_on >= first:
            participant = period.participant
            yield CalendarEntry(
                key=f"washout-{period.pk}",
                kind="washout",
                on=window.earliest_on,
                until=window.latest_on,
                participant=participant.code,
                site=participant.site.code,
                text=_("window for %(dosing)s %(n)d")
                % {"dosing": participant.protocol.definition.dosing_label, "n": period.number},
                state="planned",
                url=reverse("participant", args=[participant.study.code, participant.code]),
            )
