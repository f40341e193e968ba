"""Secondary analyses of the board's report: continuous change by visit, paired proportions, order effects."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.domain import binary, crossover, mixed
from analysis.domain.crossover import Floats
from enrollment.domain.protocol import Protocol, VisitSpec


def secondary(rules: Protocol, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Figures of the comparison; None for a trial of one arm. `not_defined`: what this design has no such figure of, and
    why (keys of `board_words.NOT_DEFINED`).

    Contrasts of change are second minus first of the arms compared: with a fall as improvement, a positive one
    says that less was gained with the second.
    """
    if len(rules.arms) < 2:
        return None
    first, second = rules.compared()
    rows = [row for person in data["participants"] for row in person["periods"]]
    frame = _frame(data)
    binary_too = rules.each_arm_once
    return {
        "contrast": [second, first],
        "visits": [
            _contrasts(rules, visit, frame.assign(value=_changes(rows, visit)))
            for visit in rules.visits
            if visit.code != rules.endpoints.baseline_visit
        ],
        "primary_visit": rules.endpoints.primary_visit,
        "response": _binary(rules, data, "response") if binary_too else None,
        "remission": _binary(rules, data, "remission") if binary_too else None,
        "baselines": _baselines(
            frame.assign(value=_numbers([row["baseline"] for row in rows])), second, first
        )
        if rules.two_by_two
        else None,
        "not_defined": not_defined(rules),
    }


def not_defined(rules: Protocol) -> list[str]:
    """What a trial of this design has no figure of."""
    found = [] if rules.two_by_two else ["orders"]
    if not rules.each_arm_once:
        found += ["difference", "pairs"]
    elif not all(set(rules.compared()) <= set(sequence.arms) for sequence in rules.sequences):
        found.append("some_pairs")
    if len(rules.periods) == 1:
        found.append("parallel")
    return found


def _frame(data: Mapping[str, Any]) -> pd.DataFrame:
    """A row a period of each participant, who stands there as a number: names cost time by the hundred thousand."""
    return pd.DataFrame(
        [
            (who, row["period"], person["sequence"], row["arm"])
            for who, person in enumerate(data["participants"])
            for row in person["periods"]
        ],
        columns=["participant", "period", "sequence", "treatment"],
    )


def _changes(rows: Sequence[Mapping[str, Any]], visit: VisitSpec) -> Floats:
    return _numbers([row["visits"].get(visit.code, {}).get("change") for row in rows])


def _numbers(values: Sequence[float | None]) -> Floats:
    """None as NaN."""
    return np.array(values, dtype=np.float64)


def _contrasts(rules: Protocol, visit: VisitSpec, frame: pd.DataFrame) -> dict[str, Any]:
    """The mixed model of the change at one visit, over all periods, and in an AB/BA trial Hills–Armitage."""
    first, second = rules.compared()
    found: dict[str, Any] = {"visit": visit.code, "label": visit.label, "n": 0, "mixed": None}
    if rules.two_by_two:
        both = crossover.pairs(frame, second, first)
        simple = crossover.hills_armitage(both.ab, both.ba)
        found |= {
            "treatment": asdict(simple.treatment),
            "period": asdict(simple.period),
            "carryover": asdict(simple.carryover),
            "n": sum(simple.n),
        }
    if frame.loc[frame["treatment"] == first, "value"].notna().any():
        model = mixed.compare(frame, first)
        treatments = {arm: asdict(contrast) for arm, contrast in model.treatments.items()}
        found["mixed"] = {
            "treatment": treatments.get(second, asdict(crossover.unknown("too_few", 0.95))),
            "others": {arm: contrast for arm, contrast in treatments.items() if arm != second},
            "complete": model.complete,
            "single": model.partial,
            "observations": model.observations,
            "boundary": model.boundary,
            "method": model.method,
        }
    return found


def _baselines(frame: pd.DataFrame, test: str, reference: str) -> dict[str, Any]:
    both = crossover.pairs(frame, test, reference)
    simple = crossover.hills_armitage(both.ab, both.ba)
    return {"treatment": asdict(simple.treatment), "period": asdict(simple.period), "n": sum(simple.n)}


def _binary(rules: Protocol, data: Mapping[str, Any], outcome: str) -> dict[str, Any]:
    """Where each treatment comes once: the paired difference first − second with two intervals, and in an AB/BA trial the
    tests by sequence."""
    pairs = _by_sequence(rules, data, outcome)
    table = binary.paired_table(*pairs)
    found: dict[str, Any] = {
        "table": asdict(table),
        "n": table.n,
        "difference": asdict(binary.risk_difference(table)),
        "score": asdict(binary.risk_difference(table, "tango")),
        "p": binary.mcnemar_exact(table.test_only, table.reference_only),
        "mid_p": binary.mcnemar_mid_p(table.test_only, table.reference_only),
        "orders": None,
    }
    if rules.two_by_two and pairs[0] and pairs[1]:
        order = binary.preferences(*pairs)
        gart = binary.mainland_gart(order)
        scores = binary.prescott(order)
        found["orders"] = {
            "mainland_gart": gart.p,
            "prescott": scores.p,
            "zero_cells": list(gart.zero_cells),
            "asymptotic": [
                name
                for name, exact in (("Mainland–Gart", gart.fisher_p), ("Prescott", scores.exact_p))
                if exact is None
            ],
        }
    return found


def _by_sequence(
    rules: Protocol, data: Mapping[str, Any], outcome: str
) -> tuple[list[tuple[bool, bool]], list[tuple[bool, bool]]]:
    """Outcomes of the completers in the order in which they received the two treatments: those with `first` first, then
    the others."""
    first, second = rules.compared()
    orders: dict[str, list[tuple[bool, bool]]] = {first: [], second: []}
    for person in data["participants"]:
        evaluable = [row for row in person["periods"] if row["evaluable"]]
        compared = sorted(
            (row for row in evaluable if row["arm"] in orders), key=lambda row: int(row["period"])
        )
        if len(evaluable) == len(rules.periods) and len(compared) == 2:
            earlier, later = compared
            orders[earlier["arm"]].append((bool(earlier[outcome]), bool(later[outcome])))
    return orders[first], orders[second]
