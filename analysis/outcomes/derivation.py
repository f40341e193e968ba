"""From ratings to outcome rows, for one participant or for ten thousand, by one way. Reads; writes nothing.

Each distinct case (baseline and total, course of responses, make-up of a participant) is judged once by the pure
rules of analysis/domain; arrays then carry the verdicts to everybody who has that case.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, cast

import numpy as np

from analysis.domain import response
from analysis.domain.patterns import pattern
from analysis.domain.populations import PeriodRecord, PopulationMembership, membership
from analysis.outcomes.derivation_json import objects, optional_objects, subscale_text, visit_text
from analysis.outcomes.derivation_read import MISSING, WRONG_SIDES, Array, Frame, read
from analysis.outcomes.rules import outcome_rules, rule_version
from enrollment.models import ProtocolVersion

# As JSON; empty where a rating counts.
SIDES = np.array([f'"{side}"' if side else "" for side in WRONG_SIDES], dtype=object)


class DerivedPeriod(NamedTuple):
    """One row of analysis_outcome. JSON columns are text as PostgreSQL writes jsonb, to compare with what is stored."""

    participant_id: int
    period: int
    protocol_id: int
    baseline: int | None
    change: int | None
    response: bool | None
    remission: bool | None
    evaluable: bool
    sustained: bool | None
    relapse: bool | None
    relapse_visit: str
    visits: str
    subscales: str
    not_counted: str
    inputs: str
    rule_version: str


class ParticipantRow(NamedTuple):
    """One row of analysis_participantoutcome."""

    participant_id: int
    protocol_id: int
    pattern: str
    completer: bool
    shortfall: str
    shortfall_period: int | None
    inputs: str
    rule_version: str


def derive(
    protocol: ProtocolVersion, participants: Sequence[int]
) -> tuple[list[DerivedPeriod], list[ParticipantRow]]:
    """Outcome rows of `participants` (ids, of one study) by the rules of `protocol`, in the order of participants and
    periods. Two reads whatever the number."""
    rules = outcome_rules(protocol)
    frame = read(participants, protocol, [code for code, _day in rules.visits])
    if not len(frame.who):
        return [], []
    codes = [code for code, _day in rules.visits]
    baseline = frame.totals[:, codes.index(rules.baseline_visit)]
    others = [place for place, code in enumerate(codes) if code != rules.baseline_visit]
    seen = each(
        lambda before, total: response.visit_outcome(before, total, rules),
        np.repeat(baseline, len(others)),
        frame.totals[:, others].reshape(-1),
    ).reshape(-1, len(others))
    by_visit = {codes[place]: seen[:, index] for index, place in enumerate(others)}
    version = rule_version(protocol)
    rated = np.any(frame.totals[:, others] != MISSING, axis=1)
    rows = _period_rows(frame, rules, by_visit, protocol.pk, version)
    planned = [period.number for period in protocol.definition.periods]
    return rows, _participant_rows(frame, rows, rated | (frame.dosed == 1), planned, protocol.pk, version)


def each(rule: Callable[..., Any], *columns: Array) -> Array:
    """`rule` of each row of whole-number `columns` (MISSING: None), called once for each distinct row."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        # Folded column by column, so that it stays below the number of rows times the number of values.
        _distinct, key = np.unique(key * (column.max(initial=0) + 2) + column + 1, return_inverse=True)
    _distinct, first = np.unique(key, return_index=True)
    values_by_case = np.empty(len(first), dtype=object)
    cases = zip(*(column[first].tolist() for column in columns), strict=True)
    for index, values in enumerate(cases):
        values_by_case[index] = rule(*(None if value == MISSING else value for value in values))
    return cast(Array, values_by_case[key])


def _flags(values: Sequence[bool | None]) -> Array:
    """Yes, no and None as 1, 0 and MISSING."""
    return np.array([MISSING if value is None else int(value) for value in values])


def _course(*answers: int | None) -> tuple[bool | None, bool | None, int | None]:
    first, *later = (None if answer is None else bool(answer) for answer in answers)
    return response.course(first, later)


def _period_rows(
    frame: Frame, rules: response.OutcomeRules, by_visit: Mapping[str, Array], protocol: int, version: str
) -> list[DerivedPeriod]:
    primary, later = by_visit[rules.primary_visit].tolist(), response.later_visits(rules)
    answers = {code: [outcome.response for outcome in seen.tolist()] for code, seen in by_visit.items()}
    mine = answers[rules.primary_visit]
    courses = each(_course, *(_flags(answers[code]) for code in (rules.primary_visit, *later))).tolist()
    codes = [code for code, _day in rules.visits]
    baseline, first = codes.index(rules.baseline_visit), codes.index(rules.primary_visit)
    others = {code: place for place, code in enumerate(codes) if place != baseline}
    n = len(frame.who)
    columns: tuple[Sequence[Any], ...] = (
        frame.who.tolist(),
        frame.number.tolist(),
        [protocol] * n,
        [None if total == MISSING else total for total in frame.totals[:, baseline].tolist()],
        [outcome.change for outcome in primary],
        mine,
        [
            None if answer is None else outcome.remission
            for answer, outcome in zip(mine, primary, strict=True)
        ],
        [answer is not None for answer in mine],
        [sustained for sustained, _relapse, _at in courses],
        [relapse for _sustained, relapse, _at in courses],
        ["" if at is None else later[at] for _sustained, _relapse, at in courses],
        objects({code: visit_text(seen) for code, seen in by_visit.items()}, n),
        objects(
            {name: subscale_text(sums, baseline, first, others) for name, sums in frame.subscales.items()},
            n,
        ),
        optional_objects({code: SIDES[frame.sides[:, place]] for place, code in enumerate(codes)}, n),
        optional_objects({code: frame.inputs[:, place] for place, code in enumerate(codes)}, n),
        [version] * n,
    )
    return [DerivedPeriod(*row) for row in zip(*columns, strict=True)]


def _participant_rows(
    frame: Frame,
    rows: Sequence[DerivedPeriod],
    dosed: Array,
    planned: Sequence[int],
    protocol: int,
    version: str,
) -> list[ParticipantRow]:
    """A period rated after its baseline counts as dosed: imported series know ratings, not infusions."""
    judged: dict[
        tuple[tuple[int, bool, bool, bool | None], ...], tuple[PopulationMembership, str | None]
    ] = {}
    participant_rows = []
    facts = zip(rows, dosed.tolist(), frame.periods.tolist(), strict=True)
    for who, group in groupby(facts, key=lambda fact: fact[0].participant_id):
        mine = list(group)
        case = tuple((row.period, was_dosed, bool(row.baseline), row.response) for row, was_dosed, _ in mine)
        if case not in judged:
            records = [
                PeriodRecord(n, dosed_then, base, answer is not None) for n, dosed_then, base, answer in case
            ]
            answers = {n: answer for n, _dosed, _base, answer in case}
            judged[case] = membership(True, records, planned), pattern(answers, planned)
        sets, responses = judged[case]
        inputs = ", ".join(f'"{row.period}": {text}' for row, _dosed, text in mine)
        participant_rows.append(
            ParticipantRow(
                participant_id=who,
                protocol_id=protocol,
                pattern=responses or "",
                completer=sets.completer,
                shortfall=sets.shortfall or "",
                shortfall_period=sets.period,
                inputs=f"{{{inputs}}}",
                rule_version=version,
            )
        )
    return participant_rows
