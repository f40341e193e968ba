"""Eligibility: each criterion judged on the facts, with the reason in words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from enrollment.protocol.model import Criterion

CriterionVerdict = Literal["met", "not met", "unknown"]
Standing = Literal["met", "not met", "absent", "present", "unknown"]
# Whether somebody has said that the list of treatments is complete.
TREATMENTS_COMPLETE = "treatments_complete"


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """`message` is an English template ("%(name)s"), translated and filled by the reader."""

    id: str
    verdict: CriterionVerdict
    message: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict over all criteria, and the sentence that says it."""

    verdict: Literal["eligible", "not eligible", "incomplete"]
    results: tuple[CriterionResult, ...]
    headline: str
    headline_params: dict[str, object]

    @property
    def unknown(self) -> int:
        """Criteria that are not known yet: also of who is not eligible already."""
        return sum(result.verdict == "unknown" for result in self.results)

    @property
    def not_met(self) -> tuple[CriterionResult, ...]:
        return tuple(result for result in self.results if result.verdict == "not met")


def judge(criteria: Sequence[Criterion], facts: Mapping[str, float | bool | None]) -> Verdict:
    """Not eligible as soon as one criterion is not met; incomplete while one is unknown; else eligible."""
    results = tuple(_judge_one(criterion, facts.get(criterion.fact)) for criterion in criteria)
    failed = next((result for result in results if result.verdict == "not met"), None)
    unknown = sum(result.verdict == "unknown" for result in results)
    if failed and unknown:
        message = f"Not eligible already: {failed.message}. Criteria not known yet: %(unknown)d"
        return Verdict("not eligible", results, message, {**failed.params, "unknown": unknown})
    if failed:
        return Verdict("not eligible", results, "Not eligible: " + failed.message, failed.params)
    if unknown:
        message = "Not decided yet: %(known)d of %(all)d criteria are known"
        return Verdict("incomplete", results, message, {"known": len(results) - unknown, "all": len(results)})
    return Verdict("eligible", results, "Eligible: all %(all)d criteria are met", {"all": len(results)})


def standing(criterion: Criterion, result: CriterionResult) -> Standing:
    """A verdict as people say it: an inclusion is met or not, an exclusion absent or present."""
    if criterion.group == "inclusion" or result.verdict == "unknown":
        return result.verdict
    return "absent" if result.verdict == "met" else "present"


def _judge_one(criterion: Criterion, value: float | bool | None) -> CriterionResult:
    if value is None or math.isnan(value):
        return CriterionResult(criterion.id, "unknown", "%(name)s: not known yet", {"name": criterion.name})
    if criterion.kind == "confirm":
        met = bool(value) is criterion.expected
        message = "%(name)s: answered yes" if value else "%(name)s: answered no"
        return CriterionResult(criterion.id, "met" if met else "not met", message, {"name": criterion.name})
    low, high = criterion.minimum, criterion.maximum
    met = (low is None or value >= low) and (high is None or value <= high)
    params: dict[str, object] = {
        "name": criterion.name,
        "value": _plain(value),
        "minimum": _plain(low),
        "maximum": _plain(high),
    }
    subject = "%(name)s %(value)s"
    if criterion.unit:
        subject, params["unit"] = "%(name)s %(value)s %(unit)s", criterion.unit
    if met:
        return CriterionResult(criterion.id, "met", subject, params)
    return CriterionResult(criterion.id, "not met", f"{subject}, {_needed(low, high)}", params)


def _needed(low: float | None, high: float | None) -> str:
    """What the bounds ask for."""
    if low is not None and high is not None:
        return "needs %(minimum)s to %(maximum)s"
    return "needs at least %(minimum)s" if low is not None else "at most %(maximum)s allowed"


def _plain(number: float | None) -> object:
    """20.0 as 20."""
    return int(number) if number is not None and float(number).is_integer() else number
