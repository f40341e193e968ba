"""What pages of screening show: criteria with their verdicts, the next step."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy

from enrollment.domain import eligibility
from enrollment.models import Participant, Visit
from enrollment.protocol.model import Criterion
from enrollment.protocol.treatments import source_of


def next_of_screening(participant: Participant, visit: Visit | None, verdict: eligibility.Verdict) -> str:
    """The step of screening that comes first of those that are open: form, lists, rating, then the decision."""
    criteria = participant.protocol.definition.criteria
    unknown = {
        "lists" if source_of(criterion) else criterion.kind
        for criterion, result in zip(criteria, verdict.results, strict=True)
        if result.verdict == "unknown"
    }
    if "confirm" in unknown:
        return "form"
    if "lists" in unknown:
        return "lists"
    if unknown and visit and visit.status != Visit.Status.DONE:
        return "rating"
    return "" if unknown else "decision"


# Fields of the screening form that hold nothing of the participant.
NO_DATA = {"version", "reason", "kept_because", "asked_on"}
GROUPS = {"inclusion": gettext_lazy("Inclusion criteria"), "exclusion": gettext_lazy("Exclusion criteria")}
STANDING = {
    "met": gettext_lazy("met"),
    "not met": gettext_lazy("not met"),
    "absent": gettext_lazy("absent"),
    "present": gettext_lazy("present"),
    "unknown": gettext_lazy("not known yet"),
}


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion and its result: whose verdict says what is good (met) and bad (not met) in either group. `standing` is
    what people call it: an exclusion is absent or present."""

    criterion: Criterion
    result: eligibility.CriterionResult
    standing: str


@dataclass(frozen=True, slots=True)
class CriteriaGroup:
    """Inclusion or exclusion criteria."""

    title: str
    rows: tuple[CriterionRow, ...]


def criteria_by_group(criteria: Sequence[Criterion], verdict: eligibility.Verdict) -> list[CriteriaGroup]:
    """Inclusion, then exclusion."""
    rows: dict[str, list[CriterionRow]] = defaultdict(list)
    for criterion, result in zip(criteria, verdict.results, strict=True):
        standing = str(STANDING[eligibility.standing(criterion, result)])
        rows[criterion.group].append(CriterionRow(criterion, result, standing))
    return [CriteriaGroup(str(title), tuple(rows[group])) for group, title in GROUPS.items() if group in rows]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that somebody else saved while it was typed anew: both values, as people read them."""

    label: str
    mine: object
    saved: object


def conflicts_of(form: forms.Form, saved: Mapping[str, object]) -> list[FieldConflict]:
    """The fields of `form` whose typed value is not the `saved` one; questions and reasons are none of them."""
    conflicts = []
    for field in form:
        mine, theirs = field.value(), field.field.prepare_value(saved.get(field.name))
        if field.name not in NO_DATA and str(mine or "") != str(theirs or ""):
            choices = dict(getattr(field.field, "choices", ()))
            conflicts.append(
                FieldConflict(str(field.label), choices.get(mine, mine), choices.get(theirs, theirs))
            )
    return conflicts
