"""What the protocol sets beside the primary endpoint, by treatment: in the demo, dissociation. Unblinded."""

from collections.abc import Mapping, Sequence
from statistics import mean

import numpy as np
import pandas as pd

from analysis.domain import crossover, mixed
from analysis.domain.crossover import Contrast
from analysis.interim_data import InterimPeriod
from analysis.monitoring.figures import ArmTotals, ExploratoryFigures, TotalsPair
from enrollment.protocol.model import ExploratoryEndpoint, Protocol

Completers = Mapping[str, Mapping[str, Sequence[InterimPeriod]]]


def figures(protocol: Protocol, completers: Completers, up_to: int) -> tuple[ExploratoryFigures, ...]:
    """For each comparison the protocol names, over those of `completers` whose total is known in every period. `pairs`
    unless they are more than `up_to`."""
    return tuple(
        _figures(protocol, endpoint, completers, up_to) for endpoint in protocol.exploratory_endpoints
    )


def _figures(
    protocol: Protocol, endpoint: ExploratoryEndpoint, completers: Completers, up_to: int
) -> ExploratoryFigures:
    totals = {
        code: {arm: [row.exploratory_endpoints.get(endpoint.key) for row in rows] for arm, rows in by.items()}
        for code, by in completers.items()
    }
    known = {
        code: {arm: _mean([value for value in values if value is not None]) for arm, values in by.items()}
        for code, by in totals.items()
        if all(None not in values for values in by.values())
    }
    return ExploratoryFigures(
        name=endpoint.name,
        instrument=endpoint.instrument,
        visit=protocol.visit(endpoint.visit).label,
        n=len(known),
        of=len(completers),
        arms=tuple(
            _arm(arm.code, [by[arm.code] for by in known.values() if arm.code in by]) for arm in protocol.arms
        ),
        contrast=_contrast(protocol, endpoint, {code: completers[code] for code in known}),
        method="hills_armitage" if protocol.two_by_two else "mixed",
        pairs=tuple(TotalsPair(code, by) for code, by in known.items()) if len(known) <= up_to else (),
    )


def _mean(values: Sequence[int]) -> float:
    """A whole number where there is one value."""
    return values[0] if len(values) == 1 else mean(values)


def _arm(code: str, totals: Sequence[float]) -> ArmTotals:
    return ArmTotals(
        arm=code,
        mean=sum(totals) / len(totals) if totals else None,
        sd=float(np.std(totals, ddof=1)) if len(totals) > 1 else None,
    )


def _contrast(protocol: Protocol, endpoint: ExploratoryEndpoint, completers: Completers) -> Contrast | None:
    """Second minus first of the arms compared: Hills–Armitage in an AB/BA trial, else the mixed model over all periods;
    None for a trial of one arm."""
    if len(protocol.arms) < 2:
        return None
    first, second = protocol.compared()
    frame = pd.DataFrame(
        [
            (
                place,
                row.period,
                "-".join(r.arm for r in _in_order(by)),
                arm,
                float(row.exploratory_endpoints[endpoint.key]),
            )
            for place, by in enumerate(completers.values())
            for arm, rows in by.items()
            for row in rows
        ],
        columns=["participant", "period", "sequence", "treatment", "value"],
    )
    if protocol.two_by_two:
        pairs = crossover.pairs(frame, second, first)
        return crossover.hills_armitage(pairs.ab, pairs.ba).treatment
    if not {first, second} <= set(frame["treatment"]):
        return None
    return mixed.compare(frame, first).treatments[second]


def _in_order(by: Mapping[str, Sequence[InterimPeriod]]) -> list[InterimPeriod]:
    return sorted((row for rows in by.values() for row in rows), key=lambda row: row.period)
