"""Secondary analyses of the board's report: continuous change by visit, paired proportions, order effects."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from analysis.domain import binary, crossover, difference, mixed
from analysis.domain.crossover import Floats
from analysis.interim_data import InterimData, InterimPeriod
from analysis.monitoring.figures import (
    BaselineContrasts,
    MixedContrasts,
    OrderTests,
    PairedContrasts,
    PairedProportions,
    SecondaryFigures,
    VisitContrasts,
)
from enrollment.protocol.model import Protocol, VisitSpec


def secondary(protocol: Protocol, data: InterimData) -> SecondaryFigures | None:
    """Figures of the comparison; None for a trial of one arm.

    Contrasts of change are second minus first of the arms compared: with a fall as improvement, a positive one
    says that less was gained with the second.
    """
    if len(protocol.arms) < 2:
        return None
    first, second = protocol.compared()
    rows = [row for participant in data.participants for row in participant.periods]
    frame = _frame(data)
    binary_too = protocol.each_arm_once
    baselines = None
    if protocol.two_by_two:
        values = _numbers([row.baseline for row in rows])
        baselines = _baselines(frame.assign(value=values), second, first)
    return SecondaryFigures(
        contrast=(second, first),
        visits=tuple(
            _contrasts(protocol, visit, frame.assign(value=_changes(rows, visit)))
            for visit in protocol.visits
            if visit.code != protocol.endpoints.baseline_visit
        ),
        primary_visit=protocol.endpoints.primary_visit,
        response=_binary(protocol, data, "response") if binary_too else None,
        remission=_binary(protocol, data, "remission") if binary_too else None,
        baselines=baselines,
        not_defined=tuple(not_defined(protocol)),
    )


def not_defined(protocol: Protocol) -> list[str]:
    """What a trial of this design has no figure of."""
    names = [] if protocol.two_by_two else ["orders"]
    if not protocol.each_arm_once:
        names += ["difference", "pairs"]
    elif not all(set(protocol.compared()) <= set(sequence.arms) for sequence in protocol.sequences):
        names.append("some_pairs")
    if len(protocol.periods) == 1:
        names.append("parallel")
    return names


def _frame(data: InterimData) -> pd.DataFrame:
    """A row a period of each participant, who stands there as a number: names cost time by the hundred thousand."""
    return pd.DataFrame(
        [
            (place, row.period, participant.sequence, row.arm)
            for place, participant in enumerate(data.participants)
            for row in participant.periods
        ],
        columns=["participant", "period", "sequence", "treatment"],
    )


def _changes(rows: Sequence[InterimPeriod], visit: VisitSpec) -> Floats:
    return _numbers([seen.change if (seen := row.visits.get(visit.code)) else None for row in rows])


def _numbers(values: Sequence[float | None]) -> Floats:
    """None as NaN."""
    return np.array(values, dtype=np.float64)


def _contrasts(protocol: Protocol, visit: VisitSpec, frame: pd.DataFrame) -> VisitContrasts:
    """The mixed model of the change at one visit, over all periods, and in an AB/BA trial Hills–Armitage."""
    first, second = protocol.compared()
    paired = None
    if protocol.two_by_two:
        pairs = crossover.pairs(frame, second, first)
        simple = crossover.hills_armitage(pairs.ab, pairs.ba)
        paired = PairedContrasts(simple.treatment, simple.period, simple.carryover, sum(simple.n))
    known = frame.loc[frame["treatment"] == first, "value"].notna().any()
    return VisitContrasts(visit.code, visit.label, paired, _mixed(frame, first, second) if known else None)


def _mixed(frame: pd.DataFrame, reference: str, second: str) -> MixedContrasts:
    """Of `second`, and then of every other arm, minus `reference`."""
    model = mixed.compare(frame, reference)
    contrasts = {second: crossover.unknown("too_few", 0.95)} | model.treatments
    return MixedContrasts(contrasts, model.complete, model.partial, model.observations)


def _baselines(frame: pd.DataFrame, test: str, reference: str) -> BaselineContrasts:
    pairs = crossover.pairs(frame, test, reference)
    simple = crossover.hills_armitage(pairs.ab, pairs.ba)
    return BaselineContrasts(simple.treatment, simple.period, sum(simple.n))


BinaryOutcome = Literal["response", "remission"]
Outcomes = list[tuple[bool, bool]]


def _binary(protocol: Protocol, data: InterimData, outcome: BinaryOutcome) -> PairedProportions:
    """Where each treatment comes once: the paired difference first − second with two intervals, and in an AB/BA trial the
    tests by sequence."""
    pairs = _by_sequence(protocol, data, outcome)
    table = binary.paired_table(*pairs)
    return PairedProportions(
        n=table.n,
        difference=difference.risk_difference(table),
        score=difference.risk_difference(table, "tango"),
        p=binary.mcnemar_exact(table.test_only, table.reference_only),
        mid_p=binary.mcnemar_mid_p(table.test_only, table.reference_only),
        orders=_orders(*pairs) if protocol.two_by_two and pairs[0] and pairs[1] else None,
    )


def _orders(first_earlier: Outcomes, second_earlier: Outcomes) -> OrderTests:
    preferences = binary.preferences(first_earlier, second_earlier)
    gart, scores = binary.mainland_gart(preferences), binary.prescott(preferences)
    exact = {"Mainland–Gart": gart.fisher_p, "Prescott": scores.exact_p}
    return OrderTests(gart.p, scores.p, tuple(name for name, p in exact.items() if p is None))


def _by_sequence(protocol: Protocol, data: InterimData, outcome: BinaryOutcome) -> tuple[Outcomes, Outcomes]:
    """Outcomes of the completers in the order in which they received the two treatments: those with `first` first, then
    the others."""
    first, second = protocol.compared()
    orders: dict[str, Outcomes] = {first: [], second: []}
    for participant in data.participants:
        evaluable = [row for row in participant.periods if row.evaluable]
        compared = sorted((row for row in evaluable if row.arm in orders), key=lambda row: row.period)
        if len(evaluable) == len(protocol.periods) and len(compared) == 2:
            earlier, later = compared
            orders[earlier.arm].append((bool(getattr(earlier, outcome)), bool(getattr(later, outcome))))
    return orders[first], orders[second]
