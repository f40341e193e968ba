"""Entries about deviations in words: filed, and what became of them."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail.description import Description
from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from assessments.deviations.text import RULES
from assessments.models import DeviationTurn
from trialsite.audit.models import Event

Kind = DeviationTurn.Kind


def deviation(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """A change of its state is told by its turn."""
    what = {"what": _subject(row, names)}
    noun, group = _("Deviation: %(what)s") % what, ("deviation", entry.row_pk)
    if entry.op == "I":
        return Description(14, _("filed a deviation: %(what)s") % what, noun, lines, group)
    return Description(38, _("changed the deviation: %(what)s") % what, noun, lines, group)


def turn(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": _subject(names.row("assessments_deviation", row.get("deviation_id")), names)}
    verb = {
        Kind.REVIEWED: _("reviewed the deviation: %(what)s"),
        Kind.CLOSED: _("closed the deviation: %(what)s"),
        Kind.REOPENED: _("reopened the deviation: %(what)s"),
        Kind.CORRECTED: _("corrected the cause of the deviation: %(what)s"),
        Kind.RETURNED: _("brought back the cause of the deviation: %(what)s"),
    }.get(row.get("kind", ""), _("changed the figures of the deviation: %(what)s"))
    heading = capfirst(str(dict(Kind.choices).get(row.get("kind", ""), "")))
    words = tuple(TrailLine(heading, "", str(row[name])) for name in ("text", "action") if row.get(name))
    rank = 6 if row.get("written_by_id") else 37
    group = ("deviation", str(row.get("deviation_id")))
    return Description(rank, verb % what, _("Deviation: %(what)s") % what, words, group)


def _subject(row: Row, names: Names) -> str:
    """ "Visit outside its window, Day 3 of period 1"."""
    rule = str(RULES.get(row.get("rule", ""), row.get("rule", "")))
    if row.get("visit_id"):
        return f"{rule}, {names.visit(row['visit_id'])}"
    return f"{rule}, {_('period %(n)s') % {'n': row['period']}}" if row.get("period") else rule
