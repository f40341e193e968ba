"""Values as people read them, and as files carry them."""

from datetime import date, datetime

from assessments.domain.form import Form, Item
from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Quantity, Value, iso, to_json
from trialsite.lib.days import day_text


def shown_text(form: Form, item: Item, value: Value | None, language: str = "en") -> str:
    """As a page shows it: labels of choices, units, dates as 9 Mar 2026; empty for None.

    `typed.read_typed` takes it back, but for lists and for labels that mean two choices.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return _label(form, item, "Y" if value else "N", language)
    if isinstance(value, Quantity):
        unit = item.unit(value.unit)
        return f"{value.value:f} {unit.text(language)}" if unit else f"{value.value:f}"
    if isinstance(value, tuple):
        return "; ".join(_label(form, item, code, language) for code in value)
    if isinstance(value, str):
        return _label(form, item, value, language)
    if isinstance(value, datetime):
        return f"{day_text(value.date())} {iso(value.timetz())}"
    if isinstance(value, date):
        return day_text(value)
    return value.text() if isinstance(value, PartialDate) else str(to_json(value))


def read_text(form: Form, item: Item, value: Value | None, language: str = "en") -> str:
    """As it is read where no unit stands beside its field: `shown_text`, of a whole number with its unit."""
    text = shown_text(form, item, value, language)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return f"{text} {item.units[0].text(language)}" if whole and item.units else text


def export_text(value: Value | None) -> str:
    """As a column of a file carries it: codes, ISO 8601, digits as typed; the number alone of one with a unit."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, Quantity):
        return f"{value.value:f}"
    return "; ".join(value) if isinstance(value, tuple) else str(to_json(value))


def _label(form: Form, item: Item, code: str, language: str) -> str:
    """The label of the code, or the text itself where it is none of a list."""
    labels = {choice.code: choice.label for choice in form.choices(item)}
    return labels[code].text(language) if code in labels else code
