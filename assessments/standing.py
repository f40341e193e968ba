"""Places in the record in words, and which there are."""

from django.utils.translation import gettext as _

from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of, instruments_due
from enrollment import casebook
from enrollment.models import Participant, Visit
from trialsite.review.models import VISIT_FORM, Query


def field_label(visit: Visit | None, participant: Participant, form: str, field: str) -> str:
    """ "HAM-D17, 3 Suicide": the place of a query in words."""
    protocol = participant.protocol.rules
    if form and form != VISIT_FORM and any(use.code == form for use in protocol.instruments):
        instrument = instrument_of(protocol, form)
        return f"{instrument.name}, {_item(instrument, field)}" if field else instrument.name
    if form == VISIT_FORM or visit is not None:
        return _("Visit, %(field)s") % {"field": field} if field else _("Visit")
    known = casebook.labels(participant)
    if form in known:
        name = casebook.form_label(participant, form)
        return f"{name}, {known[form].get(field, field)}" if field else name
    return field or _("Participant")


def _item(instrument: Instrument, code: str) -> str:
    item = instrument.by_code.get(code)
    return f"{item.number} {item.name}" if item else code


def known_place(participant: Participant, visit: Visit | None, form: str, field: str) -> bool:
    """Whether a question about this form and field makes sense at `visit`, or (None) in the casebook outside visits."""
    if visit is None:
        fields = casebook.labels(participant).get(form)
        return fields is not None and field in {"", *fields}
    if form == VISIT_FORM:
        return field in {"", "performed_on", "status"}
    if form not in instruments_due(visit):
        return False
    extra = {"", "rater", "performed_on", "performed_time", "lookback_days", "not_done_reason"}
    return field in extra or field in instrument_of(participant.protocol.rules, form).by_code


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
