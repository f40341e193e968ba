"""The chance that is left after a look: every figure of it, and whether the protocol's rule calls it futile. Unblinded.

The formulas are those of analysis/domain/futility.py; here they meet the protocol's boundary and its looks to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign

from scipy.special import ndtr

from analysis.domain import checks, futility, paired, sequential
from analysis.monitoring.figures import ChancesLeft, FutilityFigures
from enrollment.protocol.model import FutilityRule, StoppingRule

STEPS = 24
# Beyond so many participants to come z is as good as exact, and the sum over all futures takes seconds.
EXACT_UP_TO = 500


@dataclass(frozen=True, slots=True)
class RemainingLooks:
    """What is to come after a look at information `t`: later looks, their boundaries, the drift planned for.

    With two sides a chance is that of the direction in which the data point; under the design, of the design's.
    """

    t: float
    looks: tuple[float, ...]
    boundaries: tuple[float, ...]
    sides: int
    design: float | None

    def towards(self, z: float, assumed: str) -> float:
        """z as seen in the direction whose chance is asked for. Raises ValueError for an unknown assumption."""
        checks.one_of("assumed", assumed, ("null", "trend", "design", "predictive"))
        if assumed == "design" and self.design:
            return z * copysign(1, self.design)
        return abs(z) if self.sides == 2 else z

    def drift(self, z: float, assumed: str) -> float:
        """The drift of the rest in that direction: "null", "trend" or "design". Raises ValueError without a design."""
        checks.one_of("assumed", assumed, ("null", "trend", "design"))
        if assumed == "null":
            return 0.0
        if assumed == "trend":
            return futility.trend(self.towards(z, assumed), self.t)
        if self.design is None:
            raise ValueError("the protocol states no effect that the trial is planned for")
        return abs(self.design)

    def crossing(self, here: float, drift: float) -> float:
        return futility.crossing_power(here, self.t, drift, self.looks, self.boundaries)

    def chance(self, z: float, assumed: str) -> float:
        """Of crossing at a later look, under what is `assumed`; "predictive" assumes no drift."""
        here = self.towards(z, assumed)
        if assumed == "predictive":
            return futility.predictive_crossing(here, self.t, self.looks, self.boundaries)
        return self.crossing(here, self.drift(z, assumed))

    def limit(self, rule: FutilityRule) -> float | None:
        """The z, in the direction asked for, below which `rule` says futility; None where it never does."""
        name = assumed(rule)
        directed = name == "design" or self.sides == 1
        sign = copysign(1, self.design) if name == "design" and self.design else 1.0
        lowest = -futility.FARTHEST if directed else 0.0
        return futility.limit(lambda here: self.chance(here * sign, name), rule.below, lowest)


def assumed(rule: FutilityRule) -> str:
    """What the futility rule assumes of the rest of the trial."""
    return "predictive" if rule.method == "predictive_power" else str(rule.under)


def design_drift(rule: StoppingRule) -> float | None:
    """The effect that the trial is planned for, as the expectation of z at the last look; None where not stated."""
    if rule.design is None:
        return None
    return paired.drift(rule.looks[-1].completers, rule.design.responses, rule.design.correlation)


def remaining_looks(rule: StoppingRule, look: int, information: Sequence[float]) -> RemainingLooks | None:
    """After look number `look`, with `information` at the looks up to it; None when no look is to come."""
    final = rule.looks[-1].completers
    looks = tuple(
        planned_look.completers / final
        for planned_look in rule.looks
        if planned_look.number > look and planned_look.completers / final > information[-1]
    )
    if not looks:
        return None
    planned = [planned_look.completers / final for planned_look in rule.looks]
    values = sequential.boundary(
        rule.spending, [*information, *looks], rule.alpha, rule.sides, planned=planned
    )
    return RemainingLooks(information[-1], looks, values[len(information) :], rule.sides, design_drift(rule))


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Completers with both treatments, and those of them who responded only (or more often) with the first, the second."""

    completers: int
    only_first: int
    only_second: int


def chances_left(
    rule: StoppingRule, look: int, z: float, information: Sequence[float], counts: PairCounts
) -> ChancesLeft | None:
    """Every chance after a look with this `z`, `information` at the looks up to it, and `counts`; None after the last."""
    ahead = remaining_looks(rule, look, information)
    if ahead is None:
        return None
    here, trend = ahead.towards(z, "trend"), ahead.drift(z, "trend")
    highest = max(5.0, trend * 1.25, abs(ahead.design or 0) * 1.25)
    drifts = [highest * k / STEPS for k in range(STEPS + 1)]
    return ChancesLeft(
        points=tuple((drift, ahead.crossing(here, drift)) for drift in drifts),
        null=ahead.chance(z, "null"),
        trend=(trend, ahead.chance(z, "trend")),
        design=(ahead.design, ahead.chance(z, "design")) if ahead.design else None,
        predictive=ahead.chance(z, "predictive"),
        exact=_exact(rule, ahead, counts),
        futility=_futility(rule.futility, ahead, z) if rule.futility else None,
    )


def _exact(rule: StoppingRule, ahead: RemainingLooks, counts: PairCounts) -> float | None:
    n, planned = counts.completers, rule.looks[-1].completers
    if planned - n > EXACT_UP_TO:
        return None
    responders = [counts.only_first, counts.only_second]
    if rule.sides == 2:
        responders.sort(reverse=True)
    level = float(2 * ndtr(-ahead.boundaries[-1]))
    return futility.paired_predictive_probability(responders[0], responders[1], n, planned, level=level)


def _futility(rule: FutilityRule, ahead: RemainingLooks, z: float) -> FutilityFigures:
    chance = ahead.chance(z, assumed(rule))
    return FutilityFigures(
        assumed=assumed(rule),
        below=rule.below,
        chance=chance,
        limit=ahead.limit(rule),
        reached=chance < rule.below,
    )
