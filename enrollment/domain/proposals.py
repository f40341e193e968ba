"""On which day a period could begin: every day of its washout window judged, with what speaks for and against it.

A day is impossible where the site gives no treatment on it, where the participant cannot come, or where the washout rule
does not allow it. Among the possible days the best has the least `cost`: days from the target, a visit whose own day is
impossible but whose window has another, and a day on which others are treated already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from enrollment.domain.schedule import plan_period
from enrollment.domain.washout import WashoutWindow, judge
from enrollment.protocol.model import VisitSpec

Obstacle = Literal[
    "period_before", "too_early", "late", "weekday", "holiday", "closed", "full", "unavailable", "past"
]
# One visit moved within its window weighs as much as so many days from the target, one that has no day at all as so many.
MOVED, WITHOUT_DAY = 2, 60


@dataclass(frozen=True, slots=True)
class Absence:
    """Days on which the site treats at most `places` (0: it is closed), and why."""

    first_on: date
    last_on: date
    places: int
    why: str

    def covers(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on


@dataclass(frozen=True, slots=True)
class SiteDays:
    """When a site works: ISO weekdays (1 is Monday), public holidays, participants it can treat a day, absences; and
    `taken`: how many are to be treated on a day already."""

    weekdays: frozenset[int]
    holidays: Mapping[date, str]
    places: int
    absences: Sequence[Absence] = ()
    taken: Mapping[date, int] = field(default_factory=dict)

    def obstacle(self, day: date, *, treating: bool) -> tuple[Obstacle, str] | None:
        """Why nobody is seen (or, `treating`, treated) on `day`; None where it can be."""
        if day.isoweekday() not in self.weekdays:
            return "weekday", ""
        if name := self.holidays.get(day):
            return "holiday", name
        covering = [absence for absence in self.absences if absence.covers(day)]
        for absence in covering:
            if absence.places == 0:
                return "closed", absence.why
        if treating and self.free(day, covering) <= 0:
            return "full", ", ".join(absence.why for absence in covering)
        return None

    def free(self, day: date, covering: Sequence[Absence] | None = None) -> int:
        """How many more can be treated on `day`, as far as places go."""
        if covering is None:
            covering = [absence for absence in self.absences if absence.covers(day)]
        places = min([self.places, *(absence.places for absence in covering)])
        return places - self.taken.get(day, 0)


@dataclass(frozen=True, slots=True)
class VisitOnDay:
    """A visit of the period whose own day is impossible: `on` another of its window, None where there is none."""

    label: str
    on: date | None
    obstacle: Obstacle
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A day 0. `obstacles`: why it is impossible, with names; `distance`: days from the target, negative before it."""

    day: date
    distance: int
    obstacles: tuple[tuple[Obstacle, str], ...]
    visits: tuple[VisitOnDay, ...]
    others: int

    @property
    def possible(self) -> bool:
        return not self.obstacles

    @property
    def cost(self) -> int:
        """Least is best. The distance counts squared: one person far off weighs more than two who are near."""
        moved = sum(MOVED if visit.on else WITHOUT_DAY for visit in self.visits)
        return self.distance**2 + moved**2 + self.others


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a period's days are judged by: the site's days, the participant's own blocked ones, and today."""

    site: SiteDays
    blocked: Sequence[Absence]
    today: date
    visits: Sequence[VisitSpec]


def candidates(window: WashoutWindow, calendar: Calendar, *, around: timedelta) -> list[Candidate]:
    """Every day from so long before the window to as long after it, in order."""
    first, last = window.earliest_on - around, window.latest_on + around
    return [judged(window, calendar, day) for day in _days(first, last)]


def judged(window: WashoutWindow, calendar: Calendar, day: date) -> Candidate:
    obstacles = tuple(_obstacles(window, calendar, day))
    return Candidate(
        day,
        (day - window.target_on).days,
        obstacles,
        tuple(_visits(calendar, day)),
        calendar.site.taken.get(day, 0),
    )


def best(found: Iterable[Candidate], count: int) -> list[Candidate]:
    """The possible ones of least cost, of equal cost the earliest first."""
    return sorted((c for c in found if c.possible), key=lambda c: (c.cost, c.day))[:count]


def what_gives(found: Sequence[Candidate]) -> dict[Obstacle, Candidate]:
    """Where nothing is possible: each obstacle that alone stands in the way of some day, and such a day nearest to the
    target: what gives for the day would give for its visits too. Nobody is treated in the past, nor before the period
    before has ended: those never give."""
    fixed = {"past", "period_before"}
    giving: dict[Obstacle, Candidate] = {}
    for candidate in sorted(found, key=lambda c: (abs(c.distance), c.day)):
        kinds = {kind for kind, _name in candidate.obstacles}
        if len(kinds) == 1 and not kinds & fixed:
            giving.setdefault(kinds.pop(), candidate)
    return giving


def _obstacles(window: WashoutWindow, calendar: Calendar, day: date) -> Iterable[tuple[Obstacle, str]]:
    if day < calendar.today:
        yield "past", ""
    verdict = judge(window, day)
    if window.ends_on and day < window.ends_on:
        yield "period_before", ""
    elif verdict == "too_early":
        yield "too_early", ""
    elif verdict == "late":
        yield "late", ""
    if obstacle := calendar.site.obstacle(day, treating=True):
        yield obstacle
    if name := _blocked(calendar, day):
        yield "unavailable", name


def _visits(calendar: Calendar, day: date) -> Iterable[VisitOnDay]:
    """The later visits whose own day is impossible."""
    for visit in plan_period(calendar.visits, day):
        obstacle = _against_visit(calendar, visit.planned_on) if visit.planned_on != day else None
        if obstacle:
            days = sorted(_days(visit.earliest_on, visit.latest_on), key=_nearness(visit.planned_on))
            other = next((on for on in days if on > day and not _against_visit(calendar, on)), None)
            yield VisitOnDay(visit.label, other, *obstacle)


def _against_visit(calendar: Calendar, day: date) -> tuple[Obstacle, str] | None:
    if name := _blocked(calendar, day):
        return "unavailable", name
    return calendar.site.obstacle(day, treating=False)


def _blocked(calendar: Calendar, day: date) -> str:
    return next((absence.why for absence in calendar.blocked if absence.covers(day)), "")


def _nearness(day: date) -> Callable[[date], tuple[int, date]]:
    return lambda other: (abs((other - day).days), other)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
