"""What the protocol sets beside the primary endpoint, by treatment: in the demo, dissociation. Unblinded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import mean, stdev
from typing import Any

import pandas as pd

from analysis.domain import crossover
from enrollment.domain.protocol import Comparison, Protocol


def figures(
    rules: Protocol, completers: Mapping[str, Mapping[str, Mapping[str, Any]]], up_to: int
) -> list[dict[str, Any]]:
    """For each comparison the protocol names, over those of `completers` (participant → arm → period row) whose
    total is known with every arm. `pairs`: the totals of each of them, unless they are more than `up_to`."""
    return [_figures(rules, one, completers, up_to) for one in rules.beside]


def _figures(
    rules: Protocol, one: Comparison, completers: Mapping[str, Mapping[str, Mapping[str, Any]]], up_to: int
) -> dict[str, Any]:
    totals = {
        who: {arm: row.get("beside", {}).get(one.key) for arm, row in by.items()}
        for who, by in completers.items()
    }
    known = {who: by for who, by in totals.items() if None not in by.values()}
    return {
        "name": one.name,
        "instrument": one.instrument,
        "visit": rules.visit(one.visit).label,
        "n": len(known),
        "of": len(completers),
        "arms": [{"arm": arm.code, **_spread([by[arm.code] for by in known.values()])} for arm in rules.arms],
        "treatment": _contrast(rules, completers, known),
        "pairs": [{"participant": who, "totals": by} for who, by in known.items()]
        if len(known) <= up_to
        else [],
    }


def _spread(values: Sequence[int]) -> dict[str, float | None]:
    return {"mean": mean(values) if values else None, "sd": stdev(values) if len(values) > 1 else None}


def _contrast(
    rules: Protocol,
    completers: Mapping[str, Mapping[str, Mapping[str, Any]]],
    known: Mapping[str, Mapping[str, int]],
) -> dict[str, Any] | None:
    """Second minus first of the arms compared, Hills–Armitage; None for a trial that is no AB/BA one."""
    rule = rules.stopping
    if rule is None or len(rules.periods) != 2 or len(rules.arms) != 2:
        return None
    first, second = rule.compare
    frame = pd.DataFrame(
        [
            (who, completers[who][arm]["period"], arm, float(total))
            for who, by in known.items()
            for arm, total in by.items()
        ],
        columns=["participant", "period", "treatment", "value"],
    )
    both = crossover.pairs(frame, second, first)
    return asdict(crossover.hills_armitage(both.ab, both.ba).treatment)
