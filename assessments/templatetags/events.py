"""The clock of serious adverse events, on the pages where people work."""

from typing import Any

from django import template

from assessments.events.clock import FORM, SERIOUS, clock_of, is_listed, serious_events
from assessments.models import Record
from enrollment.models import Participant

register = template.Library()


@register.inclusion_tag("assessments/events/_clocks.html")
def serious_events_of(participant: Participant) -> dict[str, Any]:
    """On a participant's page: those that are not reported yet."""
    records = serious_events(Record.objects.filter(participant=participant)).select_related(
        "definition", "participant__study", "participant__site"
    )
    return {"clocks": [clock for clock in map(clock_of, records) if clock.waits]}


@register.inclusion_tag("assessments/events/_event.html", takes_context=True)
def event_of(context: template.Context, record: Record) -> dict[str, Any]:
    """On the page of a record: where it is an adverse event, its clock and its report."""
    is_event = record.form == FORM
    return {
        "record": record,
        "is_event": is_event,
        "is_listed": is_listed(record) if is_event else None,
        "clock": clock_of(record) if is_event and record.items.get(SERIOUS) is True else None,
        "csrf_token": context.get("csrf_token"),
    }
