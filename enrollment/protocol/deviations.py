"""What a trial says of its deviations: the class of each rule, and the tolerances of what is recorded on forms.

The rules themselves are in enrollment/domain/deviations.py.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, Literal

from trialsite.lib.document.limits import CODE, Bounds, TextLimit
from trialsite.lib.document.problems import Problem, display

# ICH E3 and E6 speak of important deviations: those that may affect the participant's rights, safety or well-being, or
# the completeness, accuracy or reliability of the data. All others are minor.
DeviationClass = Literal["minor", "important"]
ItemName = Annotated[str, TextLimit(41, f"{CODE}\\.{CODE}", "a form and its item such as 'INFUSION.KIT',")]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A number of a form, such as the minutes between two times, that lies within bounds; outside, it is a deviation."""

    code: Annotated[str, TextLimit(20, CODE, "a code of letters, digits, _ or -")]
    label: Annotated[str, TextLimit(60)]
    item: ItemName
    minimum: Annotated[float, Bounds(-1_000_000, 1_000_000)] | None = None
    maximum: Annotated[float, Bounds(-1_000_000, 1_000_000)] | None = None
    unit: Annotated[str, TextLimit(60)] | None = None
    classification: DeviationClass = "minor"

    @property
    def form(self) -> str:
        return self.item.partition(".")[0]


@dataclass(frozen=True, slots=True)
class DeviationRules:
    """The class of each rule; `kit`: where the number of the kit that was given is recorded."""

    visit_window: DeviationClass = "minor"
    visit_missed: DeviationClass = "minor"
    visit_order: DeviationClass = "minor"
    period_order: DeviationClass = "important"
    washout_minimum: DeviationClass = "important"
    washout_maximum: DeviationClass = "important"
    before_consent: DeviationClass = "important"
    consent_not_approved: DeviationClass = "important"
    missing_baseline: DeviationClass = "important"
    rating_before_dose: DeviationClass = "important"
    rating_after_dose: DeviationClass = "important"
    wrong_kit: DeviationClass = "important"
    kit: ItemName | None = None
    tolerances: tuple[Tolerance, ...] = ()

    @property
    def items(self) -> frozenset[str]:
        """The items of forms that the rules read."""
        named = {tolerance.item for tolerance in self.tolerances}
        return frozenset(named | {self.kit} if self.kit else named)


def problems(
    rules: DeviationRules | None, forms: AbstractSet[str], unread: AbstractSet[str]
) -> Iterator[Problem]:
    """What does not fit together. `forms`: those that the protocol names; `unread`: keys that could not be read."""
    if rules is None or "deviations" in unread:
        return
    codes: set[str] = set()
    for tolerance in rules.tolerances:
        yield from _tolerance(tolerance, codes)
        codes.add(tolerance.code)
    if "forms" not in unread:
        yield from _unknown_forms(rules, forms)


def _tolerance(tolerance: Tolerance, earlier: AbstractSet[str]) -> Iterator[Problem]:
    key = f"deviations.tolerances.{tolerance.code}"
    if tolerance.code in earlier:
        yield Problem(f"{key}.code", display(tolerance.code), "each code once")
    if tolerance.minimum is None and tolerance.maximum is None:
        yield Problem(key, "no bound", "a minimum, a maximum, or both")
    elif (
        tolerance.minimum is not None
        and tolerance.maximum is not None
        and tolerance.minimum > tolerance.maximum
    ):
        yield Problem(
            f"{key}.minimum", display(tolerance.minimum), f"at most the maximum, {tolerance.maximum:g}"
        )


def _unknown_forms(rules: DeviationRules, forms: AbstractSet[str]) -> Iterator[Problem]:
    places = {
        f"deviations.tolerances.{tolerance.code}.item": tolerance.item for tolerance in rules.tolerances
    }
    if rules.kit:
        places["deviations.kit"] = rules.kit
    for key, item in places.items():
        if item.partition(".")[0] not in forms:
            known = ", ".join(sorted(forms)) or "none"
            yield Problem(key, display(item), f"an item of a form that `forms` names: {known}")
