"""From frozen rows to the figures of the board's report. Unblinded."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from analysis.domain import crossover, safety_monitoring
from analysis.interim_data import InterimData, InterimPeriod
from analysis.monitoring import comparisons, flow
from analysis.monitoring.figures import (
    ArmFigures,
    CompleterPair,
    ReportFigures,
    ResponderGroup,
    SafetyFigures,
    SameParticipants,
    VisitMean,
)
from analysis.monitoring.interim import monitoring
from analysis.monitoring.secondary import secondary
from enrollment.protocol.model import Protocol, VisitSpec

ByArm = dict[str, list[InterimPeriod]]
# More lines than this in one drawing say nothing of anybody.
EACH_UP_TO = 200
# The table of the safety boundary goes on to so many participants; the limit at the number treated is always known.
BOUNDARY_UP_TO = 100


def completers_of(protocol: Protocol, data: InterimData) -> dict[str, ByArm]:
    """Participant → arm → period rows, of the completers: evaluable in every period, as `populations.membership` has it."""
    planned = {period.number for period in protocol.periods}
    completers = {}
    for participant in data.participants:
        evaluable = [
            period for period in participant.periods if period.evaluable and period.period in planned
        ]
        if {period.period for period in evaluable} == planned:
            by_arm: ByArm = {}
            for period in evaluable:
                by_arm.setdefault(period.arm, []).append(period)
            completers[participant.participant] = by_arm
    return completers


def results(
    protocol: Protocol,
    data: InterimData,
    *,
    earlier: Mapping[int, int],
    number: int | None = None,
    today: date | None = None,
) -> ReportFigures:
    """Everything the report shows of `data` (`interim_data.data_of`).

    `earlier`: completers at each look already frozen, by its number; `number`: the look these data belong to,
    None for the live report; `today`: by which looks on a day are due.
    """
    completers = completers_of(protocol, data)
    by_arm = list(completers.values())
    rule = protocol.stopping
    each = protocol.each_arm_once and len(by_arm) <= EACH_UP_TO
    return ReportFigures(
        completers=len(completers),
        flow=flow.figures(protocol, data),
        arms=tuple(_arm(protocol, arm.code, arm.label, by_arm) for arm in protocol.arms),
        among_responders=_among_responders(protocol, by_arm) if protocol.each_arm_once else (),
        paired=tuple(_pair(code, by) for code, by in completers.items()) if each else (),
        monitoring=monitoring(rule, by_arm, earlier, number, today) if rule else None,
        safety=_safety(protocol, data),
        exploratory_endpoints=comparisons.figures(protocol, completers, EACH_UP_TO),
        secondary=secondary(protocol, data),
    )


def _safety(protocol: Protocol, data: InterimData) -> SafetyFigures | None:
    """The safety rule, and how many events stop the trial at the number treated; None without a rule.

    Who had an event is not in the data: the number is reported to the board.
    """
    rule = protocol.stopping.safety if protocol.stopping else None
    if rule is None:
        return None
    treated = sum(any(period.dosed_on for period in participant.periods) for participant in data.participants)
    terms: dict[str, Any] = {"p0": rule.p0, "certainty": rule.tau, "prior": rule.prior}
    rows = safety_monitoring.boundary(min(max(protocol.planned_enrolment, treated), BOUNDARY_UP_TO), **terms)
    return SafetyFigures(
        event=rule.event,
        prior=rule.prior,
        p0=rule.p0,
        tau=rule.tau,
        treated=treated,
        limit=safety_monitoring.stops_at(treated, **terms),
        boundary=tuple(rows),
    )


def _changes(rows: Sequence[InterimPeriod]) -> list[int]:
    """Of evaluable periods, which have one each."""
    return [row.change for row in rows if row.change is not None]


def average(values: Sequence[float]) -> float:
    """Of whole numbers as exact as a float can be."""
    return sum(values) / len(values)


def _arm(protocol: Protocol, code: str, label: str, completers: Sequence[ByArm]) -> ArmFigures:
    rows = [row for by in completers for row in by.get(code, ())]
    changes = [average(_changes(by[code])) for by in completers if code in by]
    return ArmFigures(
        code=code,
        label=label,
        n=len(rows),
        participants=len(changes),
        responders=sum(bool(row.response) for row in rows),
        remitters=sum(bool(row.remission) for row in rows),
        mean_change=average(changes) if changes else None,
        within=crossover.within(changes),
        visits=tuple(_visit(protocol, visit, rows) for visit in protocol.visits),
    )


def _visit(protocol: Protocol, visit: VisitSpec, rows: Sequence[InterimPeriod]) -> VisitMean:
    if visit.code == protocol.endpoints.baseline_visit:
        totals = [row.baseline for row in rows]
    else:
        totals = [seen.total if (seen := row.visits.get(visit.code)) else None for row in rows]
    known = [total for total in totals if total is not None]
    return VisitMean(visit.code, visit.label, visit.day, len(known), average(known) if known else None)


def _among_responders(protocol: Protocol, completers: Sequence[ByArm]) -> tuple[ResponderGroup, ...]:
    """For each arm: the completers who responded with it, and what every arm did in the same people."""
    codes = [arm.code for arm in protocol.arms]
    groups = []
    for code in codes:
        same = [by for by in completers if code in by and by[code][0].response]
        arms = [
            _same_participants(other, [by[other][0] for by in same])
            for other in codes
            if all(other in by for by in same)
        ]
        groups.append(ResponderGroup(code, len(same), tuple(arms)))
    return tuple(groups)


def _same_participants(arm: str, rows: Sequence[InterimPeriod]) -> SameParticipants:
    changes = _changes(rows)
    return SameParticipants(
        arm=arm,
        responders=sum(bool(row.response) for row in rows),
        remitters=sum(bool(row.remission) for row in rows),
        mean_change=average(changes) if changes else None,
        within=crossover.within(changes),
    )


def _pair(code: str, by: ByArm) -> CompleterPair:
    rows = {arm: periods[0] for arm, periods in by.items()}
    return CompleterPair(
        participant=code,
        baseline={arm: row.baseline for arm, row in rows.items() if row.baseline is not None},
        change={arm: row.change for arm, row in rows.items() if row.change is not None},
        response={arm: bool(row.response) for arm, row in rows.items()},
    )
