"""What the rules of deviations look at: the courses of participants, read in one answer however many they are."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection

from assessments.models import Assessment
from enrollment.domain.deviations import (
    ObservedCourse,
    ObservedPeriod,
    ObservedVisit,
    SignedConsent,
    rules_of,
)
from enrollment.models import Participant, ProtocolVersion, Visit
from enrollment.protocol.deviations import DeviationRules
from enrollment.protocol.model import Protocol

# Of each participant: periods, visits with their ratings and the records in force. A save reads this, so that it is
# one statement; items are of `forms` alone.
COURSES = """
    select t.id,
      (select json_agg(json_build_object('id', p.id, 'number', p.number, 'dosed_on', p.dosed_on,
          'planned_on', p.planned_on, 'kit', p.kit_number) order by p.number)
        from enrollment_period p where p.participant_id = t.id)::text,
      (select json_agg(json_build_object('id', v.id, 'period', v.period_id, 'code', v.code, 'day', v.day,
          'planned_on', v.planned_on, 'earliest_on', v.earliest_on, 'latest_on', v.latest_on,
          'performed_on', v.performed_on, 'status', v.status,
          'ratings', (select json_agg(json_build_array(a.instrument, a.status, a.performed_on) order by a.id)
            from assessments_assessment a where a.visit_id = v.id),
          'records', (select json_agg(json_build_array(r.form, r.performed_on,
              case when r.form = any(%(forms)s) then r.items end) order by r.id)
            from assessments_record r where r.visit_id = v.id and r.status not in ('struck_out', 'not_done'))
          ) order by v.day, v.id)
        from enrollment_visit v where v.participant_id = t.id)::text,
      (select json_build_object('label', c.label || ' (' || c.language || ')', 'approved_on', a.approved_on)
        from enrollment_consentversion c
        left join enrollment_consentapproval a on a.consent_version_id = c.id and a.site_id = t.site_id
        where c.id = t.consent_version_id)::text
    from enrollment_participant t where t.id = any(%(participants)s)
"""
Row = Mapping[str, Any]


def courses_of(participants: Collection[Participant]) -> dict[int, ObservedCourse]:
    """Participant (id) → course."""
    people = {person.pk: person for person in participants}
    protocols = {pk: _protocol(person) for pk, person in people.items()}
    named = {item for protocol in protocols.values() for item in rules_of(protocol).items}
    with connection.cursor() as cursor:
        forms = sorted({item.partition(".")[0] for item in named})
        cursor.execute(COURSES, {"participants": list(people), "forms": forms})
        return {
            pk: replace(
                _course(people[pk], protocols[pk], json.loads(periods or "[]"), json.loads(visits or "[]")),
                consent=_consent(consent),
            )
            for pk, periods, visits, consent in cursor.fetchall()
        }


def _protocol(participant: Participant) -> Protocol:
    return ProtocolVersion.objects.cached(participant.protocol_id).definition


def _course(
    participant: Participant, protocol: Protocol, periods: Iterable[Row], visits: Iterable[Row]
) -> ObservedCourse:
    """Visits of a period in the order of the protocol."""
    place = {visit.code: position for position, visit in enumerate(protocol.visits)}
    seen: dict[int | None, list[ObservedVisit]] = {}
    for row in sorted(visits, key=lambda row: place.get(row["code"], len(place))):
        seen.setdefault(row["period"], []).append(_visit(row, rules_of(protocol)))
    return ObservedCourse(
        consented_on=participant.consented_on,
        left_on=participant.left_on,
        screening=tuple(seen.get(None, ())),
        periods=tuple(
            ObservedPeriod(
                number=row["number"],
                dosed_on=_day(row["dosed_on"]),
                planned_on=_day(row["planned_on"]),
                kit=row["kit"],
                visits=tuple(seen.get(row["id"], ())),
            )
            for row in periods
        ),
    )


def _consent(text: str | None) -> SignedConsent | None:
    row = json.loads(text) if text else None
    return SignedConsent(row["label"], _day(row["approved_on"])) if row else None


def _visit(row: Row, rules: DeviationRules) -> ObservedVisit:
    first, last = _day(row["earliest_on"]), _day(row["latest_on"])
    ratings, records = row["ratings"] or [], row["records"] or []
    not_done = str(Assessment.Status.NOT_DONE)
    return ObservedVisit(
        pk=row["id"],
        code=row["code"],
        day=row["day"] or 0,
        window=(first, last) if first and last else None,
        planned_on=_day(row["planned_on"]),
        performed_on=_day(row["performed_on"]),
        missed=row["status"] == Visit.Status.MISSED,
        ratings={code: _day(on) for code, status, on in ratings if status != not_done},
        not_done=frozenset(code for code, status, _on in ratings if status == not_done),
        recorded_on=tuple(day for _form, on, _items in records if (day := _day(on))),
        values=_values(records, rules),
    )


def _values(records: Iterable[tuple[str, str | None, Row | None]], rules: DeviationRules) -> dict[str, Any]:
    """What the rules compare, of the records: numbers of tolerances, and the number of the kit as it was typed."""
    values: dict[str, str | Decimal] = {}
    numbers = {tolerance.item for tolerance in rules.tolerances}
    for form, _on, items in records:
        for code, kept in (items or {}).items():
            name = f"{form}.{code}"
            if name in numbers and (number := _number(kept)) is not None:
                values[name] = number
            elif name == rules.kit and isinstance(kept, str):
                values[name] = kept
    return values


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(kept: object) -> Decimal | None:
    """A number as a record keeps it, of a quantity in its standard unit."""
    value = kept.get("standard") if isinstance(kept, dict) else kept
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
