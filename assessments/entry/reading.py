"""Forms as pages show them: what is recorded on each, in words, beside what was changed, asked and verified."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.domain.form import Form
from assessments.domain.value_text import read_text
from assessments.entry.addresses import address
from assessments.entry.history import histories_of
from assessments.entry.selectors import (
    FormPlace,
    form_of,
    is_readable,
    places_at,
    places_of,
    records_of,
    values_of,
)
from assessments.language import form_language
from assessments.models import FormVersion, Record
from enrollment.casebook.records import Answer, FormRecord, with_review_status
from enrollment.models import Participant, Visit
from trialsite.accounts.models import User
from trialsite.audit.trail import Change
from trialsite.lib.days import day_text
from trialsite.review.models import Query
from trialsite.review.selectors import ReviewStatus

HEAD_LABELS = {
    "performed_on": gettext_lazy("Date"),
    "status": gettext_lazy("State"),
    "status_reason": gettext_lazy("Why it was set aside"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReading(FormRecord):
    """A record. `label`: what it is called, "Adverse event 2: Headache"; `fields`: all that can be asked about; `withheld`:
    what it says is not for the reader."""

    record: Record
    fields: list[Answer]
    withheld: bool

    @property
    def struck_out(self) -> bool:
        return self.record.status == Record.Status.STRUCK_OUT

    def place_text(self, field: str) -> str:
        """The place of a query in words."""
        return place_text(self.label, form_of(self.record.definition), field)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReading:
    """A form with what is recorded on it. `queries`: about the form, not about one of its rows; `wanted`: the protocol
    names it there, else it did when the records were made."""

    place: FormPlace
    rows: list[RecordReading]
    queries: list[Query]
    wanted: bool = True

    @property
    def code(self) -> str:
        return self.place.form.code

    @property
    def repeats(self) -> bool:
        return self.place.form.repeats

    @property
    def title(self) -> str:
        return self.place.form.title.text(form_language())

    @property
    def row_label(self) -> str:
        label = self.place.form.repeat_label
        return label.text(form_language()) if label else self.title

    @property
    def empty(self) -> bool:
        """Nothing is recorded on it, and nothing asked about it."""
        return not (self.rows or self.queries)

    @property
    def in_force(self) -> list[RecordReading]:
        return [row for row in self.rows if not row.struck_out]

    @property
    def verified(self) -> int:
        """How many of its rows in force are verified as a whole."""
        return sum(row.verified is not None for row in self.in_force)

    @property
    def waiting(self) -> int:
        """How many of its queries are not closed."""
        asked = sum(query.status != Query.Status.CLOSED for query in self.queries)
        return asked + sum(row.waiting for row in self.rows)

    @property
    def url(self) -> str:
        return address(self.place)

    @property
    def new_url(self) -> str:
        return address(self.place, new=True)

    def place_text(self, field: str) -> str:
        """The place of a query in words."""
        return place_text(self.title, self.place.form, field)


def visit_forms(visit: Visit, status: ReviewStatus, reader: User | None) -> list[FormReading]:
    """What the protocol wants at `visit`, and what else is recorded there. `status`: of the visit."""
    return form_readings(places_at(visit), records_of(visit.participant, visit=visit), status, visit, reader)


def participant_forms(
    participant: Participant, status: ReviewStatus, reader: User | None
) -> list[FormReading]:
    """The forms that belong to the participant. `status`: of the casebook."""
    records = records_of(participant, visit=None)
    return form_readings(places_of(participant), records, status, None, reader)


def forms_by_visit(
    participant: Participant,
    visits: Iterable[Visit],
    statuses: Mapping[int | None, ReviewStatus],
    reader: User | None,
) -> dict[int | None, list[FormReading]]:
    """The same for several visits, and under None for the participant: their records are read at once."""
    records: dict[int | None, list[Record]] = {}
    for record in records_of(participant):
        records.setdefault(record.visit_id, []).append(record)
    forms: dict[int | None, list[FormReading]] = {}
    for visit in (*visits, None):
        key = visit.pk if visit else None
        places = places_at(visit) if visit else places_of(participant)
        status = statuses.get(key) or ReviewStatus()
        forms[key] = form_readings(places, records.get(key, []), status, visit, reader)
    return forms


def form_readings(
    places: Sequence[FormPlace],
    records: Sequence[Record],
    status: ReviewStatus,
    visit: Visit | None,
    reader: User | None,
) -> list[FormReading]:
    """Each of `places` with those of `records` that stand there, and the forms of the others after them; as `reader` may
    see them, None: whoever it comes to."""
    rows: dict[str, list[RecordReading]] = {}
    for row in record_readings(records, status, reader):
        rows.setdefault(row.code, []).append(row)
    wanted = {place.form.code for place in places}
    earlier = [
        FormPlace(record.participant, visit, record.definition, form_of(record.definition))
        for record in {record.form: record for record in records if record.form not in wanted}.values()
    ]
    return [
        FormReading(
            place=place,
            rows=rows.get(place.form.code, []),
            queries=_of_the_form(status.queries, place.form.code, rows.get(place.form.code, [])),
            wanted=place.form.code in wanted,
        )
        for place in (*places, *earlier)
    ]


def record_readings(
    records: Sequence[Record], status: ReviewStatus, reader: User | None
) -> list[RecordReading]:
    """Records, each with its review and its history."""
    histories = histories_of([record for record in records if is_readable(record, reader)])
    return with_review_status(
        [
            _reading(record, histories.get(record.pk, []), status, withheld=not is_readable(record, reader))
            for record in records
        ],
        status,
    )


def record_label(definition: FormVersion, repeat_key: int | None, record: Record | None) -> str:
    """What people call a record: the form's title, or "Adverse event 2: Headache"."""
    form, language = form_of(definition), form_language()
    if repeat_key is None:
        return form.title.text(language)
    name = f"{(form.repeat_label or form.title).text(language)} {repeat_key}"
    values = values_of(record, form) if record else {}
    title = ", ".join(
        read_text(form, form.by_code[code], values[code], language)
        for code in form.row_title
        if code in values
    )
    return f"{name}: {title}" if title else name


