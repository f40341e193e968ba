"""Entries about what people said of a record, in words: queries, alerts, verification, signatures, locks."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.trail.description import Description, of_row
from analysis.trail.line import TrailLine
from analysis.trail.names import Names, Row
from trialsite.audit.models import Event
from trialsite.review.models import QueryMessage


def query(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    """A query is described by its messages; what is left are those that an edit check asked."""
    what = names.place(row)
    return Description(
        40,
        _("changed a query on %(what)s") % {"what": what},
        _("Query on %(what)s") % {"what": what},
        (),
        ("query", entry.row_pk),
    )


def message(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": names.place(names.row("review_query", row.get("query_id")))}
    verb = {
        QueryMessage.Kind.RAISED: _("raised a query on %(what)s"),
        QueryMessage.Kind.ANSWERED: _("answered the query on %(what)s"),
        QueryMessage.Kind.REQUERIED: _("asked again about %(what)s"),
        QueryMessage.Kind.CLOSED: _("closed the query on %(what)s"),
    }.get(row.get("kind", ""), _("wrote about %(what)s"))
    kind = dict(QueryMessage.Kind.choices).get(row.get("kind", ""), "")
    heading = capfirst(str(kind)) if row.get("written_by_id") else _("Edit check, %(kind)s") % {"kind": kind}
    rank = 6 if row.get("written_by_id") else 33
    return Description(
        rank,
        verb % what,
        _("Query on %(what)s") % what,
        (TrailLine(heading, "", str(row.get("text", ""))),),
        ("query", str(row.get("query_id"))),
    )


def verification(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": names.place(row)}
    if entry.op == "I":
        return of_row(
            7,
            entry,
            _("verified %(what)s against the source") % what,
            _("Source verification of %(what)s") % what,
            lines,
        )
    return of_row(
        34,
        entry,
        _("removed the source verification of %(what)s") % what,
        _("Source verification of %(what)s") % what,
        lines,
    )


def signature(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": names.record(row), "who": row.get("printed_name", "")}
    if entry.op == "I":
        return of_row(
            1, entry, _("signed %(what)s") % what, _("signature of %(who)s on %(what)s") % what, lines
        )
    return of_row(
        35,
        entry,
        _("voided the signature of %(who)s on %(what)s") % what,
        _("signature of %(who)s on %(what)s") % what,
        lines,
    )


def lock(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": names.record(row)}
    return of_row(4, entry, _("locked %(what)s") % what, _("lock of %(what)s") % what, lines)


def unlocking(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    what = {"what": names.record(names.row("review_lock", row.get("lock_id")))}
    new = entry.new or {}
    if entry.op == "I":
        verb = _("requested to unlock %(what)s")
    elif "approved" in new:
        verb = _("approved the unlocking of %(what)s") if new["approved"] else _("refused to unlock %(what)s")
    else:
        verb = _("ended the unlocking of %(what)s")
    return of_row(4, entry, verb % what, _("unlocking of %(what)s") % what, lines)


def alert(entry: Event, row: Row, lines: tuple[TrailLine, ...], names: Names) -> Description:
    if row.get("record_id"):
        return _record_alert(entry, row, lines)
    rating = names.row("assessments_assessment", row.get("rating_id"))
    instrument = names.instrument(rating)
    item = instrument.by_code.get(row.get("item", "")) if instrument else None
    what = {
        "what": f"{item.number} {item.name}" if item else row.get("item", ""),
        "visit": names.visit(rating.get("visit_id")),
    }
    noun = _("safety alert on %(what)s, %(visit)s") % what
    if entry.op == "I":
        value = TrailLine(
            str(what["what"]),
            "" if row.get("previous") is None else str(row["previous"]),
            str(row.get("value")),
        )
        return of_row(12, entry, _("raised a safety alert on %(what)s, %(visit)s") % what, noun, (value,))
    if not (entry.new or {}).get("acknowledged_at"):
        return of_row(1, entry, _("escalated the safety alert on %(what)s, %(visit)s") % what, noun, ())
    return of_row(1, entry, _("acknowledged the safety alert on %(what)s, %(visit)s") % what, noun, lines)


def _record_alert(entry: Event, row: Row, lines: tuple[TrailLine, ...]) -> Description:
    """Of a record: its text says form and values."""
    what = {"what": row.get("text", "")}
    noun = _("safety alert: %(what)s") % what
    if entry.op == "I":
        return of_row(12, entry, _("raised a safety alert: %(what)s") % what, noun, ())
    if not (entry.new or {}).get("acknowledged_at"):
        return of_row(1, entry, _("escalated the safety alert: %(what)s") % what, noun, ())
    return of_row(1, entry, _("acknowledged the safety alert: %(what)s") % what, noun, lines)
