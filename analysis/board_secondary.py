"""Secondary analyses of the board's report: continuous change by visit, paired proportions, order effects."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from analysis.domain import binary, crossover, mixed
from enrollment.domain.protocol import Protocol, VisitSpec


def secondary(rules: Protocol, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Figures of the AB/BA comparison; None for a protocol that is not one.

    Contrasts of change are second minus first of the arms compared: with a fall as improvement, a positive one
    says that less was gained with the second.
    """
    rule = rules.stopping
    if rule is None or len(rules.periods) != 2 or len({a for s in rules.sequences for a in s.arms}) != 2:
        return None
    first, second = rule.compare
    rows = [
        {"participant": person["participant"], "period": row["period"], "treatment": row["arm"], **row}
        for person in data["participants"]
        for row in person["periods"]
    ]
    return {
        "contrast": [second, first],
        "visits": [
            _contrasts(visit, rows, second, first)
            for visit in rules.visits
            if visit.code != rules.endpoints.baseline_visit
        ],
        "primary_visit": rules.endpoints.primary_visit,
        "response": _binary(rows, "response", first, second),
        "remission": _binary(rows, "remission", first, second),
        "baselines": _baselines(rows, second, first),
    }


def _contrasts(visit: VisitSpec, rows: list[dict[str, Any]], test: str, reference: str) -> dict[str, Any]:
    """Hills–Armitage and the mixed model of the change at one visit."""
    values = [
        {
            "participant": row["participant"],
            "period": row["period"],
            "treatment": row["treatment"],
            "value": row["visits"].get(visit.code, {}).get("change"),
        }
        for row in rows
    ]
    frame = pd.DataFrame(values, columns=["participant", "period", "treatment", "value"])
    frame["value"] = frame["value"].astype("float64")
    both = crossover.pairs(frame, test, reference)
    simple = crossover.hills_armitage(both.ab, both.ba)
    model = mixed.crossover(frame, test, reference) if frame["value"].notna().any() else None
    return {
        "visit": visit.code,
        "label": visit.label,
        "treatment": asdict(simple.treatment),
        "period": asdict(simple.period),
        "carryover": asdict(simple.carryover),
        "n": sum(simple.n),
        "mixed": None
        if model is None
        else {
            "treatment": asdict(model.treatment),
            "complete": model.complete,
            "single": model.single,
            "boundary": model.boundary,
            "method": model.method,
        },
    }


def _baselines(rows: list[dict[str, Any]], test: str, reference: str) -> dict[str, Any]:
    frame = pd.DataFrame(
        [(row["participant"], row["period"], row["treatment"], row["baseline"]) for row in rows],
        columns=["participant", "period", "treatment", "value"],
    )
    frame["value"] = frame["value"].astype("float64")
    both = crossover.pairs(frame, test, reference)
    simple = crossover.hills_armitage(both.ab, both.ba)
    return {"treatment": asdict(simple.treatment), "period": asdict(simple.period), "n": sum(simple.n)}


def _binary(rows: list[dict[str, Any]], outcome: str, first: str, second: str) -> dict[str, Any]:
    """Paired difference first − second with Newcombe's and Tango's intervals; Mainland–Gart and Prescott by sequence."""
    pairs = _by_sequence(rows, outcome, first, second)
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
    if pairs[0] and pairs[1]:
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
    rows: list[dict[str, Any]], outcome: str, first: str, second: str
) -> tuple[list[tuple[bool, bool]], list[tuple[bool, bool]]]:
    """(period 1, period 2) of the completers: those with `first` first, then the others."""
    people: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        if row["evaluable"]:
            people.setdefault(row["participant"], {})[row["period"]] = row
    complete = [by for by in people.values() if set(by) == {1, 2}]
    return (
        [(bool(by[1][outcome]), bool(by[2][outcome])) for by in complete if by[1]["treatment"] == first],
        [(bool(by[1][outcome]), bool(by[2][outcome])) for by in complete if by[1]["treatment"] == second],
    )
