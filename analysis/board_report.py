"""From frozen rows to the figures of the board's report: plain values in, plain JSON values out. Unblinded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from analysis import board_beside, board_flow
from analysis.board_monitoring import monitoring
from analysis.board_secondary import secondary
from analysis.domain import crossover, safety_monitoring
from enrollment.domain.protocol import Protocol, VisitSpec

Data = Mapping[str, Any]
Row = dict[str, Any]
ByArm = dict[str, list[Row]]
# More lines than this in one drawing say nothing of anybody.
EACH_UP_TO = 200
# The table of the safety boundary goes on to so many participants; the limit at the number treated is always known.
BOUNDARY_UP_TO = 100


def completers_of(rules: Protocol, data: Data) -> dict[str, ByArm]:
    """Participant → arm → period rows, of the completers: evaluable in every period, as `populations.membership` has it."""
    planned = {period.number for period in rules.periods}
    completers = {}
    for person in data["participants"]:
        evaluable = [
            period for period in person["periods"] if period["evaluable"] and period["period"] in planned
        ]
        if {period["period"] for period in evaluable} == planned:
            by_arm: dict[str, list[Row]] = {}
            for period in evaluable:
                by_arm.setdefault(period["arm"], []).append(period)
            completers[person["participant"]] = by_arm
    return completers


def results(
    rules: Protocol,
    data: Data,
    *,
    earlier: Mapping[int, int],
    number: int | None = None,
    today: date | None = None,
) -> dict[str, Any]:
    """Everything the report shows of `data` (`looks.data_of`).

    `earlier`: completers at each look already frozen, by its number; `number`: the look these data belong to,
    None for the live report; `today`: by which looks on a day are due.
    """
    completers = completers_of(rules, data)
    people = list(completers.values())
    rule = rules.stopping
    return {
        "completers": len(completers),
        "flow": board_flow.figures(rules, data),
        "arms": [_arm(rules, arm.code, arm.label, people) for arm in rules.arms],
        "among_responders": _among_responders(rules, people) if rules.each_arm_once else [],
        "paired": [_pair(who, by) for who, by in completers.items()]
        if rules.each_arm_once and len(people) <= EACH_UP_TO
        else [],
        "monitoring": monitoring(rule, people, earlier, number, today) if rule else None,
        "safety": _safety(rules, data),
        "beside": board_beside.figures(rules, completers, EACH_UP_TO),
        "secondary": secondary(rules, data),
    }


def _safety(rules: Protocol, data: Data) -> dict[str, Any] | None:
    """The safety rule, and how many events stop the trial at the number treated; None without a rule.

    Who had an event is not in the data: the number is reported to the board.
    """
    rule = rules.stopping.safety if rules.stopping else None
    if rule is None:
        return None
    treated = sum(any(row["dosed_on"] for row in person["periods"]) for person in data["participants"])
    terms: dict[str, Any] = {"p0": rule.p0, "certainty": rule.tau, "prior": rule.prior}
    rows = safety_monitoring.boundary(min(max(rules.planned_enrolment, treated), BOUNDARY_UP_TO), **terms)
    return {
        "event": rule.event,
        "prior": list(rule.prior),
        "p0": rule.p0,
        "tau": rule.tau,
        "treated": treated,
        "limit": safety_monitoring.stops_at(treated, **terms),
        "boundary": [list(row) for row in rows],
    }


def average(values: Sequence[float]) -> float:
    """Of whole numbers as exact as a float can be."""
    return sum(values) / len(values)


def _arm(rules: Protocol, code: str, label: str, people: Sequence[ByArm]) -> dict[str, Any]:
    """Figures of one arm, over the completers: `n` periods, of `people` participants."""
    rows = [row for by in people for row in by.get(code, ())]
    changes = [average([row["change"] for row in by[code]]) for by in people if code in by]
    return {
        "code": code,
        "label": label,
        "n": len(rows),
        "people": len(changes),
        "responders": sum(bool(row["response"]) for row in rows),
        "remitters": sum(bool(row["remission"]) for row in rows),
        "mean_change": average(changes) if changes else None,
        "within": asdict(crossover.within(changes)),
        "visits": [_visit(rules, visit, rows) for visit in rules.visits],
    }


def _visit(rules: Protocol, visit: VisitSpec, rows: Sequence[Row]) -> dict[str, Any]:
    if visit.code == rules.endpoints.baseline_visit:
        totals = [row["baseline"] for row in rows]
    else:
        totals = [row["visits"].get(visit.code, {}).get("total") for row in rows]
    known = [total for total in totals if total is not None]
    return {
        "visit": visit.code,
        "label": visit.label,
        "day": visit.day,
        "n": len(known),
        "mean": average(known) if known else None,
    }


def _among_responders(rules: Protocol, people: Sequence[ByArm]) -> list[dict[str, Any]]:
    """For each arm: the completers who responded with it, and what every arm did in the same people."""
    codes = [arm.code for arm in rules.arms]
    groups = []
    for code in codes:
        same = [by for by in people if code in by and by[code][0]["response"]]
        groups.append(
            {
                "arm": code,
                "n": len(same),
                "arms": [
                    _same_people(other, [by[other][0] for by in same])
                    for other in codes
                    if all(other in by for by in same)
                ],
            }
        )
    return groups


def _same_people(arm: str, rows: Sequence[Row]) -> dict[str, Any]:
    changes = [row["change"] for row in rows]
    return {
        "arm": arm,
        "responders": sum(bool(row["response"]) for row in rows),
        "remitters": sum(bool(row["remission"]) for row in rows),
        "mean_change": average(changes) if changes else None,
        "within": asdict(crossover.within(changes)),
    }


def _pair(who: str, by: ByArm) -> dict[str, Any]:
    """One completer's primary endpoint with each arm, where each comes once."""
    rows = {arm: periods[0] for arm, periods in by.items()}
    return {
        "participant": who,
        "change": {arm: row["change"] for arm, row in rows.items()},
        "baseline": {arm: row["baseline"] for arm, row in rows.items()},
        "response": {arm: bool(row["response"]) for arm, row in rows.items()},
        "remission": {arm: bool(row["remission"]) for arm, row in rows.items()},
    }
