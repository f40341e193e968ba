"""The clock of serious adverse events, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.domain.reporting import ReportingClock, State
from assessments.entry.reading import record_label
from assessments.entry.selectors import values_of
from assessments.models import Record
from trialsite.accounts.models import Site
from trialsite.lib.days import day_text

# The form of adverse events, and its items that the clock reads (assessments/forms/adverse_event.toml).
FORM, SERIOUS, AWARE, REPORTED = "ADVERSE_EVENT", "SERIOUS", "AWARE", "REPORTED"


@dataclass(frozen=True, slots=True)
class EventClock:
    """A serious event. `due`: on the clock of its site; `sentence`: how it stands."""

    record: Record
    label: str
    state: State
    due: datetime | None
    sentence: str
    url: str

    @property
    def waits(self) -> bool:
        """It is not reported yet."""
        return self.state in ("running", "late", "unknown")


def serious_events(records: QuerySet[Record]) -> QuerySet[Record]:
    """Those in force."""
    return records.filter(form=FORM, items__SERIOUS=True).exclude(status=Record.Status.STRUCK_OUT)


def is_listed(record: Record) -> bool | None:
    """Whether the protocol lists the event's term, the site's or MedDRA's, as an expected reaction; None where it has no
    list."""
    listed = {term.casefold() for term in record.participant.protocol.definition.expected_reactions}
    if not listed:
        return None
    terms = (record.items.get(item) for item in ("TERM", "MEDDRA_TERM"))
    return any(isinstance(term, str) and term.strip().casefold() in listed for term in terms)


def unreported(sites: Iterable[Site]) -> list[EventClock]:
    """Serious events at `sites` that are not reported to the sponsor, the most urgent first."""
    records = serious_events(Record.objects.filter(participant__site__in=list(sites)))
    waiting = records.exclude(items__has_key=REPORTED).select_related(
        "participant__study", "participant__site", "definition"
    )
    clocks = [clock_of(record) for record in waiting]
    return sorted(clocks, key=lambda clock: (clock.due is not None, clock.due or timezone.now()))


def clock_of(record: Record) -> EventClock:
    """Of a serious event."""
    values = values_of(record)
    aware, reported = values.get(AWARE), values.get(REPORTED)
    clock = ReportingClock(
        aware if isinstance(aware, datetime) else None,
        reported if isinstance(reported, datetime) else None,
    )
    zone, now = ZoneInfo(record.participant.site.timezone), timezone.now()
    state = clock.state(now)
    return EventClock(
        record=record,
        label=record_label(record.definition, record.repeat_key, record),
        state=state,
        due=clock.due(zone),
        sentence=_sentence(clock, state, zone, now),
        url=reverse("record", args=[record.pk]),
    )


def _sentence(clock: ReportingClock, state: State, zone: ZoneInfo, now: datetime) -> str:
    due = clock.due(zone)
    if due is None:
        return _(
            "Serious, but it is not recorded when the site became aware of it: the 24-hour deadline is not known."
        )
    words = {"due": _moment(due)}
    if clock.reported is not None:
        words["reported"] = _moment(clock.reported.astimezone(zone))
        if state == "met":
            return _("Reported to the sponsor %(reported)s, within 24 hours.") % words
        return _("Reported to the sponsor %(reported)s; it was due %(due)s.") % words
    if state == "late":
        return _("Not reported to the sponsor; it was due %(due)s.") % words
    n = clock.hours_left(now)
    left = ngettext("%(n)d hour left", "%(n)d hours left", n) % {"n": n} if n else _("less than an hour left")
    return _("To be reported to the sponsor by %(due)s: %(left)s.") % {**words, "left": left}


def _moment(at: datetime) -> str:
    """ "29 Mar 2026 14:05 CEST"."""
    return f"{day_text(at.date())} {at:%H:%M %Z}"
