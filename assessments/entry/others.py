"""What a form's expressions name besides its own record: other forms, their rows, the parameters of the protocol."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from assessments.domain.evaluate import Other, references, row_items
from assessments.domain.expression import Missing, Reference
from assessments.domain.form_logic import PERIOD, PROTOCOL
from assessments.domain.values import Value, ValueProblemError, from_json
from assessments.entry.selectors import FormPlace, form_of
from assessments.models import Record
from enrollment.models import Participant, Visit


def other_values(place: FormPlace, repeat_key: int | None = None) -> Mapping[Reference, Other]:
    """What the form at `place` names; `repeat_key`: of the row that is looked at, which is none of its other rows."""
    wanted = references(place.form)
    if not wanted:
        return {}
    own = place.form.code if place.form.repeats else ""
    return named_values(
        place.participant, wanted, row_items(place.form), visit=place.visit, own=(own, repeat_key)
    )


def named_values(
    participant: Participant,
    names: Iterable[Reference],
    items: Iterable[Reference],
    *,
    visit: Visit | None = None,
    own: tuple[str, int | None] = ("", None),
) -> Mapping[Reference, Other]:
    """The values of `names`, of rows those of `items`, as seen from `visit`. `own`: the form and the row that look."""
    names = set(names)
    values: dict[Reference, Other] = dict(_parameters(participant, names))
    of_rows: dict[Reference, set[str]] = {name: set() for name in names if not name.item}
    for name in items:
        of_rows[Reference("", name.form, name.visit, name.period)].add(name.item)
    rows: dict[Reference, list[Mapping[str, Value | Missing]]] = {name: [] for name in of_rows}
    by_form: dict[str, list[Reference]] = defaultdict(list)
    for name in names:
        by_form[name.form].append(name)
    for record in _records(participant, by_form):
        for name in by_form[record.form]:
            if not _is_meant(record, name, visit):
                continue
            if name.item:
                values.update((name, value) for value in _values(record, {name.item}).values())
            elif (record.form, record.repeat_key) != own or record.visit_id != (visit.pk if visit else None):
                rows[name].append(_values(record, of_rows[name]))
    return {**values, **rows}


def _parameters(participant: Participant, names: Iterable[Reference]) -> Mapping[Reference, Other]:
    wanted = {name for name in names if name.form == PROTOCOL and not name.visit}
    if not wanted:
        return {}
    parameters = participant.protocol.definition.parameters or {}
    return {
        name: Decimal(str(parameters[name.item])).normalize() for name in wanted if name.item in parameters
    }


def _records(participant: Participant, forms: Iterable[str]) -> Iterable[Record]:
    forms = [form for form in forms if form != PROTOCOL]
    if not forms:
        return ()
    return (
        Record.objects.in_force()
        .filter(participant=participant, form__in=forms)
        .select_related("definition", "visit__period")
        .order_by("id")
    )


def _is_meant(record: Record, name: Reference, seen_from: Visit | None) -> bool:
    """A visit that is named lies in the period that is named, else in the same; screening lies in none."""
    if not name.visit:
        return record.visit_id is None or (seen_from is not None and record.visit_id == seen_from.pk)
    visit = record.visit
    if visit is None or visit.code != name.visit:
        return False
    if number := PERIOD.fullmatch(name.period):
        return visit.period is not None and visit.period.number == int(number[1])
    return visit.period_id is None or (seen_from is not None and visit.period_id == seen_from.period_id)


def _values(record: Record, items: Iterable[str]) -> dict[str, Value | Missing]:
    """Of these items alone: what nobody names is not read."""
    form = form_of(record.definition)
    values: dict[str, Value | Missing] = {}
    for code in items:
        item = form.by_code.get(code)
        if item is None:
            continue
        if code in record.missing:
            values[code] = Missing(record.missing[code])
        elif code in record.items:
            try:
                values[code] = from_json(form, item, record.items[code])
            except ValueProblemError:
                continue
    return values
