"""The crossover strip of a participant, from the record. It says nothing of treatment."""

from collections.abc import Container, Iterable
from datetime import date

from django.db.models import prefetch_related_objects
from django.urls import reverse

from enrollment.domain import schedule, washout
from enrollment.models import Participant, Period, Visit
from enrollment.selectors import dates_of, today_at
from enrollment.strip import layout as strip
from enrollment.strip.marks import State


def state_of(visit: Visit, today: date, left: date | None = None) -> schedule.VisitState:
    """The visit's state as its tick shows it. `left`: when the participant left; nothing falls due from then on."""
    if visit.status == Visit.Status.DONE and not (visit.earliest_on and visit.latest_on):
        return "done"
    if visit.status == Visit.Status.MISSED:
        return "missed"
    if not (visit.earliest_on and visit.latest_on):
        return "planned"
    until = today if left is None else min(today, left)
    state = schedule.visit_state(visit.earliest_on, visit.latest_on, visit.performed_on, False, until)
    return "planned" if left and state == "due" else state


def strips_of(participants: Iterable[Participant]) -> list[tuple[Participant, strip.Strip]]:
    """Strips of a whole list, in four queries however long it is."""
    rows = list(participants)
    prefetch_related_objects(rows, "periods", "visits", "signatures")
    return [(participant, strip_of(participant)) for participant in rows]


def strip_of(participant: Participant) -> strip.Strip:
    """The crossover strip of `participant`. Says nothing of treatment."""
    today, left = today_at(participant.site), participant.left_on
    visits = list(participant.visits.all())
    periods = sorted(participant.periods.all(), key=lambda period: period.number)
    screening = next((visit for visit in visits if visit.period_id is None), None)
    signed = {signature.visit_id for signature in participant.signatures.all() if signature.voided_at is None}
    return strip.build(
        strip.StripInput(
            participant_code=participant.code,
            dosing_label=participant.protocol.definition.dosing_label,
            screening_on=participant.consented_on,
            screening_state=_tick_state(screening, today, left, signed) if screening else "planned",
            periods=tuple(
                strip.StripPeriod(
                    number=period.number,
                    dosed_on=period.dosed_on,
                    planned_on=period.planned_on,
                    visits=tuple(
                        _tick(visit, today, left, signed)
                        for visit in sorted(visits, key=lambda v: v.day or 0)
                        if visit.period_id == period.pk
                    ),
                )
                for period in periods
            ),
            washouts=tuple(_washouts(participant, periods, visits)),
            today=today,
        )
    )


def _tick_state(visit: Visit, today: date, left: date | None, signed: Container[int | None]) -> State:
    """As the tick shows it: a deviation is worth more attention than a signature."""
    state = state_of(visit, today, left)
    return "signed" if state == "done" and visit.pk in signed else state


def _tick(visit: Visit, today: date, left: date | None, signed: Container[int | None]) -> strip.StripVisit:
    return strip.StripVisit(
        code=visit.code,
        label=visit.label,
        day=visit.day or 0,
        planned_on=visit.planned_on,
        earliest_on=visit.earliest_on,
        latest_on=visit.latest_on,
        performed_on=visit.performed_on,
        state=_tick_state(visit, today, left, signed),
        url=reverse("visit", args=[visit.pk]),
    )


def _washouts(
    participant: Participant, periods: list[Period], visits: list[Visit]
) -> Iterable[strip.StripWashout]:
    rule = participant.protocol.definition.washout
    if rule is None:
        return
    for period in periods[:-1]:
        mine = [visit for visit in visits if visit.period_id == period.pk]
        if window := washout.window(rule, dates_of(period, mine)):
            yield strip.StripWashout(
                after_period=period.number,
                earliest_on=window.earliest_on,
                target_on=window.target_on,
                latest_on=window.latest_on,
                certain=window.anchor.certain,
            )
