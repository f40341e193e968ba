"""What is due at sites, by day. Codes and visit names only: nothing clinical, nothing of a treatment."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.forms import CalendarFilter
from enrollment.models import Participant, Period, Visit
from enrollment.presenters import state_of
from enrollment.selectors import days_at, periods_at, today_at, washouts_before
from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class Entry:
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


def entries_between(sites: QuerySet[Site], *, days: tuple[timedelta, timedelta]) -> list[Entry]:
    """What lies between `days` before and after today, wherever among `sites` today is."""
    todays = list(days_at(sites))
    return entries(sites, todays[0] + days[0], todays[-1] + days[1]) if todays else []


def entries(sites: QuerySet[Site], first: date, last: date) -> list[Entry]:
    """Visits by their planned (or actual) day, infusions, and washout windows that touch first..last."""
    found = [*_visits(sites, first, last), *_infusions(sites, first, last), *_washouts(sites, first, last)]
    return sorted(found, key=lambda entry: (entry.on, entry.participant, entry.key))


def _visits(sites: QuerySet[Site], first: date, last: date) -> Iterable[Entry]:
    visits = (
        Visit.objects.at(sites)
        .filter(Q(performed_on__range=(first, last)) | Q(performed_on=None, planned_on__range=(first, last)))
        .exclude(period=None)
        .exclude(participant__status=Participant.Status.WITHDRAWN, performed_on=None)
        .select_related("participant__site", "period")
    )
    for visit in visits:
        person = visit.participant
        yield Entry(
            key=f"visit-{visit.pk}",
            kind="visit",
            on=visit.performed_on or visit.planned_on,  # type: ignore[arg-type]
            until=visit.performed_on or visit.planned_on,  # type: ignore[arg-type]
            participant=person.code,
            site=person.site.code,
            text=_("period %(n)d, %(visit)s") % {"n": visit.period.number, "visit": visit.label},  # type: ignore[union-attr]
            state=state_of(visit, today_at(person.site)),
            url=reverse("visit", args=[visit.pk]),
        )


def _infusions(sites: QuerySet[Site], first: date, last: date) -> Iterable[Entry]:
    periods = (
        periods_at(sites)
        .filter(Q(dosed_on__range=(first, last)) | Q(dosed_on=None, planned_on__range=(first, last)))
        .exclude(participant__status=Participant.Status.WITHDRAWN, dosed_on=None)
    )
    for period in periods:
        person, day = period.participant, period.day0
        yield Entry(
            key=f"infusion-{period.pk}",
            kind="infusion",
            on=day,  # type: ignore[arg-type]
            until=day,  # type: ignore[arg-type]
            participant=person.code,
            site=person.site.code,
            text=f"{person.protocol.rules.dosing_label} {period.number}",
            state=_infusion_state(period),
            url=reverse("participant", args=[person.study.code, person.code]),
        )


def _infusion_state(period: Period) -> str:
    if period.dosed_on:
        return "done"
    late = period.planned_on and period.planned_on < today_at(period.participant.site)
    return "overdue" if late else "planned"


def _washouts(sites: QuerySet[Site], first: date, last: date) -> Iterable[Entry]:
    waiting = periods_at(sites).filter(
        number__gt=1, dosed_on=None, participant__status=Participant.Status.RANDOMISED
    )
    for period, window in washouts_before(waiting).items():
        if window.earliest_on <= last and window.latest_on >= first:
            person = period.participant
            yield Entry(
                key=f"washout-{period.pk}",
                kind="washout",
                on=window.earliest_on,
                until=window.latest_on,
                participant=person.code,
                site=person.site.code,
                text=_("window for %(dosing)s %(n)d")
                % {"dosing": person.protocol.rules.dosing_label, "n": period.number},
                state="planned",
                url=reverse("participant", args=[person.study.code, person.code]),
            )


def month_of(asked: CalendarFilter, sites: QuerySet[Site]) -> dict[str, Any]:
    """A month as weeks of days (Monday first), each with its entries, and the same as one list.

    Today is the sites' own: where their days differ, each is marked with its sites. Without a month asked for, it
    is the latest day's.
    """
    todays = days_at(sites)
    first = asked.first_day(max(todays, default=timezone.localdate()))
    following = (first + timedelta(days=32)).replace(day=1)
    start = first - timedelta(days=first.weekday())
    end = following + timedelta(days=(7 - following.weekday()) % 7)
    found = entries(sites, start, end - timedelta(days=1))
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for entry in found:
        by_day[max(entry.on, start)].append(entry)
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    cells = [
        {
            "day": day,
            "entries": by_day[day],
            "outside": day.month != first.month,
            "today": day in todays,
            "where": ", ".join(site.code for site in todays.get(day, [])) if len(todays) > 1 else "",
        }
        for day in days
    ]
    return {
        "first": first,
        "before": (first - timedelta(days=1)).replace(day=1),
        "after": following,
        "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)],
        "list": [e for e in found if e.until >= first and e.on < following],
    }


def ics(found: Iterable[Entry]) -> str:
    """RFC 5545 calendar of all-day events, lines folded at 75 octets."""
    stamp = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Trialsite//Site calendar//EN"]
    for entry in found:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{entry.key}@trialsite",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{entry.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.until + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(f'{entry.participant} {entry.text}')}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_fold(line) + "\r\n" for line in lines)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _fold(line: str) -> str:
    parts, rest = [], line
    while len(rest.encode()) > 74:
        cut = 74
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*parts, rest])
