"""Template words of queries."""

from django import template

from assessments.entry.reading import FormReading, RecordReading
from assessments.review.places import field_label
from assessments.timing.figures import figures
from trialsite.review.models import Query

register = template.Library()


@register.filter
def now(query: Query) -> str:
    """The figures that the query is about, as they are now."""
    return figures([query]).get(query.pk, "")


@register.filter
def place(query: Query) -> str:
    """The form and field a query is about, in words."""
    return field_label(query.visit, query.participant, query.form, query.field)


@register.filter
def place_in(query: Query, record: RecordReading | FormReading) -> str:
    """The row and the item of `record` that a query is about, in words."""
    return record.place_text(query.field)
