"""What somebody did, from the trail: their entries of one request (else one transaction) in one chain.

Pages are found by keyset, newest first: the cost of one does not depend on how much lies before it, nor on what the
other studies of the installation hold.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from trialsite.audit.models import Event

# Activities on a page; fewer when these hold more entries than that.
PAGE, WEIGHT = 25, 200
# Entries of one activity that are read; and entries that are looked through for one page of a search.
MOST, SEARCHED = 300, 5_000
# One person's: of a command, which has no request, what was done for one reason.
_NONE = Value("", TextField())
_KEY = Concat(
    Coalesce(Cast("request_id", TextField()), Cast("txid", TextField())),
    Value(" ", TextField()),
    Cast("actor", TextField()),
    Case(When(request_id=None, then=Coalesce("reason", _NONE)), default=_NONE),
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The entry at which a page ended: what follows was written before it. In an address it is its place alone."""

    chain: str
    n: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.chain},{self.n}"

    @classmethod
    def of(cls, entry: Event) -> "Cursor":
        return cls(entry.chain, entry.n, entry.at)

    @classmethod
    def read(cls, text: str, source: QuerySet[Event]) -> "Cursor | None":
        """None for what is no entry of `source`."""
        chain, _sep, n = text.partition(",")
        if not n.isdecimal() or len(n) > 18:
            return None
        at = source.order_by().filter(chain=chain, n=n).values_list("at", flat=True).first()
        return cls(chain, int(n), at) if at else None

    def before(self) -> Q:
        """Entries in the order of time, chain, number that come before this one."""
        earlier = Q(at__lt=self.at) | Q(at=self.at, chain__lt=self.chain)
        return Q(at__lte=self.at) & (earlier | Q(at=self.at, chain=self.chain, n__lt=self.n))


@dataclass(frozen=True, slots=True)
class Activity:
    """`entries` in the order in which they were written; `whole`: no more than MOST."""

    entries: tuple[Event, ...]
    whole: bool = True

    @property
    def last(self) -> Event:
        return self.entries[-1]


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """`older`: where the next page begins; None at the end. `stopped`: there a search stopped early."""

    activities: list[Activity]
    older: Cursor | None = None
    stopped: bool = False


def page_of_chains(source: QuerySet[Event], matching: Q | None, before: Cursor | None) -> ActivityPage:
    """Activities in `source`, all whose chains belong to it whole, in which an entry is `matching`."""
    entries = source.filter(before.before()) if before else source
    floor = _floor(entries) if matching is not None else None
    heads = _heads(entries.filter(at__gte=floor.at) if floor else entries)
    if matching is not None:
        heads = heads.annotate(matched=_of_activity(matching)).filter(matched__isnull=False)
    rows = list(_newest(heads).values_list("chain", "n", "key")[: PAGE + 1])
    activities = _light(_read(rows[:PAGE]))
    if len(rows) > len(activities):
        return ActivityPage(activities, Cursor.of(activities[-1].last))
    return ActivityPage(activities, floor, floor is not None)


def page_of_some(
    sources: Iterable[QuerySet[Event]], matching: Q | None, before: Cursor | None
) -> ActivityPage:
    """The same where `sources` hold some entries of a chain only: an activity is what they hold of it."""
    entries: list[Any] = []
    for source in sources:
        selected = source.filter(before.before()) if before else source
        selected = selected.filter(matching) if matching is not None else selected
        entries += _newest(selected.annotate(key=_KEY))[:MOST]
    entries.sort(key=lambda entry: (entry.at, entry.chain, entry.n), reverse=True)
    activities = [
        Activity(tuple(reversed(list(group))))
        for _key, group in groupby(entries[:MOST], key=lambda entry: (entry.chain, entry.key))
    ]
    more = len(activities) > PAGE or len(entries) > MOST
    kept = (
        activities[:PAGE] if len(activities) > PAGE else activities[:-1] or activities if more else activities
    )
    return ActivityPage(kept, Cursor.of(kept[-1].entries[0]) if more and kept else None)


def _newest(entries: Any) -> Any:
    return entries.order_by("-at", "-chain", "-n")


def _heads(entries: QuerySet[Event]) -> Any:
    """The last entry of each activity, with its `key`: the next one of its chain has another."""
    following = Event.objects.filter(chain=OuterRef("chain"), n=OuterRef("n") + 1)
    return entries.annotate(
        key=_KEY,
        following=Coalesce(
            Subquery(following.order_by().annotate(key=_KEY).values("key")), Value("", TextField())
        ),
    ).filter(~Q(following=F("key")))


def _of_activity(matching: Q) -> Subquery:
    """An entry that is `matching` in the activity that ends with the outer entry. No EXISTS, of which the planner
    would make a join with the whole trail."""
    same = Event.objects.annotate(key=_KEY).filter(
        chain=OuterRef("chain"), n__lte=OuterRef("n"), n__gt=OuterRef("n") - MOST, key=OuterRef("key")
    )
    return Subquery(same.filter(matching).order_by().values("n")[:1])


def _light(activities: Iterable[Activity]) -> list[Activity]:
    """The first of them, as many as one page can bear."""
    kept: list[Activity] = []
    weight = 0
    for activity in activities:
        if kept and weight > WEIGHT:
            break
        kept.append(activity)
        weight += len(activity.entries)
    return kept


def _floor(entries: QuerySet[Event]) -> Cursor | None:
    """The last entry that a search for one page looks at; None: it looks at all."""
    last = _newest(entries)[SEARCHED : SEARCHED + 1].first()
    return Cursor.of(last) if last else None


def _read(heads: list[tuple[str, int, str]]) -> Iterator[Activity]:
    wanted = Q(pk__in=[])
    for chain, n, key in heads:
        wanted |= Q(chain=chain, n__lte=n, n__gt=n - MOST, key=key)
    keyed: Any = Event.objects.annotate(key=_KEY).filter(wanted)
    read: dict[tuple[str, int, str], Event] = {(event.chain, event.n, event.key): event for event in keyed}
    for chain, n, key in heads:
        run = takewhile(read.__contains__, ((chain, k, key) for k in range(n, max(0, n - MOST), -1)))
        entries = [read[place] for place in run]
        yield Activity(tuple(reversed(entries)), whole=len(entries) < MOST)
