"""Template words of ratings."""

from django import template

from assessments.domain.instrument import Instrument
from assessments.rating.presenters import column_label

register = template.Library()


@register.filter
def called_in(column: str, instrument: Instrument) -> str:
    """`{{ change.field|called_in:instrument }}`: "3 Suicide" for HAMD103."""
    return column_label(instrument, column)
