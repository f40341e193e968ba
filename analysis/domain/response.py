"""Response and remission from totals, in whole numbers: an exact 50 % reduction is a response.

Source of response and remission: Williams et al. (2018), doi:10.1176/appi.ajp.2018.18020138. Sustained response
and relapse follow the period to its last visit; no source of the shipped trial defines them. Every definition
in words: docs/statistics/outcomes.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from analysis.domain import checks

NO_SUBSCALES: Mapping[str, Mapping[str, int | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OutcomeRules:
    """`visits`: (code, day) of each visit. `response_percent`: the least reduction, in percent of baseline.
    `remission_max`: the highest total that is a remission."""

    baseline_visit: str
    primary_visit: str
    response_percent: int
    remission_max: int
    visits: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        checks.whole(response_percent=self.response_percent, remission_max=self.remission_max)
        if not 1 <= self.response_percent <= 100:
            raise ValueError(f"response is a fall by 1 to 100 percent, not {self.response_percent}")


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
class Subscale:
    """A subscale in one period: its sum at baseline and at each other visit, and the primary visit minus
    baseline. None where an item of it is missing."""

    baseline: int | None
    change: int | None
    by_visit: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class PeriodOutcome:
    """One participant's outcome in one period; change, response and remission at the primary visit.

    `by_visit`: each visit but the baseline. `rated`: at baseline and at the primary visit; not yet evaluable, for that
    the baseline must be above 0. A completer is evaluable in every period: `populations.membership`.
    `remission` is None unless `response` is evaluable, so that both have one denominator.

    `sustained`: response at the primary visit and at every later one. `relapse`, of responders only: a later
    visit no longer meets response; `relapse_visit` is the first. Both are None while a later visit without a
    total could still decide them, and in everybody where no visit follows the primary one: then neither is defined.
    """

    baseline: int | None
    by_visit: dict[str, VisitOutcome]
    change: int | None
    response: bool | None
    remission: bool | None
    rated: bool
    sustained: bool | None = None
    relapse: bool | None = None
    relapse_visit: str | None = None
    subscales: dict[str, Subscale] = field(default_factory=dict)


NOT_RATED = VisitOutcome(None, None, None, None, None)


def assess(
    totals: Mapping[str, int | None],
    rules: OutcomeRules,
    subscales: Mapping[str, Mapping[str, int | None]] = NO_SUBSCALES,
) -> PeriodOutcome:
    """Outcome of one period from its totals by visit code; a visit that is absent is one without a total.

    Response when 100 × (baseline − total) ≥ response_percent × baseline. Without a baseline, or with a
    baseline of 0 (nothing to reduce), response is not evaluable: None, never False. `subscales`: name → visit
    code → sum.
    """
    baseline = totals.get(rules.baseline_visit)
    by_visit = {
        code: visit_outcome(baseline, totals.get(code), rules)
        for code, _day in rules.visits
        if code != rules.baseline_visit
    }
    primary = by_visit.get(rules.primary_visit, NOT_RATED)
    later = later_visits(rules)
    sustained, relapse, lost = course(primary.response, [by_visit[code].response for code in later])
    return PeriodOutcome(
        baseline=baseline,
        by_visit=by_visit,
        change=primary.change,
        response=primary.response,
        remission=None if primary.response is None else primary.remission,
        rated=baseline is not None and primary.total is not None,
        sustained=sustained,
        relapse=relapse,
        relapse_visit=None if lost is None else later[lost],
        subscales={name: _subscale(sums, rules) for name, sums in subscales.items()},
    )


def points_needed(baseline: int, rules: OutcomeRules) -> int:
    """The least fall from `baseline`, in whole points, that is a response.

    >>> points_needed(24, OutcomeRules("BL", "D1", 50, 7, ())), points_needed(25, OutcomeRules("BL", "D1", 50, 7, ()))
    (12, 13)
    """
    checks.whole(baseline=baseline)
    return -(-rules.response_percent * baseline // 100)


def later_visits(rules: OutcomeRules) -> list[str]:
    """Codes of the visits after the primary one, in the order of their days."""
    after = dict(rules.visits).get(rules.primary_visit)
    days = sorted((day, code) for code, day in rules.visits if after is not None and day > after)
    return [code for _day, code in days]


def rule_content(
    rules: OutcomeRules, instrument: str, subscales: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """All that an outcome depends on besides the ratings, as plain data: rules that give the same are the same."""
    return {
        "instrument": instrument,
        "baseline_visit": rules.baseline_visit,
        "primary_visit": rules.primary_visit,
        "response_percent": rules.response_percent,
        "remission_max": rules.remission_max,
        "visits": [[code, day] for code, day in rules.visits],
        "subscales": {name: list(numbers) for name, numbers in subscales.items()},
    }


def course(primary: bool | None, later: Sequence[bool | None]) -> tuple[bool | None, bool | None, int | None]:
    """Sustained, relapse, and which of the `later` visits is the first without response, from response at the
    primary visit and at those after it. Who did not respond is not sustained, and can't relapse; without a later visit
    neither is defined."""
    if primary is None or not later:
        return None, None, None
    if not primary:
        return False, None, None
    if False in later:
        return False, True, later.index(False)
    if None in later:
        return None, None, None
    return True, False, None


def _subscale(sums: Mapping[str, int | None], rules: OutcomeRules) -> Subscale:
    baseline, primary = sums.get(rules.baseline_visit), sums.get(rules.primary_visit)
    return Subscale(
        baseline=baseline,
        change=None if baseline is None or primary is None else primary - baseline,
        by_visit={code: sums.get(code) for code, _day in rules.visits if code != rules.baseline_visit},
    )


def visit_outcome(baseline: int | None, total: int | None, rules: OutcomeRules) -> VisitOutcome:
    """Outcome at one visit from its total and the baseline of its period. Raises ValueError for totals that are no
    whole numbers."""
    checks.whole(
        **{name: value for name, value in (("baseline", baseline), ("total", total)) if value is not None}
    )
    if total is None:
        return NOT_RATED
    remission = total <= rules.remission_max
    if baseline is None:
        return VisitOutcome(total, None, None, None, remission)
    change = total - baseline
    if baseline == 0:
        return VisitOutcome(total, change, None, None, remission)
    response = -100 * change >= rules.response_percent * baseline
    return VisitOutcome(total, change, 100 * change / baseline, response, remission)
