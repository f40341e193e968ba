"""The flow of participants by sequence, counted from frozen rows. Unblinded."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from analysis.chart_flow import flow
from analysis.chart_shapes import Chart
from analysis.domain.flow import Course, PeriodState, Stop, count, from_rows, rows
from analysis.flow_text import enrolment_steps, period_steps
from enrollment.domain.protocol import Protocol


def figures(rules: Protocol, data: Mapping[str, Any]) -> dict[str, Any]:
    """Where everybody's way ends, as analysis/domain/flow.py has it: by sequence, and before randomisation."""
    people = data["participants"]
    outside = count(
        (Course(status, randomised=False, criteria=tuple(criteria)), n)
        for status, criteria, n in _not_randomised(data)
    )
    return {
        "randomised": len(people),
        "withdrawn": sum(person["status"] == "withdrawn" for person in people),
        "enrolment": rows(outside),
        "sequences": {
            sequence.code: rows(
                count((_course(rules, one), 1) for one in people if one["sequence"] == sequence.code)
            )
            for sequence in rules.sequences
        },
    }


def chart(rules: Protocol, found: Mapping[str, Any]) -> Chart:
    """CONSORT's diagram for a crossover trial: one line down to randomisation, then one for each sequence."""
    labels = {arm.code: arm.label for arm in rules.arms}
    lanes = {code: from_rows(stops) for code, stops in found["sequences"].items()}
    everybody: Counter[Stop] = sum(lanes.values(), from_rows(found["enrolment"]))
    arms = {sequence.code: [labels[arm] for arm in sequence.arms] for sequence in rules.sequences}
    return flow(
        enrolment_steps(everybody, rules),
        [(code, period_steps(stops, rules, arms[code], code)) for code, stops in lanes.items()],
    )


def frozen(rules: Protocol, found: Mapping[str, Any]) -> dict[str, Any]:
    """The `results` of a frozen look with its `cut`, as this version shows them: what one frozen by an earlier version
    lacks is counted from its rows."""
    shown: dict[str, Any] = found["results"]
    if "enrolment" in shown["flow"]:
        return shown
    return shown | {"flow": figures(rules, json.loads(found["cut"])["data"])}


def _not_randomised(data: Mapping[str, Any]) -> list[list[Any]]:
    """[status, criteria not met, participants]; rows frozen by earlier versions hold the states without the criteria,
    and among them those of people who were randomised."""
    if "not_randomised" in data:
        return list(data["not_randomised"])
    states = Counter(data["status"]) - Counter(person["status"] for person in data["participants"])
    return [[status, [], n] for status, n in sorted(states.items())]


def _course(rules: Protocol, person: Mapping[str, Any]) -> Course:
    by_number = {period["period"]: period for period in person["periods"]}
    states = [_state(by_number.get(period.number)) for period in rules.periods]
    return Course(person["status"], True, tuple(states))


def _state(period: Mapping[str, Any] | None) -> PeriodState:
    """As the rows have it; those of earlier versions tell it by what they hold."""
    if period is None:
        return "not_dosed"
    if "state" in period:
        state: PeriodState = period["state"]
        return state
    if period["evaluable"]:
        return "evaluable"
    if not period["dosed_on"]:
        return "not_dosed"
    return "no_primary" if period["baseline"] else "no_baseline"
