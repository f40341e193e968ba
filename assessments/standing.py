"""What has been said about ratings, as pages show it: queries and verification beside each field."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of, instruments_due
from enrollment.models import Participant, Visit
from trialsite.review.models import VISIT_FORM, Query
from trialsite.review.selectors import Standing


def beside(rows: Iterable[dict[str, Any]], standing: Standing) -> None:
    """Put beside each answer its queries, its changes, and whether it was verified."""
    for row in rows:
        form = row["code"]
        verified = standing.verified.get(form, set())
        row["verified"] = "" in verified
        row["queries"] = [query for query in standing.queries if query.form == form]
        for answer in row["answers"]:
            code = answer["code"]
            answer["queries"] = [query for query in row["queries"] if query.field == code]
            answer["changes"] = [change for change in row["history"] if change.field == code]
            answer["verified"] = "" in verified or code in verified


def field_label(visit: Visit | None, participant: Participant, form: str, field: str) -> str:
    """ "HAM-D17, 3 Suicide": the place of a query in words."""
    protocol = participant.protocol.rules
    if form and form != VISIT_FORM and any(use.code == form for use in protocol.instruments):
        instrument = instrument_of(protocol, form)
        return f"{instrument.name}, {_item(instrument, field)}" if field else instrument.name
    if form == VISIT_FORM or visit is not None:
        return _("Visit, %(field)s") % {"field": field} if field else _("Visit")
    return field or _("Participant")


def _item(instrument: Instrument, code: str) -> str:
    item = instrument.by_code.get(code)
    return f"{item.number} {item.name}" if item else code


def known_place(visit: Visit, form: str, field: str) -> bool:
    """Whether a question about this form and field makes sense at `visit`."""
    if form == VISIT_FORM:
        return field in {"", "performed_on", "status"}
    if form not in instruments_due(visit):
        return False
    extra = {"", "rater", "performed_on", "performed_time", "lookback_days", "not_done_reason"}
    return field in extra or field in instrument_of(visit.participant.protocol.rules, form).by_code


def where(query: Query) -> str:
    """Visit, form and field of a query in one line."""
    place = field_label(query.visit, query.participant, query.form, query.field)
    if query.visit is None:
        return place
    period = query.visit.period
    visit = (
        _("period %(n)d, %(visit)s") % {"n": period.number, "visit": query.visit} if period else query.visit
    )
    return f"{visit}: {place}"
