"""The line listing of adverse events: one row an event, for its page and its file. Without treatments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from assessments.domain.value_text import export_text, shown_text
from assessments.entry.selectors import form_of, values_of
from assessments.events.clock import SERIOUS, EventClock, clock_of
from assessments.language import form_language
from assessments.models import Record

ITEMS = (
    "TERM", "ONSET", "END", "ONGOING", "SEVERITY", "SERIOUS", "RELATED", "EXPECTED", "UNEXPECTED_REACTION", "ACTION",
    "OUTCOME", "AWARE", "REPORTED", "MEDDRA_TERM", "MEDDRA_CODE", "MEDDRA_VERSION",
)  # fmt: skip
COLUMNS = ["participant", "site", "number", *(item.lower() for item in ITEMS), "due", "report_state"]
CHUNK = 500


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as its list shows it: `texts` by item, empty where there is none; `clock` of a serious one."""

    record: Record
    texts: dict[str, str]
    clock: EventClock | None
    url: str


def event_rows(records: Iterable[Record]) -> Iterator[EventRow]:
    """`records` come with participant, site and definition."""
    language = form_language()
    for record in records:
        form, values = form_of(record.definition), values_of(record)
        yield EventRow(
            record=record,
            texts={
                code: shown_text(form, form.by_code[code], values.get(code), language)
                for code in ITEMS
                if code in form.by_code
            },
            clock=clock_of(record) if values.get(SERIOUS) is True else None,
            url=reverse("record", args=[record.pk]),
        )


def event_table(records: QuerySet[Record]) -> Iterator[list[object]]:
    """Rows under COLUMNS: codes, dates as they are known, digits."""
    for record in with_places(records).iterator(chunk_size=CHUNK):
        values = values_of(record)
        clock = clock_of(record) if values.get(SERIOUS) is True else None
        yield [
            record.participant.code,
            record.participant.site.code,
            record.repeat_key,
            *(export_text(values.get(code)) for code in ITEMS),
            clock.due.isoformat() if clock and clock.due else "",
            clock.state if clock else "",
        ]


def with_places(records: QuerySet[Record]) -> QuerySet[Record]:
    """Each with what a row says of it."""
    return records.select_related("participant__study", "participant__site", "definition")
