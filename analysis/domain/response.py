"""Response and remission from totals, in whole numbers: an exact 50 % reduction is a response.

Source of the definitions: Williams et al. (2018), doi:10.1176/appi.ajp.2018.18020138.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`visits`: (code, day) of each visit. `response_percent`: the least reduction, in percent of baseline.
    `remission_max`: the highest total that is a remission."""

    baseline_visit: str
    primary_visit: str
    response_percent: int
    remission_max: int
    visits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class VisitOutcome:
    """Change is total minus baseline: negative is better. None: not evaluable, never False or 0.

    `remission` needs only the visit's own total; whoever counts remitters counts them among those whose
    `response` is not None.
    """

    total: int | None
    change: int | None
    percent_change: float | None
    response: bool | None
    remission: bool | None


@dataclass(frozen=True, slots=True)
class PeriodOutcome:
    """One participant's outcome in one period; change, response and remission at the primary visit.

    `by_visit`: each visit but the baseline. `completer`: rated at baseline and at the primary visit.
    `remission` is None unless `response` is evaluable, so that both have one denominator.
    """

    baseline: int | None
    by_visit: dict[str, VisitOutcome]
    change: int | None
    response: bool | None
    remission: bool | None
    completer: bool


NOT_RATED = VisitOutcome(None, None, None, None, None)


def assess(totals: Mapping[str, int | None], rules: RuleSet) -> PeriodOutcome:
    """Outcome of one period from its totals by visit code; a visit that is absent is one without a total.

    Response when 100 × (baseline − total) ≥ response_percent × baseline. Without a baseline, or with a
    baseline of 0 (nothing to reduce), response is not evaluable: None, never False.
    """
    baseline = totals.get(rules.baseline_visit)
    by_visit = {
        code: _visit(total, baseline, rules) if (total := totals.get(code)) is not None else NOT_RATED
        for code, _day in rules.visits
        if code != rules.baseline_visit
    }
    primary = by_visit.get(rules.primary_visit, NOT_RATED)
    return PeriodOutcome(
        baseline=baseline,
        by_visit=by_visit,
        change=primary.change,
        response=primary.response,
        remission=None if primary.response is None else primary.remission,
        completer=baseline is not None and primary.total is not None,
    )


def _visit(total: int, baseline: int | None, rules: RuleSet) -> VisitOutcome:
    remission = total <= rules.remission_max
    if baseline is None:
        return VisitOutcome(total, None, None, None, remission)
    change = total - baseline
    if baseline == 0:
        return VisitOutcome(total, change, None, None, remission)
    response = -100 * change >= rules.response_percent * baseline
    return VisitOutcome(total, change, 100 * change / baseline, response, remission)