def place_text(label: str, form: Form, field: str) -> str:
    """ "Adverse event 2: Headache, Severity"."""
    return f"{label}, {field_name(form, field)}" if field else label


def field_name(form: Form, field: str) -> str:
    """What people call an item of the form, or a field of a record's head."""
    item = form.by_code.get(field)
    return item.label.text(form_language()) if item else str(HEAD_LABELS.get(field, field))


def known_fields(form: Form) -> set[str]:
    """All fields of a record that can be asked about or verified: where one person reads the items, those of the head."""
    if form.withheld:
        return set(HEAD_LABELS)
    return {item.code for item in form.items if item.has_value} | set(HEAD_LABELS)


def _of_the_form(queries: Iterable[Query], code: str, rows: Sequence[RecordReading]) -> list[Query]:
    keys = {row.repeat_key for row in rows}
    return [query for query in queries if query.form == code and query.repeat_key not in keys]


def _reading(record: Record, history: list[Change], status: ReviewStatus, *, withheld: bool) -> RecordReading:
    form = form_of(record.definition)
    values = {answer.code: answer for answer in _answers(record, form, withheld=withheld)}
    asked = {
        query.field
        for query in status.queries
        if (query.form, query.repeat_key) == (record.form, record.repeat_key)
    }
    changed = {change.field for change in history}
    fields = [
        Answer(code=code, name=field_name(form, code))
        for code in (*_head(record), *(item.code for item in form.items if item.has_value))
    ]
    known = known_fields(form)
    return RecordReading(
        code=record.form,
        label=record_label(record.definition, record.repeat_key, record),
        answers=[
            values.get(field.code, field) for field in fields if field.code in {*values, *asked, *changed}
        ],
        history=history,
        repeat_key=record.repeat_key,
        record=record,
        fields=[field for field in fields if field.code in known],
        withheld=withheld,
    )


def _head(record: Record) -> list[str]:
    return [name for name in HEAD_LABELS if name != "performed_on" or record.visit_id]


def _answers(record: Record, form: Form, *, withheld: bool) -> Iterable[Answer]:
    """What the record holds, in words; of what has no value `anchor` is the reason."""
    language = form_language()
    reasons = {r.code: r.label for r in record.participant.protocol.definition.missing_reasons}
    values = values_of(record, form)
    if record.performed_on:
        yield Answer(code="performed_on", name=_("Date"), value=day_text(record.performed_on))
    if record.status != Record.Status.COMPLETE:
        yield Answer(code="status", name=_("State"), value=record.get_status_display())
    if withheld:
        return
    if record.status_reason:
        label = field_name(form, "status_reason")
        yield Answer(code="status_reason", name=label, value=record.status_reason)
    for item in form.items:
        name = item.label.text(language)
        if item.code in values:
            text = read_text(form, item, values[item.code], language)
            yield Answer(code=item.code, name=name, value=text)
        elif reason := record.missing.get(item.code):
            yield Answer(code=item.code, name=name, anchor=reasons.get(reason, reason))
