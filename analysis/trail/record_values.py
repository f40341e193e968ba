"""Values of records as their forms show them, in the version that each was entered under."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.trail.line import TrailLine
from assessments.domain.form import Form
from assessments.domain.value_text import read_text
from assessments.domain.values import ValueProblemError, from_json
from assessments.language import form_language


def record_lines(
    column: str, form: Form | None, reasons: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[TrailLine]:
    """What changed in one of the columns `items`, `missing` and `comments`, in the order of the form."""
    order = {item.code: n for n, item in enumerate(form.items)} if form else {}
    keys = [key for key in dict.fromkeys((*new, *old)) if old.get(key) != new.get(key)]
    for key in sorted(keys, key=lambda key: order.get(key.partition(" ")[0], len(order))):
        code = key.partition(" ")[0]
        item = form.by_code.get(code) if form else None
        label = item.label.text(form_language()) if item else code
        before, now = (_text(column, form, code, values.get(key), reasons) for values in (old, new))
        if column == "comments":
            yield TrailLine(
                _("%(item)s is kept, because") % {"item": label}, before, now, item=True, code=key
            )
        else:
            yield TrailLine(label, before, now, item=True, code=code)


def _text(column: str, form: Form | None, code: str, kept: object, reasons: Mapping[str, str]) -> str:
    if kept is None or column == "comments":
        return str(kept or "")
    if column == "missing":
        return _("no value: %(why)s") % {"why": reasons.get(str(kept), kept)}
    return item_text(form, code, kept)


def item_text(form: Form | None, code: str, kept: object) -> str:
    """A kept value as the form shows it; what is no value of the form's item, as it is kept."""
    item = form.by_code.get(code) if form else None
    if kept is None or form is None or item is None:
        return "" if kept is None else str(kept)
    try:
        return read_text(form, item, from_json(form, item, kept), form_language())
    except ValueProblemError:
        return str(kept)
