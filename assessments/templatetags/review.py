"""Template words of queries."""

from django import template

from assessments.standing import field_label
from trialsite.review.models import Query

register = template.Library()


@register.filter
def place(query: Query) -> str:
    """The form and field a query is about, in words."""
    return field_label(query.visit, query.participant, query.form, query.field)
