"""A month of a calendar as a page shows it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from enrollment.availability.selectors import hours_of, site_days
from enrollment.availability.text import obstacle_text
from enrollment.calendar.entries import CalendarEntries, CalendarEntry, entries
from enrollment.calendar.forms import CalendarFilter
from enrollment.selectors import days_at
from trialsite.accounts.models import Site


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day with what is due. `hidden`: how many entries more there are than it shows; `where`: the sites whose today it
    is, where their days differ; `closed`: why the one site of the calendar sees nobody; `outside` the month."""

    day: date
    entries: tuple[CalendarEntry, ...]
    hidden: int
    outside: bool
    today: bool
    where: str
    closed: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks of days (Monday first), and the same as one list (`listed`), or, where one day was asked for
    (`day`), all of that day. `hidden` and `windows`: what a limit left out, as in CalendarEntries."""

    first: date
    weeks: tuple[tuple[CalendarDay, ...], ...]
    day: date | None
    listed: tuple[CalendarEntry, ...]
    hidden: int
    windows: bool

    @property
    def before(self) -> date:
        """The first day of the month before."""
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        """The first day of the month after."""
        return _following(self.first)


def month_of(filters: CalendarFilter, sites: QuerySet[Site], *, limited: bool = True) -> Month:
    """The month that was asked for, else that of today at the sites: of the latest where their days differ."""
    todays = days_at(sites)
    first = filters.first_day(max(todays, default=timezone.localdate()))
    following = _following(first)
    start = first - timedelta(days=first.weekday())
    end = following + timedelta(days=(7 - following.weekday()) % 7)
    gathered = entries(sites, start, end - timedelta(days=1), limited=limited)
    days = _days(gathered, start, end, first, todays, _closed(sites, start, end))
    if chosen_day := filters.chosen_day:
        listed = entries(sites, chosen_day, chosen_day).entries
    else:
        listed = [entry for entry in gathered.entries if entry.until >= first and entry.on < following]
    return Month(
        first=first,
        weeks=tuple(days[n : n + 7] for n in range(0, len(days), 7)),
        day=chosen_day,
        listed=tuple(listed),
        hidden=gathered.hidden.total(),
        windows=gathered.windows,
    )


def _days(
    gathered: CalendarEntries,
    start: date,
    end: date,
    first: date,
    todays: Mapping[date, list[Site]],
    closed: Mapping[date, str],
) -> tuple[CalendarDay, ...]:
    """From `start` up to `end`; what began before stands on the first of them."""
    by_day: dict[date, list[CalendarEntry]] = defaultdict(list)
    for entry in gathered.entries:
        by_day[max(entry.on, start)].append(entry)
    return tuple(
        CalendarDay(
            day=day,
            entries=tuple(by_day[day]),
            hidden=gathered.hidden[day],
            outside=day.month != first.month,
            today=day in todays,
            where=", ".join(site.code for site in todays.get(day, [])) if len(todays) > 1 else "",
            closed=closed.get(day, ""),
        )
        for day in (start + timedelta(days=n) for n in range((end - start).days))
    )


def _closed(sites: QuerySet[Site], start: date, end: date) -> dict[date, str]:
    """Why a site sees nobody, by day; nothing where there are several, or where nobody has said when it works."""
    site = sites[0] if len(sites) == 1 else None
    if site is None or not hours_of(site).version:
        return {}
    days = site_days(site, start, end)
    every = (start + timedelta(days=n) for n in range((end - start).days))
    against = {day: days.obstacle(day, treating=False) for day in every}
    return {day: obstacle_text(*obstacle) for day, obstacle in against.items() if obstacle}


def _following(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
