"""Places in the record in words, which there are, and the pages where they stand."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.domain.instrument import Instrument
from assessments.entry.reading import known_fields, place_text, record_label
from assessments.entry.selectors import form_of, forms_at
from assessments.models import FormVersion, Record
from assessments.rating.presenters import LABELS
from assessments.selectors import instrument_of, instruments_due
from enrollment.casebook import fields as casebook
from enrollment.models import Participant, Visit
from trialsite.review.models import VISIT_FORM, Query

# Visit (None: the participant's own), form, repeat key of a record.
Spot = tuple[int | None, str, int | None]


@dataclass(frozen=True, slots=True)
class QueryPlace:
    """Where a query stands: in one line, and its page, opened at the query."""

    where: str
    url: str


def field_label(
    visit: Visit | None,
    participant: Participant,
    form: str,
    field: str,
    repeat_key: int | None = None,
    record: Record | None = None,
) -> str:
    """ "HAM-D17, 3 Suicide" or "Adverse event 2: Headache, Severity": the place of a query in words."""
    protocol = participant.protocol.definition
    if form and form != VISIT_FORM and any(use.code == form for use in protocol.instruments):
        instrument = instrument_of(protocol, form)
        return f"{instrument.name}, {_item(instrument, field)}" if field else instrument.name
    if definition := record.definition if record else _definition(participant, form):
        return place_text(record_label(definition, repeat_key, record), form_of(definition), field)
    if form == VISIT_FORM or visit is not None:
        return _("Visit, %(field)s") % {"field": field} if field else _("Visit")
    known = casebook.labels(participant)
    if form in known:
        name = casebook.form_label(participant, form)
        return f"{name}, {known[form].get(field, field)}" if field else name
    return field or _("Participant")


def _definition(participant: Participant, form: str) -> FormVersion | None:
    return FormVersion.objects.named_by(participant.protocol).get(form)


def _item(instrument: Instrument, code: str) -> str:
    item = instrument.by_code.get(code)
    return f"{item.number} {item.name}" if item else str(LABELS.get(code, code))


def known_place(
    participant: Participant, visit: Visit | None, form: str, field: str, repeat_key: int | None = None
) -> bool:
    """Whether a question about this form and field makes sense at `visit`, or (None) in the casebook outside visits."""
    if form == VISIT_FORM and visit is not None:
        return field in {"", "performed_on", "status"} and repeat_key is None
    if visit is not None and form in instruments_due(visit):
        extra = {"", "rater", "performed_on", "performed_time", "lookback_days", "not_done_reason"}
        known = field in extra or field in instrument_of(participant.protocol.definition, form).by_code
        return known and repeat_key is None
    if record := record_at(participant, visit, form, repeat_key):
        return field in {"", *known_fields(form_of(record.definition))}
    if visit is None and (fields := casebook.labels(participant).get(form)) is not None:
        return field in {"", *fields} and repeat_key is None
    return field == "" and repeat_key is None and _is_wanted(participant, visit, form)


def record_at(
    participant: Participant, visit: Visit | None, form: str, repeat_key: int | None
) -> Record | None:
    """The record there, if there is one."""
    records = Record.objects.filter(participant=participant, visit=visit, form=form, repeat_key=repeat_key)
    return records.select_related("definition").first()


def _is_wanted(participant: Participant, visit: Visit | None, form: str) -> bool:
    """Whether the protocol wants the form at the visit, or (None) of the participant."""
    if visit is not None:
        return form in forms_at(visit)
    definition = _definition(participant, form)
    return definition is not None and not form_of(definition).at_visit


def where(query: Query, record: Record | None = None) -> str:
    """Visit, form, row and field of a query in one line. `record`: what it is about, if it is about one."""
    place = field_label(query.visit, query.participant, query.form, query.field, query.repeat_key, record)
    if query.visit is None:
        return place
    period = query.visit.period
    visit = (
        _("period %(n)d, %(visit)s") % {"n": period.number, "visit": query.visit} if period else query.visit
    )
    return f"{visit}: {place}"


def query_places(queries: Iterable[Query]) -> dict[int, QueryPlace]:
    """Query → where it stands. The records that they are about are read at once, where a protocol has forms at all."""
    queries = list(queries)
    records = _records_about([query for query in queries if _may_be_of_a_record(query)])
    places = {}
    for query in queries:
        record = records.get((query.participant_id, (query.visit_id, query.form, query.repeat_key)))
        places[query.pk] = QueryPlace(where(query, record), f"{_page_of(query, record)}#query-{query.pk}")
    return places


def query_place(query: Query) -> QueryPlace:
    return query_places([query])[query.pk]


def _may_be_of_a_record(query: Query) -> bool:
    """Of a form that is no instrument of the protocol and none of the casebook's own."""
    if not query.form or query.form in (VISIT_FORM, casebook.SCREENING, casebook.DOSING):
        return False
    return all(use.code != query.form for use in query.participant.protocol.definition.instruments)


def _records_about(queries: list[Query]) -> dict[tuple[int, Spot], Record]:
    if not queries:
        return {}
    about = Query.objects.filter(
        Q(visit=OuterRef("visit")) | Q(visit=None),
        pk__in=[query.pk for query in queries],
        participant=OuterRef("participant"),
        form=OuterRef("form"),
    ).filter(Q(repeat_key=OuterRef("repeat_key")) | Q(repeat_key=None))
    records = list(
        Record.objects.filter(Exists(about), participant__in={query.participant_id for query in queries})
    )
    definitions = FormVersion.objects.in_bulk({record.definition_id for record in records})
    for record in records:
        record.definition = definitions[record.definition_id]
    return {
        (record.participant_id, (record.visit_id, record.form, record.repeat_key)): record
        for record in records
    }


def _page_of(query: Query, record: Record | None) -> str:
    """A visit's page shows all that was asked there; outside visits a record has a page of its own."""
    if query.visit_id:
        return reverse("visit", args=[query.visit_id])
    if record:
        return reverse("record", args=[record.pk])
    participant = query.participant
    return reverse("participant", args=[participant.study.code, participant.code])
