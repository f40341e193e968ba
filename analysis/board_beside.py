"""What the protocol sets beside the primary endpoint, by treatment: in the demo, dissociation. Unblinded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd

from analysis.domain import crossover, mixed
from enrollment.domain.protocol import Comparison, Protocol

Completers = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


def figures(rules: Protocol, completers: Completers, up_to: int) -> list[dict[str, Any]]:
    """For each comparison the protocol names, over those of `completers` whose total is known in every period.
    `pairs`: the totals of each of them by arm, their mean where an arm comes more than once, unless they are more than
    `up_to`."""
    return [_figures(rules, one, completers, up_to) for one in rules.beside]


def _figures(rules: Protocol, one: Comparison, completers: Completers, up_to: int) -> dict[str, Any]:
    totals = {
        who: {arm: [row.get("beside", {}).get(one.key) for row in rows] for arm, rows in by.items()}
        for who, by in completers.items()
    }
    known = {
        who: {arm: _mean(values) for arm, values in by.items()}
        for who, by in totals.items()
        if all(None not in values for values in by.values())
    }
    return {
        "name": one.name,
        "instrument": one.instrument,
        "visit": rules.visit(one.visit).label,
        "n": len(known),
        "of": len(completers),
        "arms": [
            {"arm": arm.code, **_spread([by[arm.code] for by in known.values() if arm.code in by])}
            for arm in rules.arms
        ],
        "treatment": _contrast(rules, one, {who: completers[who] for who in known}),
        "pairs": [{"participant": who, "totals": by} for who, by in known.items()]
        if len(known) <= up_to
        else [],
    }


def _mean(values: Sequence[int]) -> float:
    """A whole number where there is one value."""
    return values[0] if len(values) == 1 else mean(values)


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {
        "mean": sum(values) / len(values) if values else None,
        "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
    }


def _contrast(rules: Protocol, one: Comparison, people: Completers) -> dict[str, Any] | None:
    """Second minus first of the arms compared: Hills–Armitage in an AB/BA trial, else the mixed model over all periods;
    None for a trial of one arm."""
    if len(rules.arms) < 2:
        return None
    first, second = rules.compared()
    frame = pd.DataFrame(
        [
            (
                who,
                row["period"],
                "-".join(r["arm"] for r in _in_order(by)),
                arm,
                float(row["beside"][one.key]),
            )
            for who, by in enumerate(people.values())
            for arm, rows in by.items()
            for row in rows
        ],
        columns=["participant", "period", "sequence", "treatment", "value"],
    )
    if rules.two_by_two:
        both = crossover.pairs(frame, second, first)
        return asdict(crossover.hills_armitage(both.ab, both.ba).treatment) | {"method": "hills_armitage"}
    if not {first, second} <= set(frame["treatment"]):
        return None
    return asdict(mixed.compare(frame, first).treatments[second]) | {"method": "mixed"}


def _in_order(by: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    return sorted((row for rows in by.values() for row in rows), key=lambda row: int(row["period"]))
