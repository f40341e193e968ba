"""Forms of which eligibility hears: where they stand, and what the criteria say by now."""

from dataclasses import dataclass

from assessments.entry.addresses import address
from assessments.entry.effects import forms_named, judged_codes
from assessments.entry.selectors import FormPlace, places_of
from assessments.language import form_language
from enrollment.domain import eligibility
from enrollment.domain.eligibility import TREATMENTS_COMPLETE, CriterionResult
from enrollment.models import Participant
from enrollment.protocol.treatments import FAILED_TREATMENTS
from enrollment.selectors import facts_of


@dataclass(frozen=True, slots=True)
class JudgedForm:
    """A form of the participant that a criterion names."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class FormVerdict:
    """What the criteria say of a form. `declared`: whether somebody has said that its list is complete; None where no
    criterion waits for that."""

    verdict: eligibility.Verdict
    results: list[CriterionResult]
    declared: bool | None


def judged_forms(participant: Participant) -> list[JudgedForm]:
    """In the order of the protocol."""
    codes = judged_codes(participant.protocol.definition.criteria)
    if not codes:
        return []
    return [
        JudgedForm(place.form.title.text(form_language()), address(place))
        for place in places_of(participant)
        if place.form.code in codes
    ]


def verdict_on(place: FormPlace) -> FormVerdict | None:
    """None of a form that no criterion names."""
    participant = place.participant
    criteria = participant.protocol.definition.criteria
    if place.form.code not in judged_codes(criteria):
        return None
    facts = facts_of(participant)
    verdict = eligibility.judge(criteria, facts)
    heard = [
        (criterion, result)
        for criterion, result in zip(criteria, verdict.results, strict=True)
        if place.form.code in forms_named(criterion)
    ]
    waits = any(criterion.fact == FAILED_TREATMENTS for criterion, _result in heard)
    declared = bool(facts.get(TREATMENTS_COMPLETE)) if waits else None
    return FormVerdict(verdict, [result for _criterion, result in heard], declared)
