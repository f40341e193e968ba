"""Entries about a participant, from screening to the last rating, in words."""

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail.description import Description, of_row
from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from enrollment.models import Participant
from trialsite.audit.models import Event


def participant(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    code = names.participant(entry.row_pk)
    noun = _("participant %(code)s") % {"code": code}
    if entry.op == "I":
        return of_row(5, entry, _("took %(code)s into screening") % {"code": code}, noun, lines)
    new = entry.new or {}
    if new.get("unblinded_at"):
        return of_row(1, entry, _("unblinded %(code)s in an emergency") % {"code": code}, noun, lines)
    if (entry.old or {}).get("status") == Participant.Status.WITHDRAWN:
        return of_row(5, entry, _("reversed the withdrawal of %(code)s") % {"code": code}, noun, lines)
    verb = {
        Participant.Status.RANDOMISED: _("randomised %(code)s"),
        Participant.Status.WITHDRAWN: _("recorded the withdrawal of %(code)s"),
        Participant.Status.COMPLETED: _("recorded that %(code)s completed the study"),
        Participant.Status.SCREEN_FAILED: _("recorded %(code)s as a screen failure"),
        Participant.Status.ELIGIBLE: _("recorded that %(code)s is eligible"),
    }.get(new.get("status", ""), "")
    return of_row(
        10 if verb else 20,
        entry,
        (verb or _("changed the screening form of %(code)s")) % {"code": code},
        noun if verb else _("screening form"),
        lines,
    )


def fact(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """All answers of the screening form together, each under its name in the protocol."""
    protocol = names.protocol(row.get("participant_id"))
    criteria = {c.fact: c for c in protocol.criteria} if protocol else {}
    criterion = criteria.get(row.get("name", ""))
    verb = _("filled in the screening form") if entry.op == "I" else _("corrected the screening form")
    if "value" not in (entry.new or {}):
        return Description(30, verb, _("Screening form"), (), "facts")
    old, new = (_answer(source.get("value"), criterion) for source in (entry.old or {}, entry.new or {}))
    line = TrailLine(criterion.name if criterion else str(row.get("name", "")), old, new)
    return Description(30, verb, _("Screening form"), (line,) if old or new else (), "facts")


def _answer(value: Any, criterion: Any) -> str:
    if value is None:
        return ""
    if criterion and criterion.kind == "confirm":
        return _("yes") if float(value) else _("no")
    return f"{float(value):g}"


def decision(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    code = {"code": names.participant(row.get("participant_id"))}
    verb = (
        _("confirmed that %(code)s is eligible")
        if row.get("eligible")
        else _("decided that %(code)s is not eligible")
    )
    return of_row(2, entry, verb % code, _("decision on eligibility"), lines)


def period(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    old, new, dosing = entry.old or {}, entry.new or {}, names.dosing(row)
    noun = f"{dosing[:1].upper()}{dosing[1:]}"
    if entry.op == "I":
        return Description(
            31,
            _("opened period %(n)s") % {"n": row.get("number")},
            noun,
            lines,
            (entry.table_name, entry.row_pk),
        )
    if "dosed_on" in new:
        verb = (
            _("corrected the date of %(dosing)s")
            if old.get("dosed_on")
            else _("recorded %(dosing)s as given")
        )
    elif "planned_on" in new:
        verb = _("moved %(dosing)s to another day") if old.get("planned_on") else _("planned %(dosing)s")
    else:
        verb = _("changed %(dosing)s")
    return Description(11, verb % {"dosing": dosing}, noun, lines, (entry.table_name, entry.row_pk))


def visit(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """Visits that are scheduled or moved together stand together, one line each."""
    new, name = entry.new or {}, names.visit(entry.row_pk)
    verb = {
        "missed": _("recorded %(visit)s as missed"),
        "done": _("recorded that %(visit)s took place"),
        "planned": _("reversed the status of %(visit)s"),
    }.get(new.get("status", "") if entry.op == "U" else "", _("changed %(visit)s"))
    if entry.op == "U" and new.keys() & {"status", "performed_on", "missed_reason"}:
        return of_row(13 if new.get("status") == "missed" else 22, entry, verb % {"visit": name}, name, lines)
    days = [source.get("planned_on") for source in (entry.old or {}, new)]
    planned = next((line for line in lines if line.label == _("Planned date")), None)
    line = TrailLine(
        capfirst(name), planned.old if planned else "", planned.new if planned else _("no date yet")
    )
    noun = _("Schedule of visits")
    return Description(
        32,
        _("scheduled visits") if entry.op == "I" else _("moved visits"),
        noun,
        (line,) if any(days) or entry.op == "I" else (),
        (entry.table_name, entry.op),
    )


def rating(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    instrument = names.instrument(row)
    form = instrument.name if instrument else str(row.get("instrument", ""))
    what = f"{form}, {names.visit(row.get('visit_id'))}"
    if entry.op == "I":
        verb = (
            _("recorded %(what)s as not done") if row.get("status") == "not_done" else _("entered %(what)s")
        )
    else:
        verb = _("corrected %(what)s")
    return of_row(3, entry, verb % {"what": what}, what, lines)
