"""Template words of the rating form."""

from collections.abc import Iterable, Mapping

from django import template

from assessments.domain.instrument import Instrument
from assessments.presenters import column_label
from assessments.rating_rows import Row, rows

register = template.Library()


@register.simple_tag
def rating_rows(
    instrument: Instrument,
    values: Mapping[str, object] | None,
    missing: Mapping[str, str] | None,
    errors: Mapping[str, object] | None,
) -> list[Row]:
    """`{% rating_rows instrument values missing errors as rows %}`"""
    return rows(instrument, values or {}, missing or {}, errors or {})


@register.filter
def called_in(column: str, instrument: Instrument) -> str:
    """`{{ change.field|called_in:instrument }}`: "3 Suicide" for HAMD103."""
    return column_label(instrument, column)


@register.filter
def rated(found: list[Row]) -> int:
    """How many rows have a value."""
    return sum(row.rated for row in found)


@register.filter
def spoken(error: object) -> str:
    """An error as one text, whether it came as a text or as a list of texts."""
    return error if isinstance(error, str) else " ".join(map(str, error))  # type: ignore[call-overload]


@register.filter
def in_words(value: str, reasons: Iterable[tuple[str, str]]) -> str:
    """A stored value as people read it: the label of a reason's code, anything else unchanged."""
    return dict(reasons).get(value, value)
