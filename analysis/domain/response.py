"""Response and remission from totals, in whole numbers: an exact 50 % reduction is a response.

Source of the definitions: Williams et al. (2018), doi:10.1176/appi.ajp.2018.18020138.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`visits`: (code, day) of each visit; `response_percent`: the least reduction, in percent of baseline."""

    baseline_visit: str
    primary_visit: str
    response_percent: int
    remission_max: int
    visits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """Change is total minus baseline: negative is better. None: not evaluable."""

    total: int | None
    change: int | None
    percent_change: float | None
    response: bool | None
    remission: bool | None


@dataclass(frozen=True, slots=True)
class PeriodOutcome:
    """One participant's outcome in one period; change, response and remission at the primary visit."""

    baseline: int | None
    by_visit: dict[str, VisitOutcome]
    change: int | None
    response: bool | None
    remission: bool | None


def assess(totals: Mapping[str, int | None], rules: RuleSet) -> PeriodOutcome:
    """Outcome of one period from its totals by visit code.

    Response when 100 × (baseline − total) ≥ response_percent × baseline. Without a baseline, or with a
    baseline of 0 (nothing to reduce), response and change are not evaluable: None, never False.
    """
    baseline = totals.get(rules.baseline_visit)
    by_visit = {
        code: _visit(totals.get(code), baseline, rules) for code, _ in rules.visits if code != rules.baseline_visit
    }
    primary = by_visit.get(rules.primary_visit) or _visit(None, baseline, rules)
    evaluable = primary.response is not None
    return PeriodOutcome(
        baseline=baseline,
        by_visit=by_visit,
        change=primary.change,
        response=primary.response,
        remission=primary.remission if evaluable else None,
    )


def _visit(total: int | None, baseline: int | None, rules: RuleSet) -> VisitOutcome:
    remission = None if total is None else total <= rules.remission_max
    if total is None or baseline is None:
        return VisitOutcome(total, None, None, None, remission)
    change = total - baseline
    if baseline == 0:
        return VisitOutcome(total, change, None, None, remission)
    response = -100 * change >= rules.response_percent * baseline
    return VisitOutcome(total, change, 100 * change / baseline, response, remission)
