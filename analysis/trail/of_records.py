"""Entries about records of forms, in words."""

from django.utils.translation import gettext as _

from analysis.trail.description import Description, of_row
from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from assessments.entry.reading import record_label
from assessments.models import Record
from trialsite.audit.models import Event


def record(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """ "corrected Adverse event 2: Headache", with the visit where it has one."""
    what = {"what": record_name(row, names)}
    was, now = (values.get("status") for values in (entry.old or {}, entry.new or {}))
    if now == Record.Status.STRUCK_OUT:
        verb = _("struck out %(what)s")
    elif was == Record.Status.STRUCK_OUT:
        verb = _("reinstated %(what)s")
    elif now == Record.Status.NOT_DONE:
        verb = _("recorded %(what)s as not done")
    else:
        verb = _("entered %(what)s") if entry.op == "I" else _("corrected %(what)s")
    return of_row(3, entry, verb % what, what["what"], lines)


def record_name(row: Row, names: Names) -> str:
    """As queries name it, with its visit: "Adverse event 2: Headache", "Measurement 1, Day 1 of period 2"."""
    definition = names.definition(row)
    kept = Record(items=row.get("items") or {})
    name = record_label(definition, row.get("repeat_key"), kept) if definition else str(row.get("form", ""))
    return f"{name}, {names.visit(row['visit_id'])}" if row.get("visit_id") else name
