"""Reads of forms and records: which forms there are where, what is recorded, what other records say."""

from dataclasses import dataclass
from functools import lru_cache

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from assessments.domain import form_file
from assessments.domain.form import Form
from assessments.domain.values import Value, ValueProblemError, from_json
from assessments.models import FormVersion, Record, RecordDraft
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.selectors import participant_for, visit_for
from trialsite.accounts.http import require_access
from trialsite.accounts.models import User


@dataclass(frozen=True, slots=True)
class FormPlace:
    """Where records of a form belong: a participant, at a visit or not."""

    participant: Participant
    visit: Visit | None
    definition: FormVersion
    form: Form


def form_of(definition: FormVersion) -> Form:
    """The form in a loaded version. Parsed once a process: rows of this table never change."""
    return _form(definition.source)


@lru_cache(maxsize=256)
def _form(source: str) -> Form:
    return form_file.read_form(source)


def forms_at(visit: Visit) -> tuple[str, ...]:
    """Codes of the forms that the protocol wants at `visit`."""
    protocol = visit.participant.protocol.definition
    return protocol.screening_forms if visit.period_id is None else protocol.visit(visit.code).forms


def definitions_of(participant: Participant) -> dict[str, FormVersion]:
    """The forms of the participant's protocol, by code, in its order."""
    return FormVersion.objects.named_by(participant.protocol)


def places_of(participant: Participant) -> list[FormPlace]:
    """The forms that belong to the participant, not to a visit."""
    places = (
        FormPlace(participant, None, definition, form_of(definition))
        for definition in definitions_of(participant).values()
    )
    return [place for place in places if not place.form.at_visit]


def places_at(visit: Visit) -> list[FormPlace]:
    """The forms at `visit`, in the protocol's order."""
    codes = forms_at(visit)
    definitions = definitions_of(visit.participant) if codes else {}
    return [
        FormPlace(visit.participant, visit, definitions[code], form_of(definitions[code]))
        for code in codes
        if code in definitions
    ]


def visit_place_for(user: User, pk: int, code: str, action: str) -> FormPlace:
    """A form at a visit, if `user` may do `action` there."""
    return _named(code, places_at(visit_for(user, pk, action)))


def is_readable(record: Record, reader: User | None) -> bool:
    """Whether `reader` may see what it says. None: whoever it comes to, as a print does."""
    if not form_of(record.definition).withheld:
        return True
    return reader is not None and record.entered_by_id == reader.pk


def kept_apart(place: FormPlace, by: User) -> Form | None:
    """The form that `by` filled in at the same visit, because of which another person fills in this one."""
    if not place.form.apart_from:
        return None
    own = Record.objects.filter(
        participant=place.participant, visit=place.visit, form__in=place.form.apart_from, entered_by=by
    )
    record = own.select_related("definition").first()
    return form_of(record.definition) if record else None


def participant_place_for(user: User, study: str, participant: str, code: str, action: str) -> FormPlace:
    """A form of a participant, if `user` may do `action` there."""
    return _named(code, places_of(participant_for(user, study, participant, action)))


def record_for(user: User, pk: int, action: str) -> tuple[Record, FormPlace]:
    """A record with its place; its form is the version that it was entered under. What only its author reads is opened for
    nobody else to change."""
    record = (
        Record.objects.select_related(
            "participant__study", "participant__site", "visit__period", "definition", "entered_by"
        )
        .filter(pk=pk)
        .first()
    )
    if record is None:
        raise Http404
    participant = record.participant
    require_access(user, action, participant.study, participant.site)
    if action == "assessment.enter" and not is_readable(record, user):
        raise PermissionDenied
    participant.protocol = ProtocolVersion.objects.cached(participant.protocol_id)
    if record.visit:
        record.visit.participant = participant
    return record, FormPlace(participant, record.visit, record.definition, form_of(record.definition))


def records_of(participant: Participant, **conditions: object) -> list[Record]:
    """The participant's records where `conditions` hold, in one statement; their forms in one more, where the protocol
    names other versions by now. Nothing is asked where the protocol has no forms."""
    definitions = {definition.pk: definition for definition in definitions_of(participant).values()}
    if not definitions:
        return []
    records = list(Record.objects.filter(participant=participant, **conditions).select_related("entered_by"))
    earlier = {record.definition_id for record in records} - definitions.keys()
    if earlier:
        definitions |= FormVersion.objects.in_bulk(earlier)
    for record in records:
        record.definition, record.participant = definitions[record.definition_id], participant
    return records


def records_at(place: FormPlace) -> list[Record]:
    """What is recorded there, rows in the order of their keys, struck out ones included."""
    records = list(
        Record.objects.filter(
            participant=place.participant, visit=place.visit, form=place.form.code
        ).select_related("definition", "entered_by")
    )
    for record in records:
        record.participant = place.participant
    return records


def values_of(record: Record, form: Form | None = None) -> dict[str, Value]:
    """Item → value, of the items that the form has."""
    form = form or form_of(record.definition)
    values = {}
    for code, kept in record.items.items():
        item = form.by_code.get(code)
        if item is not None:
            try:
                values[code] = from_json(form, item, kept)
            except ValueProblemError:
                continue
    return values


def _named(code: str, places: list[FormPlace]) -> FormPlace:
    place = next((place for place in places if place.form.code == code), None)
    if place is None:
        raise Http404
    return place


def drafts_at(place: FormPlace, repeat_key: int | None, by: User) -> QuerySet[RecordDraft]:
    """What this user typed there and did not save: one at most."""
    return RecordDraft.objects.filter(
        user=by, participant=place.participant, visit=place.visit, form=place.form.code, repeat_key=repeat_key
    )
